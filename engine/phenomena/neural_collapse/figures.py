"""What is measured and drawn of neural collapse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Condition, Figure, Marker, Picture, PictureSpec, Quantity, Series, Summary

if TYPE_CHECKING:
    from engine.phenomena.neural_collapse.experiment import NeuralCollapse

STEP = Axis("step", log=True)
TRAIN, TEST = "train", "test"
QUANTITIES = (
    Quantity("nc1", TRAIN, figure="nc1", summary=Summary.MEDIAN_RANGE),
    Quantity("nc1-test", TEST, summary=Summary.MEDIAN_RANGE),
    Quantity("nc2-angle", TRAIN, figure="nc2", summary=Summary.MEDIAN_RANGE),
    Quantity("nc2-length", TRAIN, figure="lengths", summary=Summary.MEDIAN_RANGE),
    Quantity("nc3", TRAIN, figure="nc3", summary=Summary.MEDIAN_RANGE),
    Quantity("nc4", TRAIN, figure="nc4", summary=Summary.MEDIAN_RANGE),
    Quantity("error", TRAIN, figure="error", summary=Summary.MEDIAN_RANGE),
    Quantity("test-error", TEST, figure="error", summary=Summary.MEDIAN_RANGE),
    Quantity("loss", TRAIN, figure="loss", finite=True, summary=Summary.MEDIAN_RANGE),
)
FLOOR = 1e-17  # what is drawn of a difference that rounding made 0
FIGURES = (
    Figure("nc1", "NC1: scatter", STEP, Axis("within/between", log=True), ("nc1/*", "nc1-test/*"),
           "scatter within over between classes, tr(S_W pinv(S_B))/K; on test images it stalls"),
    Figure("nc2", "NC2: equal angles", STEP, Axis("|cos + 1/(K-1)|", lo=0.0), ("nc2-angle/*",),
           "cosines between class means, on average; a simplex has 0"),
    Figure("nc3", "NC3: weights to means", STEP, Axis("distance²", lo=0.0), ("nc3/*",),
           "last layer's weights W against class means M: |W/|W| - M/|M||^2 = 2 - 2 cos(W, M)"),
    Figure("error", "Errors", STEP, Axis("share of images", lo=0.0, hi=1.0), ("error/*", "test-error/*"),
           "the terminal phase begins where the training error is 0"),
    Figure("nc4", "NC4: not the nearest mean", STEP, Axis("share", lo=0.0, hi=1.0), ("nc4/*",),
           "of training images whose answer is not the class with the nearest mean"),
    Figure("lengths", "NC2: equal lengths", STEP, Axis("deviation/mean", lo=0.0), ("nc2-length/*",),
           "of the class means' lengths; a simplex has 0"),
    Figure("free", "Unconstrained features", Axis("iteration of L-BFGS"), Axis("distance", log=True),
           ("free-gap", "free-angle"), "no network, no images: free features descend to the exact simplex",
           domain=(Condition("free features >= K - 1: a simplex", lambda c: c.free_features >= c.classes - 1),)),
    Figure("loss", "Training loss", STEP, Axis("mean over images", log=True), ("loss/*",)),
)  # fmt: skip
PICTURES = (PictureSpec("cosines/true", "Cosines between means, true"), PictureSpec("cosines/random", "Cosines between means, shuffled"))


def curves(run: NeuralCollapse) -> Iterator[Series]:
    """Every quantity of every network by step, from the first step on; test images apart from training ones by their group."""
    for quantity in QUANTITIES:
        for setting in run.settings:
            group = setting.name if quantity.label == TRAIN else f"{setting.name}-{TEST}"
            yield run.readings.curve(quantity.name, setting.name, f"{setting.short}, {quantity.label}", group=group, from_step=1)


def free_curves(run: NeuralCollapse) -> Iterator[Series]:
    """The free model's way to its minimum, where it ends at a simplex."""
    if run.free and not run.free[0].vanishes and run.config.free_features >= run.config.classes - 1:
        for name, label in (("gap", "objective - minimum"), ("angle", "largest |cos + 1/(K-1)|")):
            values = np.maximum(np.abs(getattr(run.free[0], name)), FLOOR)
            yield Series(f"free-{name}", label, np.arange(len(values), dtype=np.float64), values, group=f"free-{name}")


def markers(run: NeuralCollapse) -> Iterator[Marker]:
    """When each network's labels were fitted (median over seeds), in the colour of its curve; where the learning rate falls."""
    found = [(setting, run.fitted_at(setting.name)) for setting in run.settings]
    steps = {setting: float(np.median(at)) for setting, at in found if at.size and np.isfinite(at).all() and (at > 0).all()}
    label = "labels fitted: " + ", ".join(f"{setting.short} {step:,.0f}" for setting, step in steps.items())
    brief = "fitted: " + ", ".join(f"{step:,.0f}" for step in steps.values())
    for place, (setting, step) in enumerate(steps.items()):
        yield Marker("nc1", "x", step, "" if place else label, setting.name, brief, common=True)
    for place, drop in enumerate(run.drops):
        yield Marker("loss", "x", float(drop), "" if place else "rate / 10", brief="rate / 10", common=True)


def cosine_pictures(run: NeuralCollapse) -> Iterator[Picture]:
    """Cosines between the class means of the first seed's networks, as they are now, less those of a simplex, -1/(K-1).

    The cosine of a mean with itself is always 1 and says nothing: the diagonal is left empty. All pictures have one scale, up to the next
    tenth above what they hold.
    """
    found = {setting: run.cosines(setting.name) for setting in run.settings}
    away = {setting: np.where(np.eye(len(one), dtype=bool), np.nan, one + 1 / (len(one) - 1)) for setting, one in found.items()}
    reach = max(0.1, float(np.ceil(10 * max(float(np.nan_to_num(np.abs(one)).max()) for one in away.values())) / 10))
    for setting, values in away.items():
        note = f"between two classes {np.nanmin(values):.2g} to {np.nanmax(values):.2g}; a simplex has 0"
        names = tuple(map(str, range(len(values))))
        yield Picture(f"cosines/{setting.name}", f"Cosines between means, {setting.short}", values, palette="diverging", lo=-reach,
                      hi=reach, x="class", note=note, shade="cos + 1/(K-1)", rows=names, columns=names)  # fmt: skip
