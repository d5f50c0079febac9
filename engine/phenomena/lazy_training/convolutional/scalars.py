"""The scalars of study convolutional, per seed: each architecture at both ends of the output scale, and its linearised model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.lazy_training.convolutional.settings import LABELS, LINEARISED, architectures
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.convolutional.study import Convolutional
    from engine.phenomena.lazy_training.experiment import LazyTraining

QUANTITIES = {
    "accuracy": ("cnn-test-accuracy", "test accuracy"), "train_accuracy": ("cnn-train-accuracy", "training accuracy"),
    "loss": ("cnn-loss", "training loss over that of zero"), "kept": ("cnn-kept", "ReLUs kept"),
    "way": ("cnn-weight-change", "|w-w0|/|w0|"),
}  # fmt: skip
ENDS = {"rich": "smallest alpha", "lazy": "largest alpha", "linearised": "linearised"}
LOGARITHMIC = ("loss", "way")
SCALARS = tuple(
    scalar
    for architecture, label in LABELS.items()
    for scalar in (
        *(Scalar(f"{architecture}_{end}_{name}", f"{label}: {told}, {where}", log=name in LOGARITHMIC)
          for name, (_, told) in QUANTITIES.items() for end, where in ENDS.items() if (end, name) != ("linearised", "kept")),
        Scalar(f"{architecture}_best_accuracy", f"{label}: best test accuracy of all alpha"),
        Scalar(f"{architecture}_best_alpha", f"{label}: alpha of the best test accuracy", log=True),
    )
)  # fmt: skip

Read = Callable[["Convolutional", str], Answer]


def _of(architecture: str, read: Read) -> Callable[[LazyTraining], Answer]:
    def answer(run: LazyTraining) -> Answer:
        study = run.convolutional
        if study is None:
            return absent("needs study convolutional")
        if architecture not in architectures(study.config):
            return absent(f"needs network {architecture} or both")
        return read(study, architecture) if len(study.history) else PENDING

    return answer


def _at(end: str, quantity: str) -> Read:
    def read(study: Convolutional, architecture: str) -> Answer:
        if end == "linearised" and not study.config.linearised:
            return absent("needs linearised yes")
        alpha = {"rich": study.scales[0], "lazy": study.scales[-1], "linearised": LINEARISED}[end]
        return found(study.latest(quantity, architecture, alpha), "diverged at every rate" if study.history.last else "nothing counted yet")

    return read


def _best(study: Convolutional, architecture: str) -> Answer:
    return found(np.fmax.reduce(study.over_alpha("cnn-test-accuracy", architecture), axis=0))


def _best_alpha(study: Convolutional, architecture: str) -> Answer:
    accuracy = np.nan_to_num(study.over_alpha("cnn-test-accuracy", architecture), nan=-1.0)
    return found(np.array(study.scales)[accuracy.argmax(axis=0)])


READERS: Readers[LazyTraining] = {
    **{f"{architecture}_{end}_{name}": _of(architecture, _at(end, quantity))
       for architecture in LABELS for name, (quantity, _) in QUANTITIES.items() for end in ENDS if (end, name) != ("linearised", "kept")},
    **{f"{architecture}_best_accuracy": _of(architecture, _best) for architecture in LABELS},
    **{f"{architecture}_best_alpha": _of(architecture, _best_alpha) for architecture in LABELS},
}  # fmt: skip
