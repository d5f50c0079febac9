"""The scalars of lazy training: what moves at the smallest and at the largest output scale, and at the widest network.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956. Rich: the smallest alpha of the run; lazy: its largest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.lazy_training.claims import LAZY
from engine.phenomena.lazy_training.convolutional import scalars as convolutional
from engine.scalars import Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.experiment import LazyTraining

ENDS = {"rich": (0, "smallest alpha"), "lazy": (-1, "largest alpha")}
READ = {
    "test_error": ("test-error", "test MSE", True), "weight_change": ("weight-change", "|w-w0|/|w0|", True),
    "kernel_change": ("kernel-change", "|K-K0|/|K0|", True), "gap": ("gap", "rms gap to the linearised model", True),
    "alignment": ("alignment", "cos(K, y y^T)", False), "flipped": ("flipped", "share of flipped ReLUs", False),
    "train_residual": ("train-residual", "|f-y|/|y| on the training set", True),
}  # fmt: skip
ACROSS = ("weight_change", "kernel_change", "test_error")
TWO_LAYER = (
    *(Scalar(f"{name}_{end}", f"{label}, {which}", log=log) for name, (_, label, log) in READ.items() for end, (_, which) in ENDS.items()),
    *(Scalar(f"steps_{end}", f"steps taken, {which}", "step", log=True, whole=True) for end, (_, which) in ENDS.items()),
    Scalar("test_error_linearised", "test MSE of the tangent kernel K0", log=True),
    Scalar("rich_ratio", "test MSE, smallest alpha / tangent kernel K0", log=True),
    Scalar("weight_slope", f"log-log slope of |w-w0|/|w0| over alpha from {LAZY:g} on"),
    *(Scalar(f"{name}_widest", f"{READ[name][1]}, widest network at alpha 1", log=True) for name in ACROSS),
    *(Scalar(f"{name}_narrowest", f"{READ[name][1]}, narrowest network at alpha 1", log=True) for name in ACROSS),
    Scalar("test_error_infinite_width", "test MSE of the tangent kernel Kinf", log=True),
)
SCALARS = (*TWO_LAYER, *convolutional.SCALARS)


def _at(place: int, quantity: str) -> Callable[[LazyTraining], Answer]:
    return lambda run: found(run.readings.latest(quantity, run.scales[place].name))


def _across(place: int, quantity: str) -> Callable[[LazyTraining], Answer]:
    def answer(run: LazyTraining) -> Answer:
        if not run.across_widths:
            return absent("needs widths other than m")
        return found(run.readings.latest(quantity, run.across_widths[place].name))

    return answer


def _rich_ratio(run: LazyTraining) -> Answer:
    limits = np.array([student.limit_error for student in run.students_of(run.config.m)])
    return found(run.readings.latest("test-error", run.scales[0].name) / limits)


def _slope(run: LazyTraining) -> Answer:
    lazy = run.alphas >= LAZY
    change = run.latest("weight-change", run.scales)[lazy]  # (scales, seeds)
    if lazy.sum() < 2:
        return absent(f"needs two alphas from {LAZY:g} on")
    if not np.all(change > 0):
        return absent("pending")
    return found(np.polyfit(np.log(run.alphas[lazy]), np.log(change), 1)[0])


TWO_LAYER_READERS: Readers[LazyTraining] = {
    **{f"{name}_{end}": _at(place, quantity) for name, (quantity, _, _) in READ.items() for end, (place, _) in ENDS.items()},
    **{f"steps_{end}": _at(place, "steps-taken") for end, (place, _) in ENDS.items()},
    "test_error_linearised": lambda run: found([student.limit_error for student in run.students_of(run.config.m)]),
    "rich_ratio": _rich_ratio,
    "weight_slope": _slope,
    **{f"{name}_widest": _across(-1, READ[name][0]) for name in ACROSS},
    **{f"{name}_narrowest": _across(0, READ[name][0]) for name in ACROSS},
    "test_error_infinite_width": lambda run: found([one.problem.infinite_width_error for one in run.students_of(run.config.m)]),
}


def _of_two_layer(read: Callable[[LazyTraining], Answer]) -> Callable[[LazyTraining], Answer]:
    return lambda run: absent("needs study two-layer") if run.convolutional else read(run)


READERS: Readers[LazyTraining] = {
    **{name: _of_two_layer(read) for name, read in TWO_LAYER_READERS.items()}, **convolutional.READERS,
}  # fmt: skip
