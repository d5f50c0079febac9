"""The scalars of max-margin: the margin, how far true steps come, the constants of the flow's logarithmic laws beside their theory.

Soudry et al. 2018, arXiv:1710.10345, Theorem 5; Gunasekar et al. 2018, arXiv:1802.08246.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.max_margin.asymptotics import scalars as asymptotics
from engine.phenomena.max_margin.convolutional import scalars as convolutional
from engine.phenomena.max_margin.figures import LIMITS, shown
from engine.phenomena.max_margin.homogeneous import scalars as homogeneous
from engine.phenomena.max_margin.mirror import scalars as mirror
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.phenomena.max_margin.margin_runs import MarginRun
    from engine.phenomena.max_margin.solution import Solution

OPTIMISERS = {
    "gd": ("GD", "l2"), "momentum": ("momentum", "l2"), "normalised": ("normalised", "l2"), "sign": ("sign", "l_inf"),
    "coordinate": ("coordinate", "l1"), "adam": ("Adam", "l_inf"),
}  # fmt: skip
AT = {"1e3": 1_000, "1e4": 10_000, "1e5": 100_000}  # steps of gradient descent
LAWS = {
    "direction_constant": ("direction-law", "direction error x ln s"), "angle_constant": ("angle-law", "(1 - cos) x (ln s)^2"),
    "margin_constant": ("margin-law", "margin gap x ln s"), "loss_constant": ("loss-law", "summed loss x s"),
}  # fmt: skip
DESCENT_SCALARS = (
    Scalar("margin", "largest l2 margin", log=True),
    Scalar("support_vectors", "rows on the margin", "rows", whole=True),
    *(Scalar(f"direction_error_{name}", f"|w/|w| - w_hat/|w_hat|| at its last step, {label}", log=True)
      for name, (label, _) in OPTIMISERS.items()),
    *(Scalar(f"direction_error_gd_{name}", f"|w/|w| - w_hat/|w_hat|| at step {step:,}, GD", log=True) for name, step in AT.items()),
    *(Scalar(f"own_margin_{name}", f"{order} margin at its last step over the largest, {label}")
      for name, (label, order) in OPTIMISERS.items()),
    Scalar("margin_gap_gd", "largest margin - margin at the last step, GD", log=True),
    Scalar("norm_gd", "|w| at the last step, GD"),
    *(Scalar(name, f"{label} at the flow's end") for name, (_, label) in LAWS.items()),
    *(Scalar(f"{name}_theory", f"{label}, its limit by theory") for name, (_, label) in LAWS.items()),
    Scalar("validation_loss", "mean validation loss at the flow's end", "nats", log=True),
    Scalar("validation_error", "validation error at the flow's end"),
    Scalar("validation_error_svm", "validation error of the SVM"),
)  # fmt: skip
SCALARS = (*DESCENT_SCALARS, *asymptotics.SCALARS, *mirror.SCALARS, *homogeneous.SCALARS, *convolutional.SCALARS)


def _solved(read: Callable[[Solution], float], otherwise: str = "not a finite number") -> Callable[[MaxMargin], Answer]:
    """Read each seed's solution; none of seeds whose flow is not there yet."""

    def answer(run: MaxMargin) -> Answer:
        if not run.solutions:
            return PENDING
        missing = [np.nan] * (len(run.problems) - len(run.solutions))
        return found([read(solution) for solution in run.solutions] + missing, otherwise)

    return answer


def _walked(name: str, read: Callable[[Solution, MarginRun], float]) -> Callable[[MaxMargin], Answer]:
    """Read each seed's run of an optimiser at its last kept step."""

    def answer(run: MaxMargin) -> Answer:
        if not run.runs[name][0].last:
            return absent("needs more gd steps: it makes none")
        walks = run.walks(name)
        missing = [np.nan] * (len(run.problems) - len(walks))
        return found([read(*walk) for walk in walks] + missing) if walks else PENDING

    return answer


def _at_step(step: int) -> Callable[[MaxMargin], Answer]:
    def answer(run: MaxMargin) -> Answer:
        if run.config.gd_steps < step:
            return absent(f"needs gd steps of {step:,} or more")
        walks = [(solution, walk) for solution, walk in run.walks("gd") if step in walk.steps]
        if len(walks) < len(run.problems):
            return PENDING
        return found([solution.direction_error(walk.path[np.searchsorted(walk.steps, step)]) for solution, walk in walks])

    return answer


def _constant(figure: str) -> Callable[[MaxMargin], Answer]:
    return _solved(lambda solution: float(shown(figure, solution.along_flow)[-1]))


def _limit(figure: str) -> Callable[[MaxMargin], Answer]:
    def answer(run: MaxMargin) -> Answer:
        lacking = next((solution.no_limit for solution in run.solutions if solution.no_limit), "")
        return _solved(lambda solution: np.nan if solution.limit is None else LIMITS[figure](solution.limit), lacking)(run)

    return answer


def _svm_error(solution: Solution) -> float:
    held_out = solution.problem.held_out
    return float(np.mean(held_out.y * (held_out.X @ solution.svm.w) <= 0))


def _margin(run: MaxMargin) -> Answer:
    return found([problem.svm.margin for problem in run.problems])


def _support_vectors(run: MaxMargin) -> Answer:
    return found([problem.svm.support.sum() for problem in run.problems])


DESCENT_READERS: Readers[MaxMargin] = {
    "margin": _margin, "support_vectors": _support_vectors,
    **{f"direction_error_{name}": _walked(name, lambda solution, walk: solution.direction_error(walk.path[-1])) for name in OPTIMISERS},
    **{f"direction_error_gd_{name}": _at_step(step) for name, step in AT.items()},
    **{f"own_margin_{name}": _walked(name, lambda solution, walk: float(walk.shares(solution)[-1])) for name in OPTIMISERS},
    "margin_gap_gd": _walked("gd", lambda solution, walk: solution.svm.margin * float(1 - solution.margin_share(walk.path[-1], "l2"))),
    "norm_gd": _walked("gd", lambda _, walk: float(np.linalg.norm(walk.path[-1]))),
    **{name: _constant(figure) for name, (figure, _) in LAWS.items()},
    **{f"{name}_theory": _limit(figure) for name, (figure, _) in LAWS.items()},
    "validation_loss": _solved(lambda solution: float(solution.along_flow.held_out.loss[-1])),
    "validation_error": _solved(lambda solution: float(solution.along_flow.held_out.error[-1])),
    "validation_error_svm": _solved(_svm_error),
}  # fmt: skip


def _of_descent(read: Callable[[MaxMargin], Answer]) -> Callable[[MaxMargin], Answer]:
    return lambda run: absent("needs study descent") if run.study else read(run)


READERS: Readers[MaxMargin] = {
    **{name: _of_descent(read) for name, read in DESCENT_READERS.items()},
    **asymptotics.READERS, **mirror.READERS, **homogeneous.READERS, **convolutional.READERS,
}  # fmt: skip
