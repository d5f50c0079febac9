"""The figures of study convolutional: accuracy, ReLUs kept and movement over the output scale, losses by epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Figure, Quantity, Series
from engine.phenomena.lazy_training.config import CONVOLUTIONAL
from engine.phenomena.lazy_training.convolutional.settings import LABELS, LINEARISED, architectures
from engine.readings import summarised
from engine.theory.inputs import Floats

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.convolutional.study import Convolutional

ALPHA, EMPTY, DOMAIN = Axis("output scale alpha", log=True), "fills with preset chizat-cnn-small", (CONVOLUTIONAL,)
FIGURES = (
    Figure("cnn-accuracy", "Accuracy", ALPHA, Axis("share that is right", lo=0.0, hi=1.0), ("cnn-accuracy/*",),
           "at the rate of least training loss", EMPTY, DOMAIN),
    Figure("cnn-kept", "ReLUs kept", ALPHA, Axis("share", lo=0.0, hi=1.0), ("cnn-kept/*",),
           "open or shut as at first weights; mean over layers", EMPTY, DOMAIN),
    Figure("cnn-weight-change", "CNN's movement", ALPHA, Axis("|w-w0|/|w0|", log=True), ("cnn-weight-change/*",), "", EMPTY, DOMAIN),
    Figure("cnn-loss", "CNN's loss", Axis("epoch", log=True, lo=1), Axis("loss / loss at f = 0", log=True), ("cnn-loss/*",),
           "mean since the last reading", EMPTY, DOMAIN),
)  # fmt: skip
QUANTITIES = (
    Quantity("cnn-loss", "loss / loss at f = 0"), Quantity("cnn-train-accuracy", "training accuracy"),
    Quantity("cnn-test-accuracy", "test accuracy"), Quantity("cnn-weight-change", "|w-w0|/|w0|"), Quantity("cnn-kept", "ReLUs kept"),
)  # fmt: skip
PARTS = (("test", "cnn-test-accuracy"), ("train", "cnn-train-accuracy"))


def curves(study: Convolutional) -> Iterator[Series]:
    """Over alpha as networks are now, architecture by architecture; then losses over epochs."""
    if not len(study.history):
        return
    x = np.array(study.scales)
    for name in architectures(study.config):
        label = LABELS[name]
        for part, quantity in PARTS:
            yield _over(f"cnn-accuracy/{part}-{name}", f"{label}, {part}", x, study.over_alpha(quantity, name), f"{part}-{name}")
        yield _over(f"cnn-kept/{name}", label, x, study.over_alpha("cnn-kept", name), f"test-{name}")
        yield _over(f"cnn-weight-change/{name}", label, x, study.over_alpha("cnn-weight-change", name), f"test-{name}")
        if study.config.linearised:
            yield from _linearised(study, name, x)
    yield from losses(study)


def _linearised(study: Convolutional, name: str, x: Floats) -> Iterator[Series]:
    """The linearised model: its accuracy, trained as the networks are, and its movement, which is exactly inverse to the scale."""
    accuracy = study.latest("cnn-test-accuracy", name, LINEARISED)
    level = np.tile(accuracy, (len(x), 1))
    yield _limit(f"cnn-accuracy/linearised-{name}", f"{LABELS[name]}, linearised, test", x, level, f"linearised-{name}")
    way = study.latest("cnn-weight-change", name, LINEARISED)
    yield _limit(f"cnn-weight-change/linearised-{name}", f"{LABELS[name]}, linearised", x, way / x[:, None], f"linearised-{name}")


def losses(study: Convolutional) -> Iterator[Series]:
    """Each scale's loss over epochs at the rate that is chosen now."""
    steps, values = study.history.column("cnn-loss")
    if len(steps) < 2:
        return
    epochs = steps[1:] / study.per_epoch
    for name in architectures(study.config):
        for alpha in (*study.scales, *([LINEARISED] if study.config.linearised else [])):
            places = study.chosen(name, alpha)
            setting = study.networks[places[0]].setting
            group = f"{name} {setting.of}"
            yield summarised(f"cnn-loss/{group}", setting.label, epochs, values[1:, places], present=True, group=group)


def _over(name: str, label: str, x: Floats, values: Floats, group: str) -> Series:
    return summarised(name, label, x, values, present=True, group=group)


def _limit(name: str, label: str, x: Floats, values: Floats, group: str) -> Series:
    return summarised(name, label, x, values, present=True, group=group, kind="theory", basis="asymptotic")
