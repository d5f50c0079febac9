"""True gradient descent on the summed logistic loss of separable data: what the flow is compared with, step by step.

    w_{t+1} = w_t + eta sum z_n / (1 + exp(z_n.w_t)),      optionally with heavy-ball momentum beta
It converges for eta < 8 / s_max^2 (the loss has smoothness s_max^2 / 4), and then follows Soudry et al. 2018,
arXiv:1710.10345. Flow and descent correspond by s = eta t (with momentum s = eta t / (1 - beta)).
The loop holds -Z and eta Z, so that a step is two products, one sigmoid and one sum.

Shapes: Z (n, d), w (d,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from engine.state import State
from engine.theory.inputs import Floats, finite_matrix, require


def logistic_step_limit(Z: Floats) -> float:
    """8 / s_max^2: gradient descent on the summed logistic loss converges for every smaller step."""
    return float(8 / np.linalg.norm(Z, 2) ** 2)


class LogisticDescent:
    """A resumable stepper. Attributes: w (d,), read it between calls; step: how many steps were made."""

    def __init__(self, Z: ArrayLike, eta: float, beta: float = 0.0) -> None:
        rows = finite_matrix(Z, "Z")
        require(eta > 0, f"the step size must be positive, got {eta:g}: with 0 nothing moves")
        require(0 <= beta < 1, f"momentum must be at least 0 and below 1, got {beta:g}")
        self.eta, self.beta, self.step = eta, beta, 0
        self.w = np.zeros(rows.shape[1])
        self.velocity = np.zeros(rows.shape[1])
        self._negative, self._pull = -rows, eta * rows

    @property
    def flow_time(self) -> float:
        """The flow's time that a step takes: after t steps s is t times as much."""
        return self.eta / (1 - self.beta)

    def advance(self, steps: int) -> None:
        """Make `steps` further steps."""
        if self.beta:
            self._advance_momentum(steps)
        else:
            self._advance(steps)
        self.step += steps

    def path(self, steps: ArrayLike) -> Floats:
        """Return w (k, d) at k ascending step counts from the present one on.

        Raises:
            ProblemError: a step count behind the present one.
        """
        found = []
        for target in np.atleast_1d(np.asarray(steps, dtype=np.int64)):
            require(target >= self.step, f"descent is at step {self.step} and cannot go back to {target}")
            self.advance(int(target) - self.step)
            found.append(self.w.copy())
        return np.array(found)

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""
        return State({"w": self.w.copy(), "velocity": self.velocity.copy()}, {"step": self.step})

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        self.w, self.velocity = (np.array(state.arrays[name], dtype=np.float64) for name in ("w", "velocity"))
        self.step = int(state.scalars["step"])

    def _advance(self, steps: int) -> None:
        negative, pull, w, dot, add, sigmoid = self._negative, self._pull, self.w, np.dot, np.add, expit
        p, change = np.empty(len(negative)), np.empty(len(w))
        for _ in range(steps):
            dot(negative, w, p)
            sigmoid(p, p)
            dot(p, pull, change)
            add(w, change, w)

    def _advance_momentum(self, steps: int) -> None:
        negative, pull, w, velocity = self._negative, self._pull, self.w, self.velocity
        p, change = np.empty(len(negative)), np.empty(len(w))
        for _ in range(steps):
            np.dot(negative, w, p)
            expit(p, p)
            np.dot(p, pull, change)
            np.multiply(velocity, self.beta, velocity)
            np.add(velocity, change, velocity)
            np.add(w, velocity, w)
