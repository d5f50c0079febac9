"""What deep double descent shows: its figures and picture, and how they are made from the sweeps and the exact companions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Condition, Figure, Layer, Marker, Picture, PictureSpec, Quantity, Series
from engine.phenomena.deep_double_descent.exact import D, linear_risk, sample_wise, two_scales
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
           "squares summed over classes, or cross-entropy"),
    Figure("epochs", "Training time", STEP, ERROR, ("epochs/*",), "the width with the highest test loss, and the widest"),
    Figure("samples", "Sample size", SAMPLES, Axis("test error"), ("samples/*",), "at the last step", UNSWEPT, (SWEPT,)),
    Figure("emc", "Effective model complexity", WIDTH, Axis("EMC", lo=0.0), ("emc/*",), "largest n trained with train error <= eps",
           UNSWEPT, (SWEPT,)),
    Figure("epochs-exact", "Linear model, steps", STEP, Axis("excess risk", hi=2.5), ("epochs-exact/*",), "two time scales, n=400"),
    Figure("samples-exact", "Linear model, n", SAMPLES, Axis("excess risk", log=True, hi=10.0), ("samples-exact/*",),
           "least squares, d=100, sigma=.5; infinite at n=d"),
)  # fmt: skip
PICTURES = (PictureSpec("test-error", "Test error by step, h"),)
FIRST_STEP = 0.8  # where step 0 stands on a logarithmic axis
COLUMNS, ROWS = 60, 24  # of the picture


def over_width(run: DeepDoubleDescent) -> Iterator[Series]:
    """Yield test error, training error, lowest test error of all steps and test loss over the width, for each kind of labels.

    Where networks are trained on true labels too, each label says the noise of its training labels: test labels are always true.
    """
    sweeps, noises = run.sweeps, {"noisy": run.config.noise, "clean": 0.0}
    for labels in label_kinds(run.config):
        noise = f", {100 * noises[labels]:g} % noise" if run.config.clean else ""
        for quantity, what in (("test-error", "test"), ("train-error", "train")):
            values = sweeps.latest(quantity, labels)
            yield summarised(f"width/{quantity}/{labels}", f"{what}{noise}", sweeps.widths, values, group=f"{what} {labels}")
        stopped = sweeps.over_width("test-error", labels).min(1)
        yield summarised(f"width/stopped/{labels}", f"test at best step{noise}", sweeps.widths, stopped,
                         group=f"stopped {labels}")  # fmt: skip
        loss = sweeps.latest("test-loss", labels)
        yield summarised(f"width-loss/{labels}", f"test{noise}", sweeps.widths, loss, group=f"test {labels}")


def over_steps(sweeps: Sweeps) -> Iterator[Series]:
    """Yield test error over the steps of the width at the peak of test loss and of the widest, whose training error too.

    The widest has the looks of test and training error over the width; the peak keeps its own wherever it moves.
    """
    peak = down_up_down(sweeps.latest("test-loss").mean(1))[1]
    steps, widest = np.maximum(sweeps.steps, FIRST_STEP), int(sweeps.widths[-1])
    top = int(sweeps.widths[peak])
    for h in sorted({top, widest}):
        group = "test noisy" if h == widest else "peak"
        yield summarised(f"epochs/test/{h}", f"test h={h}", steps, sweeps.curve("test-error", h), group=group)
    yield summarised(f"epochs/train/{widest}", f"train h={widest}", steps, sweeps.curve("train-error", widest), group="train noisy")


def over_samples(sweeps: Sweeps) -> Iterator[Series]:
    """Yield the test error over the sample size of the narrowest, a middle and the widest width swept, and the EMC over the width."""
    for h in sorted({int(sweeps.swept[place]) for place in (0, len(sweeps.swept) // 2, -1)}) if sweeps.swept.size else ():
        yield summarised(f"samples/{h}", f"h={h}", sweeps.sizes, sweeps.over_samples("test-error", h), group=f"h={h}")
    if sweeps.swept.size:
        yield from _complexity(sweeps)


def _complexity(sweeps: Sweeps) -> Iterator[Series]:
    """EMC at a tenth of the steps so far, and now: the largest size trained that is fitted, 0 where even the least is not."""
    places = sweeps.complexities()
    widths, sizes = sweeps.swept.astype(np.float64), np.concatenate([sweeps.sizes.astype(np.float64), [0.0]])  # place -1 is the last
    early = int(np.searchsorted(sweeps.steps, sweeps.steps[-1] / 10))
    columns = {"early": early, "now": len(sweeps.steps) - 1}
    for name, column in columns.items() if early < len(sweeps.steps) - 1 else [("now", 0)]:
        label = f"EMC at step {sweeps.steps[column]:,.0f}"
        yield Series(f"emc/{name}", label, widths, sizes[places[:, column]], group=f"emc {name}")


def companions(seed: int) -> Iterator[Series]:
    """Yield both exact risks with their simulations."""
    scales, linear = two_scales(seed), sample_wise(seed)
    n = np.unique(np.concatenate([np.round(np.geomspace(10, 1000, 80)), np.arange(D - 10, D + 11)]))
    n = n[np.abs(n - D) >= 2]  # elsewhere it is infinite
    steps = np.maximum(scales.x, FIRST_STEP)
    yield Series("epochs-exact/formula", "exact risk", steps, scales.exact, kind="theory", basis="exact", group="formula")
    yield Series("samples-exact/formula", "exact risk", n, linear_risk(n), kind="theory", basis="exact", group="formula")
    for name, x, one in (("epochs-exact/simulated", steps, scales), ("samples-exact/simulated", linear.x, linear)):
        yield Series(name, "simulated risk", x, one.mean, basis="simulation", style="points", group="simulated")


def markers(run: DeepDoubleDescent) -> Iterator[Marker]:
    """Yield thresholds in width and in the samples of the linear model, and the largest sample size trained."""
    sweeps = run.sweeps
    yield Marker("width-loss", "x", run.threshold, "nK parameters", brief="nK")
    if sweeps.swept.size:
        yield Marker("emc", "y", float(sweeps.sizes[-1]), "largest n trained")
    yield Marker("samples-exact", "x", float(D), "n = d")
    if len(sweeps.steps):
        fitted = sweeps.widths[mean_share(sweeps.latest("train-error")) == 0]
        if fitted.size:
            yield Marker("width", "x", float(fitted[0]), "fits all labels", brief="fits all")


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
