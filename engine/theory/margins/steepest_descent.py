"""Optimisers on separable data, each towards the largest margin in its own norm.

With g = -gradient of the loss and g_u = g / |g| in the dual norm of the method, a step of steepest descent is
    l2     w += rate g / |g|_2                       normalised gradient descent
    l_inf  w += rate sign(g)                         sign descent
    l1     w_j += rate sign(g_j), j = argmax |g_j|   coordinate descent (boosting)
Since |g|_* lies between gam * loss and max|z|_* * loss, rate = eta / sqrt(t) is the step size ~ 1/(loss sqrt(t)) that brings
the margin within O(log t / sqrt t) of the optimum (Gunasekar et al. 2018, arXiv:1802.08246; Nacson et al. 2019,
arXiv:1803.01905); constant rates give O(1/t) for l2 (Ji, Telgarsky 2021, arXiv:1906.04540). Adam with eps -> 0 goes to l_inf
(Zhang et al. 2024, arXiv:2406.10650), with a fixed eps > 0 eventually to l2.
Losses below 1e-300 are no obstacle: gradients are computed relative to that of the nearest row.

Shapes: Z (n, d), w (d,), g (d,).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from engine.state import State
from engine.theory.implicit_bias.interpolators import Order
from engine.theory.implicit_bias.optimisers import Optimiser, Schedule
from engine.theory.inputs import Floats, require
from engine.theory.margins.hard_margin import HardMargin
from engine.theory.margins.logistic_flow import Loss

Kind = Literal["normalised", "sign", "coordinate", "adam"]
OWN_NORM: dict[Kind, Order] = {"normalised": "l2", "sign": "linf", "coordinate": "l1", "adam": "linf"}
DUAL = {"l2": 2, "linf": 1, "l1": np.inf}


class RelativeGradient:
    """w -> g exp(shift) with g = sum z_n p_n, the summed loss's negative gradient; shift = the smallest margin if positive."""

    def __init__(self, Z: Floats, loss: Loss) -> None:
        self.Z, self.loss = Z, loss
        self.shift = 0.0
        self._margins = np.empty(len(Z))

    def __call__(self, w: Floats) -> Floats:
        """Return g exp(shift) (d,), of order |z| at any loss."""
        margins = np.dot(self.Z, w, out=self._margins)
        self.shift = max(float(margins.min()), 0.0)
        relative = np.exp(np.subtract(self.shift, margins, out=margins), out=margins)  # exp(shift - m)
        if self.loss == "logistic" and self.shift < 40:  # beyond, 1 + exp(-m) is 1 for every row
            relative = relative / (1 + relative * math.exp(-self.shift))
        pull: Floats = np.dot(relative, self.Z)
        return pull


class SteepestDescent(Optimiser):
    """Unit steps of steepest descent in the l1, l2 or l_inf norm."""

    def __init__(self, Z: Floats, order: Order, schedule: Schedule, loss: Loss) -> None:
        self.relative = RelativeGradient(Z, loss)
        self.order = order
        super().__init__(self.relative, np.zeros(Z.shape[1]), schedule)

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        w, eta, relative = self.w, float(self.schedule.eta), self.relative
        for factor in factors:
            pull = relative(w)
            if self.order == "l2":
                w += (eta * factor / math.sqrt(float(np.dot(pull, pull)))) * pull
            elif self.order == "linf":
                w += (eta * factor) * np.sign(pull)
            else:
                j = int(np.argmax(np.abs(pull)))
                w[j] += math.copysign(eta * factor, pull[j])


class SeparableAdam(Optimiser):
    """Adam on the summed loss. Its moments are kept relative to exp(-shift), so that eps = 0 works at any margin."""

    buffers = ("w", "mean", "square")

    def __init__(self, Z: Floats, schedule: Schedule, eps: float, loss: Loss, betas: tuple[float, float] = (0.9, 0.999)) -> None:
        require(0 <= eps <= 1, f"Adam's eps must be between 0 and 1, got {eps:g}")
        self.relative = RelativeGradient(Z, loss)
        super().__init__(self.relative, np.zeros(Z.shape[1]), schedule)
        self.eps, self.betas, self.shift = eps, betas, 0.0
        self.mean, self.square = np.zeros_like(self.w), np.zeros_like(self.w)

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        first, second = self.betas
        for index, factor in enumerate(factors, start=self.step + 1):
            pull = self.relative(self.w)
            rescale = math.exp(min(self.relative.shift - self.shift, 300.0))
            self.shift = self.relative.shift
            self.mean = (first * rescale) * self.mean + (1 - first) * pull
            self.square = (second * rescale**2) * self.square + (1 - second) * pull**2
            floor = max(self.eps * math.exp(min(self.shift, 600.0)), 1e-150)
            scale = np.sqrt(self.square / (1 - second**index)) + floor
            self.w += (float(self.schedule.eta) * factor / (1 - first**index)) * (self.mean / scale)

    def state(self) -> State:
        """Return everything that `restore` needs, the moments' scale included."""
        arrays, scalars = super().state()
        return State(arrays, {**scalars, "shift": self.shift})

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        super().restore(state)
        self.shift = float(state.scalars["shift"])


def margin_optimiser(
    kind: Kind, svm: HardMargin, *, eta: float = 10.0, rate: Literal["sqrt", "constant"] = "sqrt", eps: float = 0.0, loss: Loss = "logistic"
) -> Optimiser:
    """Return a stepper from w = 0 on the rows of a solved problem: where nothing separates them, the gradient vanishes somewhere.

    Args:
        eta: first step's length in units of 1 / max|z|_* (dual norm of the method's own), so that it moves a margin by eta at most.
        rate: step lengths eta / sqrt(t), or constant. eps: Adam's; 0 means l_inf for ever.

    Raises:
        ProblemError: eta not positive, eps outside 0..1.
    """
    rows = svm.Z
    require(eta > 0, f"the step size must be positive, got {eta:g}: with 0 nothing moves")
    order = OWN_NORM[kind]
    schedule = Schedule(eta / float(np.linalg.norm(rows, ord=DUAL[order], axis=1).max()), rate)
    return SeparableAdam(rows, schedule, eps, loss) if kind == "adam" else SteepestDescent(rows, order, schedule, loss)
