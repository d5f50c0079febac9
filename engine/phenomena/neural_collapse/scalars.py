"""The scalars of neural collapse: the four measures at the end, on true and on shuffled labels, and the free model's distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.contract import Scalar
from engine.scalars import PENDING, Answer, Readers, absent, event, found

if TYPE_CHECKING:
    from engine.phenomena.neural_collapse.experiment import NeuralCollapse

ARMS = {"true": "true labels", "random": "shuffled labels"}
MEASURES = {
    "nc1": ("nc1", "NC1 of training images at the end", True), "nc1_test": ("nc1-test", "NC1 of test images at the end", True),
    "nc2_angle": ("nc2-angle", "NC2, angles, at the end", False), "nc2_length": ("nc2-length", "NC2, lengths, at the end", False),
    "nc3": ("nc3", "NC3 at the end", False), "nc4": ("nc4", "NC4 at the end", False), "test_error": ("test-error", "test error", False),
}  # fmt: skip
SCALARS = (
    *(Scalar(f"{name}_{arm}", f"{label}, {words}", log=log) for name, (_, label, log) in MEASURES.items() for arm, words in ARMS.items()),
    *(Scalar(f"fitted_step_{arm}", f"first reading with every label fitted, {words}", "step", log=True, whole=True)
      for arm, words in ARMS.items()),
    Scalar("free_gap", "free features: objective less its exact minimum"),
    Scalar("free_angle", "free features: largest |cos + 1/(K-1)|", log=True),
)  # fmt: skip


def _of(arm: str, read: Callable[[NeuralCollapse], Answer]) -> Callable[[NeuralCollapse], Answer]:
    return lambda run: read(run) if arm in [setting.name for setting in run.settings] else absent(f"needs labels {arm} or both")


def _latest(quantity: str, arm: str) -> Callable[[NeuralCollapse], Answer]:
    return _of(arm, lambda run: found(run.readings.latest(quantity, arm)))


def _fitted(arm: str) -> Callable[[NeuralCollapse], Answer]:
    return _of(arm, lambda run: event(run.fitted_at(arm), run.done, run.step))


READERS: Readers[NeuralCollapse] = {
    **{f"{name}_{arm}": _latest(quantity, arm) for name, (quantity, _, _) in MEASURES.items() for arm in ARMS},
    **{f"fitted_step_{arm}": _fitted(arm) for arm in ARMS},
    "free_gap": lambda run: found([one.gap[-1] for one in run.free]) if run.free else PENDING,
    "free_angle": lambda run: found([one.angle[-1] for one in run.free]) if run.free else PENDING,
}
