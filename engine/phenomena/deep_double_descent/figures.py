"""What deep double descent shows: its figures and picture, and how they are made from the sweeps and the exact companions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Condition, Figure, Layer, Marker, Picture, PictureSpec, Quantity, Series
from engine.phenomena.deep_double_descent.exact import D, linear_risk, risk_of_two_scales, sample_wise, two_scales
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
    Figure("width", "Error and width", WIDTH, ERROR, ("width/*",)),
    Figure("width-loss", "Test loss and width", WIDTH, Axis("test loss"), ("width-loss/*",),
           "squares summed over classes, or cross-entropy"),
    Figure("epochs", "Training time", STEP, Axis("test error", lo=0.0), ("epochs/*",), "width at the peak of test loss, and widest"),
    Figure("samples", "Sample size", SAMPLES, Axis("test error"), ("samples/*",), "at the last step", UNSWEPT, (SWEPT,)),
    Figure("emc", "EMC: largest n fitted", WIDTH, Axis("samples", lo=0.0), ("emc/*",), "effective model complexity: train error <= eps",
           UNSWEPT, (SWEPT,)),
    Figure("epochs-exact", "Linear model, steps", STEP, Axis("excess risk", hi=2.5), ("epochs-exact/*",), "two time scales, n=400"),
    Figure("samples-exact", "Linear model, n", SAMPLES, Axis("excess risk", log=True, hi=10.0), ("samples-exact/*",),
           "least squares, d=100, sigma=.5; infinite at n=d"),
)  # fmt: skip
PICTURES = (PictureSpec("test-error", "Test error by step, h"),)
EVERY = 4  # of the simulated steps one is drawn: squares side by side would hide the exact curve
COLUMNS, ROWS = 60, 24  # of the picture


def over_width(run: DeepDoubleDescent) -> Iterator[Series]:
    """Yield test error, training error and test loss over the width, for each kind of labels.

    Where networks are trained on true labels too, each label says the noise of its training labels: test labels are always true.
    """
    sweeps, noises = run.sweeps, {"noisy": run.config.noise, "clean": 0.0}
    for labels in label_kinds(run.config):
        noise = f", {100 * noises[labels]:g} % noise" if run.config.clean else ""
        for quantity, what in (("test-error", "test"), ("train-error", "train")):
            values = sweeps.latest(quantity, labels)
            yield summarised(f"width/{quantity}/{labels}", f"{what}{noise}", sweeps.widths, values, group=f"{what} {labels}")
        loss = sweeps.latest("test-loss", labels)
        yield summarised(f"width-loss/{labels}", f"test{noise}", sweeps.widths, loss, group=f"test {labels}")


def over_steps(sweeps: Sweeps) -> Iterator[Series]:
    """Yield test error over the steps, from the first on, of the width at the peak of test loss below the widest, and of the widest.

    The widest has the looks of test error over the width; the peak keeps its own wherever it moves.
    """
    widest, losses = int(sweeps.widths[-1]), sweeps.latest("test-loss").mean(1)[:-1]
    taken = sweeps.steps >= 1
    for h in (*([int(sweeps.widths[down_up_down(losses)[1]])] if losses.size else []), widest):
        group, error = "test noisy" if h == widest else "peak", sweeps.curve("test-error", h)
        yield summarised(f"epochs/test/{h}", f"h={h}", sweeps.steps[taken], error[taken], group=group)


def over_samples(sweeps: Sweeps) -> Iterator[Series]:
    """Yield the test error over the sample size of the narrowest, a middle and the widest width swept, and the EMC over the width."""
    for h in sorted({int(sweeps.swept[place]) for place in (0, len(sweeps.swept) // 2, -1)}) if sweeps.swept.size else ():
        yield summarised(f"samples/{h}", f"h={h}", sweeps.sizes, sweeps.over_samples("test-error", h), group=f"h={h}")
    if sweeps.swept.size:
        yield from _complexity(sweeps)


def _complexity(sweeps: Sweeps) -> Iterator[Series]:
    """EMC at a tenth of the steps so far, and now, of the widths that fit one of the sizes trained: the largest that is fitted."""
    places = sweeps.complexities()
    early = int(np.searchsorted(sweeps.steps, sweeps.steps[-1] / 10))
    columns = {"early": early, "now": len(sweeps.steps) - 1}
    for name, column in columns.items() if early < len(sweeps.steps) - 1 else [("now", 0)]:
        fitted = places[:, column] >= 0
        sizes = sweeps.sizes[places[fitted, column]].astype(np.float64)
        yield Series(
            f"emc/{name}", f"step {sweeps.steps[column]:,.0f}", sweeps.swept[fitted].astype(np.float64), sizes, group=f"emc {name}"
        )


def companions(seed: int) -> Iterator[Series]:
    """Yield both exact risks with their simulations."""
    scales, linear = two_scales(seed), sample_wise(seed)
    n = np.unique(np.concatenate([np.round(np.geomspace(10, 1000, 80)), np.arange(D - 10, D + 11)]))
    n = n[np.abs(n - D) >= 2]  # elsewhere it is infinite
    fine = np.geomspace(1, scales.x[-1], 200)
    yield Series("epochs-exact/formula", "exact risk", fine, risk_of_two_scales(fine), kind="theory", basis="exact", group="formula")
    yield Series("samples-exact/formula", "exact risk", n, linear_risk(n), kind="theory", basis="exact", group="formula")
    taken = np.flatnonzero(scales.x >= 1)[::EVERY]
    at = ", ".join(f"{size:g}" for size in linear.x)
    for name, label, x, mean in (
        ("epochs-exact/simulated", "simulated risk", scales.x[taken], scales.mean[taken]),
        ("samples-exact/simulated", f"simulated risk, n = {at}", linear.x, linear.mean),
    ):
        yield Series(name, label, x, mean, basis="simulation", style="points", group="simulated")


def markers(run: DeepDoubleDescent) -> Iterator[Marker]:
    """Yield thresholds in width and in the samples of the linear model, and the largest sample size trained."""
    sweeps = run.sweeps
    yield Marker("width-loss", "x", run.threshold, "nK parameters", brief="nK")
    if sweeps.swept.size:
        yield Marker("emc", "y", float(sweeps.sizes[-1]), f"{sweeps.sizes[-1]:,} or more", brief="or more")
    yield Marker("samples-exact", "x", float(D), "n = d")
    if len(sweeps.steps):
        fitted = sweeps.widths[mean_share(sweeps.latest("train-error")) == 0]
        if fitted.size:
            yield Marker("width", "x", float(fitted[0]), "train error 0", brief="train 0")


def heat_map(sweeps: Sweeps, eps: float) -> Picture:
    """Return the test error over width and step, with the first step at which each width's training error is at most eps."""
    x, y = np.log10(np.maximum(sweeps.steps, 1.0)), np.log10(sweeps.widths)
    across = np.linspace(0.0, max(x[-1], 0.1), COLUMNS)
    along = np.linspace(y[-1], y[0], ROWS)  # the widest on top
    rows, columns = (np.abs(known[None] - wanted[:, None]).argmin(1) for known, wanted in ((y, along), (x, across)))
    fitted = mean_share(sweeps.over_width("train-error")) <= eps  # (w, k)
    contour = [(10.0 ** x[int(np.argmax(row))], 10.0**height) for row, height in zip(fitted, y, strict=True) if row.any()]
    layers = (Layer("line", np.array(contour), f"train <= {eps:g}", "contour"),) if len(contour) > 1 else ()
    half = max((y[-1] - y[0]) / (ROWS - 1), 0.01) / 2
    extent = (1.0, float(10.0 ** across[-1]), float(10.0 ** (y[0] - half)), float(10.0 ** (y[-1] + half)))
    errors = sweeps.over_width("test-error").mean(2)
    low, high = float(errors.min()), float(errors[down_up_down(errors[:, -1])[0] :, -1].max())
    low, high = np.floor(10 * low) / 10, min(1.0, np.floor(10 * high + 1) / 10)  # of the peak over the width at the last step
    note = f"h {', '.join(map(str, sweeps.widths))}; above {high:g} as {high:g}"
    values = errors[np.ix_(rows, columns)]
    return Picture("test-error", PICTURES[0].title, values, layers, extent, lo=low, hi=high, x="step", y="width h", note=note, log=True,
                   shade="test error")  # fmt: skip
