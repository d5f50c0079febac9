"""The scalars of the randomisation test: when labels are memorised, what is left of test accuracy, and what randomness costs.

Zhang et al. 2017, arXiv:1611.03530, Table 1, Fig. 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.random_labels.claims import MEMORISED
from engine.phenomena.random_labels.conditions import CNN_SHUFFLED, CNN_TRUE, RANDOM, TRUE
from engine.phenomena.random_labels.config import LOW
from engine.scalars import PENDING, Answer, Readers, absent, bounded, event, found

if TYPE_CHECKING:
    from engine.phenomena.random_labels.experiment import RandomLabels

SEEN = {
    "true": (TRUE, "true labels"), "random": (RANDOM, "random labels"), "shuffled": ("shuffled", "shuffled pixels"),
    "random_pixels": ("random-pixels", "random pixels"), "gaussian": ("gaussian", "gaussian pixels"),
}  # fmt: skip
CNN = {"cnn_true": (CNN_TRUE, "CNN, true labels"), "cnn_shuffled": (CNN_SHUFFLED, "CNN, shuffled pixels")}
SCALARS = (
    *(Scalar(f"memorise_step_{name}", f"first step with {MEMORISED:.0%} of labels fitted, {label}", "step", log=True, whole=True)
      for name, (_, label) in SEEN.items()),
    *(Scalar(f"low_loss_step_{name}", f"first step with a loss of {LOW:g} over an epoch's batches, {label}", "step", log=True, whole=True)
      for name, (_, label) in SEEN.items()),
    Scalar("slowdown", f"steps to {MEMORISED:.0%}, random / true labels", log=True),
    *(Scalar(f"train_error_{name}", f"training error, {label}") for name, (_, label) in SEEN.items()),
    *(Scalar(f"train_loss_{name}", f"training loss, {SEEN[name][1]}", "nats", log=True) for name in ("true", "random")),
    *(Scalar(f"test_error_{name}", f"clean test error, {label}") for name, (_, label) in (SEEN | CNN).items()),
    *(Scalar(f"generalisation_gap_{name}", f"test error - training error, {SEEN[name][1]}") for name in ("true", "random")),
    Scalar("construction_residual", "largest residual of Theorem 1's network", log=True),
    Scalar("paired_gap", "largest difference of losses after a pixel shuffle, first layer permuted alike", "nats", log=True),
)  # fmt: skip


def _of(condition: str, answer: Callable[[RandomLabels], Answer]) -> Callable[[RandomLabels], Answer]:
    """The answer, where networks are trained under the condition."""
    lacking = absent("needs model both" if condition in (CNN_TRUE, CNN_SHUFFLED) else "needs corrupted_pixels true")
    return lambda run: answer(run) if run.readings.columns(condition) else lacking


def _memorise_step(condition: str) -> Callable[[RandomLabels], Answer]:
    return _of(condition, lambda run: event(run.fitted_at(condition), run.over(condition), run.last))


def _low_loss_step(condition: str) -> Callable[[RandomLabels], Answer]:
    def answer(run: RandomLabels) -> Answer:
        if not run.config.counted:
            return absent("needs a published network, a schedule or n above 5,000")
        return event(run.low_at(condition), run.over(condition), run.last)

    return _of(condition, answer)


def _slowdown(run: RandomLabels) -> Answer:
    """That of seeds whose random labels were not memorised is at least the last step's."""
    ratio, missing = run.slowdown(RANDOM), ~np.isfinite(run.fitted_at(RANDOM))
    if not np.isfinite(ratio).all() and not (run.over(RANDOM) and run.over(TRUE)):
        return PENDING
    least = np.where(missing, run.last / run.fitted_at(TRUE), ratio)
    return bounded(least, missing, "true labels are not memorised")


def _train_error(condition: str) -> Callable[[RandomLabels], Answer]:
    return _of(condition, lambda run: found(1.0 - run.readings.latest("train-accuracy", condition)))


def _train_loss(condition: str) -> Callable[[RandomLabels], Answer]:
    return lambda run: found(run.readings.latest("train-loss", condition))


def _test_error(condition: str) -> Callable[[RandomLabels], Answer]:
    return _of(condition, lambda run: found(run.error(condition)))


def _gap(condition: str) -> Callable[[RandomLabels], Answer]:
    return lambda run: found(run.error(condition) - 1.0 + run.readings.latest("train-accuracy", condition))


def _paired_gap(run: RandomLabels) -> Answer:
    _, gaps = run.history.column("paired-gap")
    return found(gaps[0]) if len(gaps) else PENDING


def _residual(run: RandomLabels) -> Answer:
    return found(run.residual)


READERS: Readers[RandomLabels] = {
    **{f"memorise_step_{name}": _memorise_step(condition) for name, (condition, _) in SEEN.items()},
    **{f"low_loss_step_{name}": _low_loss_step(condition) for name, (condition, _) in SEEN.items()},
    "slowdown": _slowdown,
    **{f"train_error_{name}": _train_error(condition) for name, (condition, _) in SEEN.items()},
    **{f"train_loss_{name}": _train_loss(SEEN[name][0]) for name in ("true", "random")},
    **{f"test_error_{name}": _test_error(condition) for name, (condition, _) in (SEEN | CNN).items()},
    **{f"generalisation_gap_{name}": _gap(SEEN[name][0]) for name in ("true", "random")},
    "construction_residual": _residual,
    "paired_gap": _paired_gap,
}
