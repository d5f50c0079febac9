"""A problem's solution: its flow, where that ends, the largest margins; and how far weights have come on their way there.

The flow runs in s = eta t, so one flow serves every step size: descent of step eta is at s = eta t after t steps (heavy ball
beta at eta t / (1 - beta)). Soudry et al. 2018, arXiv:1710.10345.
Shapes: w (k, d) at k times, every reading (k,).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.errors import ProblemError
from engine.phenomena.max_margin.problems import Problem
from engine.theory.implicit_bias.interpolators import Order
from engine.theory.inputs import Floats
from engine.theory.margins.hard_margin import hard_margin_by_sequential_programming
from engine.theory.margins.logistic_flow import FlowPath, separating_flow
from engine.theory.margins.margin_path import MarginCurves, Validation, log_summed_loss, margin_curves, validation
from engine.theory.margins.norm_margins import max_margin, own_norm_margin
from engine.theory.margins.soudry_limit import SoudryLimit

NARROW = 3e-3  # margin over the longest row: its square is the share of double precision that is left
DENSE, PER_DECADE, SPARSE = 7, 10, 2
"""Times a decade up to s = 1e7, and beyond, where curves are nearly straight."""


@dataclass(frozen=True)
class PathReadings:
    """What is read off weights at log_s (k,). log_loss: log of the summed loss."""

    log_s: Floats
    curves: MarginCurves
    log_loss: Floats
    held_out: Validation


def flow_times(first: float, decades: int) -> Floats:
    """Natural logs of the times (k,) of a flow: from 10^first to 10^decades, whole decades among them."""
    start = int(np.floor(first * PER_DECADE))
    early = np.arange(start, min(DENSE, decades) * PER_DECADE + 1) / PER_DECADE
    late = np.arange(DENSE * SPARSE + 1, decades * SPARSE + 1) / SPARSE
    return np.asarray(np.concatenate([early, late]) * np.log(10))


class Solution:
    """A problem, its flow at log_s (k,), and the limit: None, for the reason `no_limit`, where a row on the margin has no dual weight."""

    def __init__(self, problem: Problem, log_s: Floats) -> None:
        self.problem, self.svm = problem, problem.svm
        self.flow: FlowPath = separating_flow(problem.svm, log_s)
        self.no_limit = ""
        try:
            self.limit: SoudryLimit | None = self.flow.limit
        except ProblemError as error:
            self.limit, self.no_limit = None, error.message

    @cached_property
    def along_flow(self) -> PathReadings:
        """Readings of the flow, to full precision at any time."""
        flow = self.flow
        return self._readings(flow.log_s, flow.curves, flow.w, np.log(flow.loss_times_s) - flow.log_s)

    def along(self, log_s: Floats, w: Floats) -> PathReadings:
        """Readings of weights (k, d), none of them 0."""
        return self._readings(log_s, margin_curves(self.svm, w), w, log_summed_loss(self.svm.Z, w))

    def direction_error(self, w: Floats) -> float:
        """Distance |w/|w| - w_hat/|w_hat|| of weights (d,), not 0, from the SVM's direction."""
        return float(margin_curves(self.svm, w[None]).direction_error[0])

    def times_of_equal_loss(self, w: Floats) -> Floats:
        """Log of the time (k,) at which the flow has the loss of weights w (k, d); beyond its end NaN."""
        seen = -log_summed_loss(self.svm.Z, w)
        flow = -self.along_flow.log_loss
        return np.asarray(np.interp(seen, flow, self.flow.log_s, left=np.nan, right=np.nan))

    def off_pace(self, place: int) -> float:
        """How far the weights' growth per unit of ln s, from a place among the times to the last, is from w_hat; relative."""
        w, log_s = self.flow.w, self.flow.log_s
        pace = (w[-1] - w[place]) / (log_s[-1] - log_s[place])
        return float(np.linalg.norm(pace - self.svm.w)) / self.svm.norm

    @property
    def narrow(self) -> bool:
        """Whether the margin is so small beside the longest row that no solver keeps ten digits, as imported points may have it."""
        return self.svm.margin < NARROW * float(np.linalg.norm(self.svm.Z, axis=1).max())

    @cached_property
    def second_route(self) -> float:
        """Relative distance of w_hat to that of sequential quadratic programming on the primal problem; nan where that is narrow."""
        if self.narrow and self.problem.config.sha256:
            return float("nan")
        other = hard_margin_by_sequential_programming(self.svm.Z)
        return float(np.linalg.norm(other - self.svm.w)) / self.svm.norm

    @cached_property
    def goals(self) -> dict[Order, tuple[float, Floats]]:
        """The largest margin in each norm, and weights (d,) of norm 1 that have it."""
        return {order: max_margin(self.svm.Z, order) for order in ("l1", "l2", "linf")}

    def goal_share(self, goal: Order, order: Order) -> float:
        """Margin in norm `order` of the weights whose margin is largest in norm `goal`, over the largest in `order`."""
        return float(self.margin_share(self.goals[goal][1], order))

    def margin_share(self, w: Floats, order: Order) -> Floats:
        """Margin of weights (..., d) in a norm, over the largest in that norm."""
        return own_norm_margin(self.svm.Z, w, order) / self.goals[order][0]

    def _readings(self, log_s: Floats, curves: MarginCurves, w: Floats, log_loss: Floats) -> PathReadings:
        held_out = validation(self.problem.held_out.X, self.problem.held_out.y, w)
        return PathReadings(log_s, curves, log_loss, held_out)
