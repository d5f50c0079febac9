"""Optimisers that walk one problem side by side, each towards the largest margin in its own norm.

Gradient descent makes every step, the others a tenth as many. A run keeps its weights at the measured steps.
Gunasekar et al. 2018, arXiv:1802.08246; Nacson et al. 2019, arXiv:1803.01905; Zhang et al. 2024, arXiv:2406.10650 (Adam).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.optimiser_runs import OptimiserRun, Steps
from engine.phenomena.max_margin.config import MaxMarginConfig
from engine.phenomena.max_margin.solution import Solution
from engine.state import State
from engine.theory.implicit_bias.interpolators import Order
from engine.theory.implicit_bias.optimisers import Optimiser
from engine.theory.inputs import Floats
from engine.theory.margins.hard_margin import HardMargin
from engine.theory.margins.logistic_descent import LogisticDescent, logistic_step_limit
from engine.theory.margins.logistic_flow import separating_flow
from engine.theory.margins.steepest_descent import OWN_NORM, Kind, margin_optimiser

Walker = TypeVar("Walker", bound=LogisticDescent | Optimiser)
SHARE = 10
"""Gradient descent makes this many times the steps of the other optimisers."""


@dataclass(frozen=True)
class Method:
    """An optimiser: what a legend calls it, and either its momentum as descent or its kind among those of a norm of their own."""

    name: str
    label: str
    beta: float = 0.0
    kind: Kind | None = None

    @property
    def order(self) -> Order:
        """The norm in which it makes the margin largest."""
        return OWN_NORM[self.kind] if self.kind else "l2"

    def stepper(self, svm: HardMargin, config: MaxMarginConfig) -> LogisticDescent | Optimiser:
        """Return it at the start, w = 0."""
        if self.kind:
            return margin_optimiser(self.kind, svm, eps=config.adam_eps)
        return LogisticDescent(svm.Z, config.eta * logistic_step_limit(svm.Z), self.beta)


METHODS = (
    Method("gd", "GD"), Method("momentum", "momentum", beta=0.9), Method("normalised", "normalised", kind="normalised"),
    Method("sign", "sign", kind="sign"), Method("coordinate", "coordinate", kind="coordinate"), Method("adam", "Adam", kind="adam"),
)  # fmt: skip


class PathRun(OptimiserRun[Walker]):
    """An optimiser that keeps its weights at the measured steps. Attributes: path (k, d), its weights at `steps`."""

    def __init__(self, stepper: Walker, goals: Steps) -> None:
        super().__init__(stepper, goals)
        self.path: Floats = np.empty((0, len(stepper.w)))

    @property
    def steps(self) -> Steps:
        """The steps (k,) that are made and kept: those measured after step 0, and its last."""
        return np.unique(self.goals[(self.goals > 0) & (self.goals <= self.stepper.step)])

    def advance(self, place: int) -> None:
        """Make steps towards a measurement; there, keep the weights."""
        super().advance(place)
        if self.reached(place):
            self.path = np.vstack([self.path, self.stepper.w])

    def state(self) -> State:
        """Return stepper and path."""
        stepper = super().state()
        return State({**stepper.arrays, "path": self.path}, stepper.scalars)

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        super().restore(state)
        self.path = np.array(state.arrays["path"])


class MarginRun(PathRun[LogisticDescent | Optimiser]):
    """One optimiser on one problem."""

    def __init__(self, method: Method, svm: HardMargin, config: MaxMarginConfig, grid: Steps) -> None:
        last = config.gd_steps if method.name == "gd" else config.gd_steps // SHARE
        super().__init__(method.stepper(svm, config), np.minimum(grid, last))
        self.method, self.last = method, last

    def log_times(self, solution: Solution) -> Floats:
        """Log of the flow's time (k,) that belongs to each kept step: exact for descent, of equal loss for the others."""
        if isinstance(self.stepper, LogisticDescent):
            return np.asarray(np.log(self.steps * self.stepper.flow_time))
        return solution.times_of_equal_loss(self.path)

    def behind_flow(self, solution: Solution, step: int) -> float:
        """Distance |w/|w| - w_flow/|w_flow|| of descent at a kept step from the flow at its time."""
        place = int(np.searchsorted(self.steps, step))
        true, flow = self.path[place], separating_flow(solution.svm, self.log_times(solution)[place]).w[0]
        return float(np.linalg.norm(true / np.linalg.norm(true) - flow / np.linalg.norm(flow)))

    def shares(self, solution: Solution, order: Order | None = None) -> Floats:
        """Margin at the kept steps (k,) in a norm (its own), over the largest."""
        return solution.margin_share(self.path, order or self.method.order)
