"""The figures of study convolutional: margins, loss, norm and errors by epoch, and margins by how far the loss has fallen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Figure, Marker, Picture, PictureSpec, Series, Summary
from engine.phenomena.max_margin.config import CONVOLUTIONAL
from engine.readings import summarised
from engine.theory.inputs import Floats

if TYPE_CHECKING:
    from engine.phenomena.max_margin.convolutional.study import Convolutional

EPOCH, EMPTY, DOMAIN = Axis("epoch", log=True, lo=1), "fills with preset lyu-li-small", (CONVOLUTIONAL,)
FIGURES = (
    Figure("cnn-margin", "CNN's margin", EPOCH, Axis("min q/|theta|^4"), ("cnn-margin/*",),
           "q: right output less the largest other", EMPTY, DOMAIN),
    Figure("cnn-loss", "CNN's loss", EPOCH, Axis("log10(1/loss)"), ("cnn-loss/*",), "summed cross-entropy", EMPTY, DOMAIN),
    Figure("cnn-smoothed", "Smooth CNN margin", EPOCH, Axis("per |theta|^4"), ("cnn-smoothed/*",),
           "min q softened: -log(exp L - 1), L: loss", EMPTY, DOMAIN),
    Figure("cnn-test-error", "CNN's test error", EPOCH, Axis("error rate", lo=0.0), ("cnn-test-error/*",), "", EMPTY, DOMAIN),
    Figure("cnn-norm", "CNN's norm", EPOCH, Axis("|theta|"), ("cnn-norm/*",), "", EMPTY, DOMAIN),
    Figure("cnn-train-error", "CNN's training error", EPOCH, Axis("error rate", lo=0.0), ("cnn-train-error/*",), "", EMPTY, DOMAIN),
)  # fmt: skip
PICTURES = (PictureSpec("cnn-kernels", "First kernels", domain=DOMAIN),)
DRAWN = Summary.MEDIAN_RANGE
ACROSS = 8  # kernels in a row


def curves(study: Convolutional) -> Iterator[Series]:
    """Each rate's curves, over the epochs read after epoch 0."""
    epochs = np.array(study.trail.epochs, dtype=np.float64)
    later = epochs > 0
    for setting in study.settings if later.any() else ():
        fitted = (study.column("log_sum", setting) < np.log(np.log(2))).all(axis=1) & later
        log_sum = study.column("log_sum", setting)
        for figure, values, kept in (
            ("cnn-margin", study.margins(setting), (study.column("least", setting) > 0).all(axis=1) & later),
            ("cnn-loss", -log_sum / np.log(10), later), ("cnn-smoothed", study.smoothed(setting), fitted),
            ("cnn-test-error", study.column("test_error", setting), later), ("cnn-norm", study.column("norm", setting), later),
            ("cnn-train-error", 1 - study.column("accuracy", setting), later),
        ):  # fmt: skip
            yield summarised(f"{figure}/{setting.name}", setting.label, epochs[kept], values[kept], DRAWN, group=setting.name)


def markers(study: Convolutional) -> Iterator[Marker]:
    """When the labels were fitted: the first epoch read with a summed loss below log 2; one label for lines that stand close together."""
    found = [(study.fitted_at(setting), setting.name) for setting in study.settings] if study.trail.epochs else []
    medians = sorted((max(1.0, float(np.median(epochs))), name) for epochs, name in found if np.isfinite(epochs).all())
    brief = "fitted: " + ", ".join(f"{at:,.0f}" for at, _ in medians)
    for place, (at, name) in enumerate(medians):
        yield Marker("cnn-*", "x", at, "" if place else f"{brief} (loss < log 2)", name, "" if place else brief)


def pictures(study: Convolutional) -> Iterator[Picture]:
    """The kernels of the first layer of the first seed's last network, each over its largest weight."""
    kernels = study.trainers[(len(study.settings) - 1) * len(study.seeds)].network.blocks[0][0].cpu().numpy()  # (outputs, 5, 5, colours)
    if kernels.shape[3] > 1:
        return
    tiles = [kernel[:, :, 0] / (np.abs(kernel).max() or 1.0) for kernel in kernels.astype(np.float64)]
    yield Picture(
        "cnn-kernels", "First kernels", values=tiled(tiles), palette="diverging", lo=-1.0, hi=1.0, equal=True, shade="weight",
        note=f"{study.settings[-1].label}, first seed; each kernel over its largest weight",
    )  # fmt: skip


def tiled(tiles: list[Floats]) -> Floats:
    """Lay tiles (side, side) side by side, with a gap of one between, in rows of eight."""
    side = tiles[0].shape[0] + 1
    across = min(ACROSS, len(tiles))
    rows = -(-len(tiles) // across)
    found = np.full((rows * side - 1, across * side - 1), np.nan)
    for place, tile in enumerate(tiles):
        top, left = (place // across) * side, (place % across) * side
        found[top : top + side - 1, left : left + side - 1] = tile
    return found
