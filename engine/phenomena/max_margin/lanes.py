"""Optimisers that walk the same problem side by side, each towards the largest margin in its own norm.

Gradient descent makes every step, the others a tenth as many. A lane keeps its weights at the measured steps.
Gunasekar et al. 2018, arXiv:1802.08246; Nacson et al. 2019, arXiv:1803.01905; Zhang et al. 2024, arXiv:2406.10650 (Adam).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.phenomena.max_margin.solved import Solved
from engine.state import State
from engine.theory.implicit_bias.interpolators import Order
from engine.theory.implicit_bias.optimisers import Optimiser
from engine.theory.inputs import Floats
from engine.theory.margins.logistic_descent import LogisticDescent, logistic_step_limit
from engine.theory.margins.logistic_flow import separating_flow
from engine.theory.margins.steepest_descent import OWN_NORM, Kind, margin_optimiser

SHARE = 10
"""Gradient descent makes this many times the steps of the other optimisers."""

CHUNK = 500
"""Steps between two looks at the clock: a few milliseconds."""

BETA = 0.9
STEEPEST: dict[str, Kind] = {"normalised": "normalised", "sign": "sign", "coordinate": "coordinate", "adam": "adam"}
LABELS = {"gd": "GD", "momentum": "momentum", "normalised": "normalised", "sign": "sign", "coordinate": "coordinate", "adam": "Adam"}


class Lane:
    """One optimiser on one problem. Attributes: steps (k,) at which path (k, d) was kept; order: the norm of its margin."""

    def __init__(self, name: str, solved: Solved, last: int, eta: float, adam_eps: float) -> None:
        self.name, self.solved, self.last = name, solved, last
        self.steps: list[int] = []
        self._path: list[Floats] = []
        self.order: Order = "l2"
        self.stepper: LogisticDescent | Optimiser
        if name in STEEPEST:
            self.order = OWN_NORM[STEEPEST[name]]
            self.stepper = margin_optimiser(STEEPEST[name], solved.svm.Z, eps=adam_eps)
        else:
            size = eta * logistic_step_limit(solved.svm.Z)
            self.stepper = LogisticDescent(solved.svm.Z, size, BETA if name == "momentum" else 0.0)

    @property
    def path(self) -> Floats:
        """Weights (k, d) at `steps`."""
        return np.array(self._path).reshape(len(self.steps), -1)

    def toward(self, target: int) -> bool:
        """Make one chunk of steps towards a target; whether it, or the lane's last step, is reached (then weights are kept)."""
        target = min(target, self.last)
        self.stepper.advance(min(CHUNK, target - self.stepper.step))
        reached = self.stepper.step >= target
        if reached and target > 0 and (not self.steps or self.steps[-1] < target):
            self.steps.append(target)
            self._path.append(self.stepper.w.copy())
        return reached

    def log_times(self) -> Floats:
        """Log of the flow's time (k,) that belongs to each kept step: exact for descent, of equal loss for the others."""
        if isinstance(self.stepper, LogisticDescent):
            return np.log(np.array(self.steps) * (self.stepper.eta / (1 - self.stepper.beta)))
        return self.solved.times_of_equal_loss(self.path)

    def behind_flow(self, step: int) -> float:
        """Distance |w/|w| - w_flow/|w_flow|| of descent at a kept step from the flow at its time."""
        place = self.steps.index(step)
        true, flow = self._path[place], separating_flow(self.solved.svm, self.log_times()[place]).w[0]
        return float(np.linalg.norm(true / np.linalg.norm(true) - flow / np.linalg.norm(flow)))

    def shares(self, order: Order | None = None) -> Floats:
        """Margin at the kept steps (k,) in a norm (its own), over the largest."""
        return self.solved.margin_share(self.path, order or self.order)

    def state(self) -> State:
        """Return stepper and path."""
        arrays, scalars = self.stepper.state()
        return State({**arrays, "path": self.path}, {"stepper": scalars, "steps": self.steps})

    def restore(self, arrays: dict[str, Floats], scalars: dict[str, Any]) -> None:
        """Continue from what `state` returned."""
        self.stepper.restore(arrays, scalars["stepper"])
        self.steps = [int(step) for step in scalars["steps"]]
        self._path = [np.array(w) for w in arrays["path"]]
