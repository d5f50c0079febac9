"""What is measured and drawn of neural collapse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Condition, Figure, Marker, Picture, PictureSpec, Quantity, Series, Summary

if TYPE_CHECKING:
    from engine.phenomena.neural_collapse.experiment import NeuralCollapse

STEP = Axis("step", log=True)
QUANTITIES = (
    Quantity("nc1", "training images", figure="nc1", summary=Summary.MEDIAN_RANGE),
    Quantity("nc1-test", "test images", summary=Summary.MEDIAN_RANGE),
    Quantity("nc2-angle", "angles", figure="nc2"),
    Quantity("nc2-length", "lengths", figure="nc2"),
    Quantity("nc3", "distance of W from M", figure="nc3"),
    Quantity("nc4", "answers other than the nearest mean", figure="nc4"),
    Quantity("error", "training images", figure="error"),
    Quantity("test-error", "test images", figure="error"),
    Quantity("loss", "training loss", figure="loss", finite=True),
)
FLOOR = 1e-17  # what is drawn of a difference that rounding made 0
FIGURES = (
    Figure("nc1", "NC1: features of a class become one point", STEP, Axis("scatter within over between classes", log=True),
           ("nc1/*", "nc1-test/*"), "tr(S_W pinv(S_B))/K; on test images it stays"),
    Figure("nc2", "NC2: class means spread evenly", STEP, Axis("deviation from a simplex", lo=0.0), ("nc2-angle/*", "nc2-length/*"),
           "mean |cos + 1/(K-1)|; deviation of the lengths over their mean"),
    Figure("nc3", "NC3: the classifier becomes the class means", STEP, Axis("|W/|W| - M/|M||^2", lo=0.0), ("nc3/*",)),
    Figure("error", "Errors", STEP, Axis("share of images", lo=0.0, hi=1.0), ("error/*", "test-error/*"),
           "the terminal phase begins where the training error is 0"),
    Figure("nc4", "NC4: the answer is the nearest class mean", STEP, Axis("share of training images", lo=0.0, hi=1.0), ("nc4/*",),
           "how often it is another class"),
    Figure("free", "Free features: L-BFGS reaches the exact simplex", Axis("iteration"), Axis("distance from the exact minimum", log=True),
           ("free-gap", "free-angle"), "objective less its exact minimum; largest |cos + 1/(K-1)|",
           domain=(Condition("free features >= K - 1: a simplex", lambda c: c.free_features >= c.classes - 1),)),
    Figure("loss", "Training loss", STEP, Axis("mean loss of an image", log=True), ("loss/*",)),
)  # fmt: skip
PICTURES = (PictureSpec("cosines/true", "Class means, true labels"), PictureSpec("cosines/random", "Class means, shuffled labels"))


def curves(run: NeuralCollapse) -> Iterator[Series]:
    """Every quantity of every network by step; test images apart from training ones by their group."""
    several = {"nc1", "nc1-test", "nc2-angle", "nc2-length", "error", "test-error"}
    for quantity in QUANTITIES:
        for setting in run.settings:
            label = f"{setting.label}, {quantity.label}" if quantity.name in several else setting.label
            group = setting.name if quantity.name in ("nc1", "nc2-angle", "error") or quantity.name not in several else f"{setting.name}-2"
            yield run.readings.curve(quantity.name, setting.name, label, group=group)


def free_curves(run: NeuralCollapse) -> Iterator[Series]:
    """The free model's way to its minimum, where it ends at a simplex."""
    if run.free and not run.free[0].vanishes and run.config.free_features >= run.config.classes - 1:
        for name, label in (("gap", "objective"), ("angle", "angles")):
            values = np.maximum(np.abs(getattr(run.free[0], name)), FLOOR)
            yield Series(
                f"free-{name}", f"{label}, seed {run.seeds[0]}", np.arange(len(values), dtype=np.float64), values, group=f"free-{name}"
            )


def markers(run: NeuralCollapse) -> Iterator[Marker]:
    """When all labels were fitted (median over seeds), and what equal angles would be."""
    for setting in run.settings:
        at = run.fitted_at(setting.name)
        if at.size and np.isfinite(at).all() and (at > 0).all():
            step = float(np.median(at))
            yield Marker("nc1", "x", step, f"{setting.label} fitted: {step:,.0f}", setting.name)


def cosine_picture(run: NeuralCollapse, setting: str, label: str) -> Picture:
    """Cosines between the class means of the first seed's network, as they are now."""
    values = run.cosines(setting)
    classes = len(values)
    off = values[~np.eye(classes, dtype=bool)]
    note = f"off the diagonal {off.min():.3f} to {off.max():.3f}; a simplex has -1/{classes - 1} = {-1 / (classes - 1):.3f}"
    return Picture(f"cosines/{setting}", f"Cosines of class means, {label}", values, palette="diverging", lo=-1.0, hi=1.0,
                   x="class", y="class", note=note)  # fmt: skip
