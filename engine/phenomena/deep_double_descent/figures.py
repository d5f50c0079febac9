"""What deep double descent shows: its figures and picture, and how they are made from the sweeps and the exact companions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Condition, Figure, Layer, Marker, Picture, PictureSpec, Quantity, Series
from engine.phenomena.deep_double_descent.exact import D, landmarks, linear_risk, sample_wise, two_scales
from engine.phenomena.deep_double_descent.networks import label_kinds
from engine.phenomena.deep_double_descent.sweeps import Sweeps, down_up_down, mean_share
from engine.readings import summarised

if TYPE_CHECKING:
    from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent

QUANTITIES = (
    Quantity("train-error", "training error"),
    Quantity("test-error", "test error"),
    Quantity("test-loss", "test loss"),
    Quantity("train-loss", "training loss", finite=True),
)

WIDTH, STEP, SAMPLES = Axis("width h", log=True), Axis("step", log=True), Axis("samples n", log=True)
ERROR = Axis("error", lo=0.0)
UNSWEPT = "one sample size only: presets quick and standard train more, or the knob samples"
SWEPT = Condition("samples other than n", lambda config: bool(set(config.samples) - {config.n, 0}))
FIGURES = (
    Figure("width", "Errors and width", WIDTH, ERROR, ("width/*",),
           "best step: at the lowest test error of all steps"),
    Figure("width-loss", "Test loss and width", WIDTH, Axis("test loss"), ("width-loss/*",),
           "squares summed over classes, or cross-entropy; best constant: outputs that see no input"),
    Figure("epochs", "Training time", STEP, ERROR, ("epochs/*",), "minimum, peak: of the widest network's test error, once it fits half"),
    Figure("samples", "Sample size", SAMPLES, Axis("test error"), ("samples/*",), "noisy labels", UNSWEPT, (SWEPT,)),
    Figure("emc", "Effective complexity", WIDTH, Axis("largest n", log=True), ("emc/*",), "band: up to the next n", UNSWEPT, (SWEPT,)),
    Figure("epochs-exact", "Two time scales", STEP, Axis("excess risk", hi=2.5), ("epochs-exact/*",), "exact, of a linear model, n=400"),
    Figure("samples-exact", "More data hurts", SAMPLES, Axis("excess risk", log=True, hi=10.0), ("samples-exact/*",),
           "least squares, d=100, sigma=.5; infinite at n=d"),
)  # fmt: skip
PICTURES = (PictureSpec("test-error", "Test error by step, h"),)
FIRST_STEP = 0.8  # where step 0 stands on a logarithmic axis
COLUMNS, ROWS = 60, 24  # of the picture


def over_width(run: DeepDoubleDescent) -> Iterator[Series]:
    """Yield test error, training error, lowest test error of all steps and test loss over the width, for each kind of labels."""
    sweeps = run.sweeps
    for labels in label_kinds(run.config):
        for quantity, what in (("test-error", "test"), ("train-error", "train")):
            values = sweeps.latest(quantity, labels)
            yield summarised(f"width/{quantity}/{labels}", f"{what}, {labels} labels", sweeps.widths, values, group=f"{what} {labels}")
        stopped = sweeps.over_width("test-error", labels).min(1)
        yield summarised(f"width/stopped/{labels}", f"test at best step, {labels} labels", sweeps.widths, stopped,
                         group=f"stopped {labels}")  # fmt: skip
        loss = sweeps.latest("test-loss", labels)
        yield summarised(f"width-loss/{labels}", f"test, {labels} labels", sweeps.widths, loss, group=f"test {labels}")


def over_steps(sweeps: Sweeps) -> Iterator[Series]:
    """Yield test error over the steps of the narrowest width, that of the peak of test loss and the widest, whose training error too.

    The group of a width is that of its curve over samples, where it has one; elsewhere the peak keeps its own wherever it moves.
    """
    peak = down_up_down(sweeps.latest("test-loss").mean(1))[1]
    steps, widest = np.maximum(sweeps.steps, FIRST_STEP), int(sweeps.widths[-1])
    narrow, top = int(sweeps.widths[0]), int(sweeps.widths[peak])
    for h in sorted({narrow, top, widest}):
        moves = h == top and h not in (narrow, widest, *sweeps.swept.tolist())
        group = "peak" if moves else f"h={h}"
        yield summarised(f"epochs/test/{h}", f"test h={h}", steps, sweeps.curve("test-error", h), group=group)
    yield summarised(f"epochs/train/{widest}", f"train h={widest}", steps, sweeps.curve("train-error", widest), group=f"train h={widest}")


def over_samples(sweeps: Sweeps) -> Iterator[Series]:
    """Yield the test error over the sample size, a curve per width, and the effective complexity over the width."""
    for h in sweeps.swept:
        yield summarised(f"samples/{h}", f"h={h}", sweeps.sizes, sweeps.over_samples("test-error", h), group=f"h={h}")
    if sweeps.swept.size:
        yield from (series for series in _complexity(sweeps) if series.x.size)


def _complexity(sweeps: Sweeps) -> Iterator[Series]:
    """EMC at a tenth of the steps so far, and now, each up to the next size trained; what lies beyond the sizes is shown as their end."""
    places = sweeps.complexities()
    widths, sizes, last = sweeps.swept.astype(np.float64), sweeps.sizes.astype(np.float64), len(sweeps.sizes) - 1
    early = int(np.searchsorted(sweeps.steps, sweeps.steps[-1] / 10))
    for column, name, label in ((early, "early", "EMC at a tenth of the steps"), (-1, "now", "EMC at all steps")):
        row = places[:, column]
        there = row >= 0
        lo, hi = (sizes[np.minimum(row[there] + more, last)] for more in (0, 1))
        yield Series(f"emc/{name}", label, widths[there], lo, lo, hi, "up to the next n trained", group=f"emc {name}")
    now = places[:, -1]
    for there, size, name, label in (
        (now < 0, sizes[0], "below", "EMC below the least n"),
        (now == last, sizes[-1], "above", "EMC at the most n or above"),
    ):
        yield Series(f"emc/{name}", label, widths[there], np.full(int(there.sum()), size), style="points", group=f"emc {name}")


def companions(seed: int) -> Iterator[Series]:
    """Yield both exact risks with their simulations, over steps with two standard errors either side."""
    scales, linear = two_scales(seed), sample_wise(seed)
    n = np.unique(np.concatenate([np.round(np.geomspace(10, 1000, 80)), np.arange(D - 10, D + 11)]))
    n = n[np.abs(n - D) >= 2]  # elsewhere it is infinite
    steps = np.maximum(scales.x, FIRST_STEP)
    yield Series("epochs-exact/formula", "exact risk", steps, scales.exact, kind="theory", basis="exact", group="formula")
    yield Series("samples-exact/formula", "exact risk", n, linear_risk(n), kind="theory", basis="exact", group="formula")
    for name, x, one in (("epochs-exact/simulated", steps, scales), ("samples-exact/simulated", linear.x, linear)):
        lo, hi = (one.mean - 2 * one.error, one.mean + 2 * one.error) if x is steps else (None, None)  # no band across two points
        band = "" if lo is None else "2 SE"
        yield Series(name, "simulated risk", x, one.mean, lo, hi, band, basis="simulation", style="points", group="simulated")


def markers(run: DeepDoubleDescent) -> Iterator[Marker]:
    """Yield thresholds in width, the loss of constant outputs; first minimum and peak in time."""
    sweeps, scales = run.sweeps, two_scales(run.seeds[0])
    yield Marker("width-loss", "x", run.threshold, "nK parameters", brief="nK")
    yield Marker("width-loss", "y", run.constant, "best constant", brief="constant")
    yield Marker("emc", "y", sweeps.n, f"n={sweeps.n}")
    for name, place in zip(("valley", "peak"), landmarks(scales.exact)[:2], strict=True):
        yield Marker("epochs-exact", "x", float(scales.x[place]), name)
    yield Marker("samples-exact", "x", float(D), "n = d")
    if len(sweeps.steps):
        fitted = sweeps.widths[mean_share(sweeps.latest("train-error")) == 0]
        if fitted.size:
            yield Marker("width", "x", float(fitted[0]), "fits all labels", brief="fits all")
        low, peak, end = sweeps.landmarks()
        places = {"minimum": low} | ({} if peak in (low, end) else {"peak": peak})  # without a peak inside none is named
        for name, place in places.items():
            words = f"{name}, h={sweeps.widths[-1]}"
            yield Marker("epochs", "x", max(FIRST_STEP, float(sweeps.steps[place])), words, brief=f"{name[:3]} h={sweeps.widths[-1]}")


def heat_map(sweeps: Sweeps, eps: float) -> Picture:
    """Return the test error over width and step, with the first step at which each width's training error is at most eps."""
    x, y = np.log10(np.maximum(sweeps.steps, 1.0)), np.log10(sweeps.widths)
    across = np.linspace(0.0, max(x[-1], 0.1), COLUMNS)
    along = np.linspace(y[-1], y[0], ROWS)  # the widest on top
    rows, columns = (np.abs(known[None] - wanted[:, None]).argmin(1) for known, wanted in ((y, along), (x, across)))
    fitted = mean_share(sweeps.over_width("train-error")) <= eps  # (w, k)
    contour = [(10.0 ** x[int(np.argmax(row))], 10.0**height) for row, height in zip(fitted, y, strict=True) if row.any()]
    layers = (Layer("line", np.array(contour), "fitted", "contour"),) if len(contour) > 1 else ()
    half = max((y[-1] - y[0]) / (ROWS - 1), 0.01) / 2
    extent = (1.0, float(10.0 ** across[-1]), float(10.0 ** (y[0] - half)), float(10.0 ** (y[-1] + half)))
    note = f"h {', '.join(map(str, sweeps.widths))}; line: train error first <= {eps:g}"
    values = sweeps.over_width("test-error").mean(2)[np.ix_(rows, columns)]
    return Picture("test-error", PICTURES[0].title, values, layers, extent, lo=0.0, hi=1.0, x="step", y="width h", note=note, log=True,
                   shade="test error")  # fmt: skip
