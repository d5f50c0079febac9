"""A two-layer network f(x) = a.act(W x) without biases, homogeneous of degree 2, and descent on the log of its summed logistic loss.

The step is halved until the log of the loss falls by at least a quarter of what its gradient promises (Armijo's rule), and grows by a
fiftieth after every step, up to its first length: on the log of the loss, steps stay useful however small the loss is (loss-based steps of
Lyu, Li 2020, arXiv:1906.05890, who ask for steps below the inverse smoothness: those that merely let the loss fall overshoot along sharp
directions, and the smoothed margin falls by up to 5 % where the flow's never does).

Shapes: X (n, d), y (n,) of -1 and +1, W (d, h), a (h,); theta (d h + h,) is both, W first.
"""

from __future__ import annotations

import numpy as np

from engine.state import State
from engine.theory.inputs import Floats
from engine.theory.margins.homogeneous import kkt_residual, log_loss

DEGREE = 2
FIRST_STEP, GROWTH, HALVINGS = 0.1, 1.02, 60
SUFFICIENT = 0.25  # of the fall that the gradient promises
WINDOW = 200  # steps over which the direction of motion is read
LOG_LOSS, SQUARED, LEAST, ANGLE, SLACK = range(5)  # columns of the trail


class TwoLayer:
    """The function. relu: whether its activation is a ReLU, else the identity."""

    def __init__(self, X: Floats, y: Floats, units: int, relu: bool) -> None:
        self.X, self.y, self.units, self.relu = X, y, units, relu

    def first_weights(self, rng: np.random.Generator) -> Floats:
        """Draw theta: normal of variance 1/fan_in in both layers."""
        d, h = self.X.shape[1], self.units
        return np.concatenate([rng.standard_normal(d * h) / np.sqrt(d), rng.standard_normal(h) / np.sqrt(h)])

    def split(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return W (d, h) and a (h,)."""
        d, h = self.X.shape[1], self.units
        return theta[: d * h].reshape(d, h), theta[d * h :]

    def outputs(self, theta: Floats, X: Floats) -> Floats:
        """Return f (m,) of inputs X (m, d)."""
        W, a = self.split(theta)
        return np.asarray(self._active(X @ W) @ a)

    def margins(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return q (n,) and the hidden layer before its activation, (n, h)."""
        W, a = self.split(theta)
        hidden = self.X @ W
        return self.y * (self._active(hidden) @ a), hidden

    def pull(self, theta: Floats, hidden: Floats, lam: Floats) -> Floats:
        """Return sum_i lam_i grad q_i (d h + h,); the ReLU's derivative at 0 is 0."""
        _, a = self.split(theta)
        weighted = lam * self.y
        back = np.outer(weighted, a)
        if self.relu:
            back *= hidden > 0
        return np.concatenate([(self.X.T @ back).ravel(), self._active(hidden).T @ weighted])

    def _active(self, hidden: Floats) -> Floats:
        return np.maximum(hidden, 0.0) if self.relu else hidden


class LogLossDescent:
    """Descent from drawn weights.

    Attributes:
        theta: the weights; step: how many steps are made; rate: length of the next, before halvings.
        trail: (steps + 1, 5) by step, filled up to `step`: log loss, |theta|^2, least q, 1 - cos of theta with the pull, slackness.
        motion: (steps // WINDOW,) 1 - cos of theta with what the last WINDOW steps have added to it, at every WINDOW steps.
    """

    def __init__(self, network: TwoLayer, steps: int, rng: np.random.Generator) -> None:
        self.network, self.theta = network, network.first_weights(rng)
        self.step, self.rate = 0, FIRST_STEP
        self.trail = np.full((steps + 1, 5), np.nan)
        self.motion = np.full(steps // WINDOW, np.nan)
        self._before = self.theta.copy()
        self._look(*network.margins(self.theta))

    def advance(self, steps: int) -> None:
        """Make steps."""
        for _ in range(steps):
            self._step()

    def _step(self) -> None:
        loss, promised = self.trail[self.step, LOG_LOSS], SUFFICIENT * float(self._pull @ self._pull)
        for _ in range(HALVINGS):
            tried = self.theta + self.rate * self._pull
            q, hidden = self.network.margins(tried)
            if log_loss(q)[0] < loss - self.rate * promised:
                self.theta = tried
                break
            self.rate /= 2
        else:
            q, hidden = self.network.margins(self.theta)
        self.rate = min(self.rate * GROWTH, FIRST_STEP)
        self.step += 1
        self._look(q, hidden)
        if self.step % WINDOW == 0:
            moved = self.theta - self._before
            length = float(np.linalg.norm(moved) * np.linalg.norm(self.theta))
            self.motion[self.step // WINDOW - 1] = 1 - float(moved @ self.theta) / length if length > 0 else 1.0
            self._before = self.theta.copy()

    def _look(self, q: Floats, hidden: Floats) -> None:
        """Write a row of the trail, and keep the pull for the next step."""
        logs, lam = log_loss(q)
        self._pull = self.network.pull(self.theta, hidden, lam)
        self.trail[self.step] = logs, self.theta @ self.theta, q.min(), *kkt_residual(q, lam, self.theta, self._pull)

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""
        arrays = {"theta": self.theta, "before": self._before, "trail": self.trail[: self.step + 1].copy(), "motion": self.motion.copy()}
        return State(arrays, {"step": self.step, "rate": self.rate})

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        self.theta, self._before = (np.array(state.arrays[name], dtype=np.float64) for name in ("theta", "before"))
        self.step, self.rate = int(state.scalars["step"]), float(state.scalars["rate"])
        self.trail[: self.step + 1], self.motion[:] = state.arrays["trail"], state.arrays["motion"]
        self._look(*self.network.margins(self.theta))
