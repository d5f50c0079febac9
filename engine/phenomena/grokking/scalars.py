"""The scalars of grokking: when the main setting memorised and understood, what came of it, what its circuit shows; of images alike.

Power et al. 2022, arXiv:2201.02177; Nanda et al. 2023, arXiv:2301.05217.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.grokking.milestones import GROKKED, MEMORISED, values_at
from engine.phenomena.grokking.omnigrok.settings import GROKKED as IMAGES
from engine.phenomena.grokking.omnigrok.settings import USUAL
from engine.phenomena.grokking.settings import CONTROL, MAIN, NO_DECAY
from engine.scalars import PENDING, Answer, Readers, absent, bounded, event, found
from engine.theory.modular_arithmetic.operations import ADDITIVE, CYCLIC

if TYPE_CHECKING:
    from engine.phenomena.grokking.experiment import Grokking

SCALARS = (
    Scalar("memorise_step", f"first step with {MEMORISED} % of training pairs (or images) right", "step", log=True, whole=True),
    Scalar("grok_step", f"first step with {GROKKED} % of test pairs ({IMAGES} % of test images) right", "step", log=True, whole=True),
    Scalar("delay_ratio", "grok step / memorise step", log=True),
    Scalar("grok_step_no_decay", "grok step without weight decay", "step", log=True, whole=True),
    Scalar("grok_step_usual", f"step with {IMAGES} % of test images right from alpha 1", "step", log=True, whole=True),
    Scalar("accuracy_usual", "test accuracy when the training images are fitted from alpha 1"),
    Scalar("grok_step_control", "grok step without the speed-up", "step", log=True, whole=True),
    Scalar("accuracy_when_memorised", "test accuracy when the training pairs are memorised"),
    Scalar("train_accuracy", "training accuracy at the end"),
    Scalar("test_accuracy", "test accuracy at the end"),
    Scalar("train_loss", "training loss at the end", log=True),
    Scalar("test_loss", "test loss at the end", log=True),
    Scalar("squared_norm", "squared norm of the weights at the end", log=True),
    Scalar("wave_share", "median single-frequency share of a neuron at the end"),
    Scalar("restricted_loss", "loss with the key frequencies alone, at the end", log=True),
    Scalar("excluded_loss", "loss without the key frequencies, at the end", log=True),
)


def _memorise_step(run: Grokking) -> Answer:
    return event(run.readings.memorised(), run.readings.over(MAIN), run.readings.settings[MAIN].steps)


def _grok_step_of(setting: str, needed: str = "") -> Callable[[Grokking], Answer]:
    def read(run: Grokking) -> Answer:
        r = run.readings
        if setting not in r.settings:
            return absent(needed)
        return event(r.grokked(setting), r.over(setting), r.settings[setting].steps)

    return read


def _delay_ratio(run: Grokking) -> Answer:
    """The ratio of seeds that have not grokked is at least that of the last step."""
    r = run.readings
    memorised, grokked = r.memorised(), r.grokked()
    if not (np.isfinite(grokked).all() or r.over(MAIN)):
        return PENDING
    least = np.where(np.isfinite(grokked), r.delay_ratio(), r.settings[MAIN].steps / np.maximum(memorised, 1))
    return bounded(least, ~np.isfinite(grokked), "not memorised")


def _accuracy_when_memorised(run: Grokking) -> Answer:
    return found(run.readings.accuracy_when_memorised(), "not memorised" if run.readings.over(MAIN) else PENDING.reason)


def _accuracy_usual(run: Grokking) -> Answer:
    r = run.readings
    if USUAL not in r.settings:
        return absent("needs task images and alpha above 1")
    accuracy = values_at(*r.table("test-accuracy", USUAL), r.memorised(USUAL))
    return found(accuracy, "not fitted" if r.over(USUAL) else PENDING.reason)


def _last(quantity: str, needed: str = "") -> Callable[[Grokking], Answer]:
    def read(run: Grokking) -> Answer:
        _, values = run.readings.table(quantity)
        return found(values[-1]) if len(values) else absent(needed)

    return read


def _circuit_loss(quantity: str) -> Callable[[Grokking], Answer]:
    def read(run: Grokking) -> Answer:
        _, values, _ = run.readings.circuit(quantity)
        return found(values[-1]) if len(values) else absent(f"needs op {' or '.join(ADDITIVE)}")

    return read


READERS: Readers[Grokking] = {
    "memorise_step": _memorise_step, "grok_step": _grok_step_of(MAIN),
    "grok_step_no_decay": _grok_step_of(NO_DECAY, "needs decay above 0, and model gromov or task images"),
    "grok_step_usual": _grok_step_of(USUAL, "needs task images and alpha above 1"), "accuracy_usual": _accuracy_usual,
    "grok_step_control": _grok_step_of(CONTROL, "needs a speed-up"),
    "delay_ratio": _delay_ratio, "accuracy_when_memorised": _accuracy_when_memorised,
    "train_accuracy": _last("train-accuracy"), "test_accuracy": _last("test-accuracy"),
    "train_loss": _last("train-loss"), "test_loss": _last("test-loss"), "squared_norm": _last("norm"),
    "wave_share": _last("share", f"needs op {', '.join(CYCLIC)}, and neurons with two embeddings (model gromov or mlp)"),
    "restricted_loss": _circuit_loss("restricted"), "excluded_loss": _circuit_loss("excluded"),
}  # fmt: skip
