"""Every optimiser on .5 |X w - y|^2: which share gradient descent's limit X^+ y + P_null w_0, and which do not.

Gradient descent, heavy ball, Nesterov and minibatch SGD move in w_0 + rowspace(X), so with a convergent constant step on
interpolable data they share the limit. A minibatch gradient here is the sum over the batch, without the factor n/batch:
since |X_B| <= |X|, every step below 2 / s_max^2 then contracts towards every interpolator, whatever the batch. Sign
descent and Adam leave that space; their limit depends on the step. Sources: Gunasekar et al. 2018, arXiv:1802.08246;
Wilson et al. 2017, arXiv:1705.08292.

Shapes: X (n, d), y (n,), w (d,) or (runs, d).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from engine.state import State
from engine.theory.implicit_bias.optimisers import Adam, GradientDescent, HeavyBall, Nesterov, Optimiser, Schedule, SignDescent
from engine.theory.inputs import Floats, require
from engine.theory.linear_models.min_norm import LeastSquares

Method = Literal["gd", "sgd", "momentum", "nesterov", "adam", "sign"]
STEEPEST = 25.0
"""Largest step, in units of the limit 2 / s_max^2, at which divergence still stays within float64 between two looks."""


class LeastSquaresGradient:
    """w -> X^T (X w - y), in buffers that are reused."""

    def __init__(self, X: Floats, y: Floats) -> None:
        self.X = np.ascontiguousarray(X)
        self.y = y
        self._residual = np.empty(0)
        self._gradient = np.empty(0)

    def __call__(self, w: Floats) -> Floats:
        """Return the gradient (..., d)."""
        if self._gradient.shape != w.shape:
            self._residual, self._gradient = np.empty((*w.shape[:-1], len(self.y))), np.empty_like(w)
        np.dot(w, self.X.T, out=self._residual)
        np.subtract(self._residual, self.y, out=self._residual)
        np.dot(self._residual, self.X, out=self._gradient)
        return self._gradient


class MinibatchSGD(Optimiser):
    """SGD over `batch` rows at a time, in a new order every epoch; the last batch of an epoch may be smaller."""

    buffers = ("w", "order")

    def __init__(self, X: Floats, y: Floats, start: Floats, schedule: Schedule, batch: int, rng: np.random.Generator) -> None:
        super().__init__(LeastSquaresGradient(X, y), start, schedule)
        require(1 <= batch <= len(X), f"the batch must be between 1 and n={len(X)}, got {batch}")
        self.X, self.y, self.batch, self.rng = X, y, batch, rng
        self.order = np.empty(0)
        self._rows, self._targets = X, y

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        per_epoch = -(-len(self.X) // self.batch)
        for index, factor in enumerate(factors, start=self.step):
            position = index % per_epoch
            if position == 0:
                self._shuffle(self.rng.permutation(len(self.X)))
            batch = slice(position * self.batch, (position + 1) * self.batch)
            rows = self._rows[batch]
            residual = np.dot(self.w, rows.T) - self._targets[batch]
            self.w -= (self.schedule.eta * factor) * np.dot(residual, rows)

    def state(self) -> State:
        """Return everything that `restore` needs, the order stream included."""
        arrays, scalars = super().state()
        return State(arrays, {**scalars, "rng": self.rng.bit_generator.state})

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        super().restore(state)
        self.rng.bit_generator.state = state.scalars["rng"]
        if len(self.order):
            self._shuffle(self.order.astype(np.int64))

    def _shuffle(self, order: Any) -> None:
        self.order = order.astype(np.float64)
        self._rows, self._targets = self.X[order], self.y[order]


def step_limit(method: Method, problem: LeastSquares, beta: float = 0.9) -> float:
    """Largest convergent constant step of a method; infinity for sign descent and Adam, which never converge with one.

    Heavy ball 2 (1 + beta) / s_max^2, Nesterov 2 (1 + beta) / ((1 + 2 beta) s_max^2), GD and batch-sum SGD 2 / s_max^2:
    where the largest root of the two-term recursion of the steepest direction reaches modulus 1.
    """
    if method in ("adam", "sign"):
        return float("inf")
    factor = {"momentum": 1 + beta, "nesterov": (1 + beta) / (1 + 2 * beta)}.get(method, 1.0)
    return problem.step_limit * factor


def steps_to(method: Method, problem: LeastSquares, eta: float, tolerance: float, beta: float = 0.9) -> float:
    """Steps until the error of a convergent method has shrunk by `tolerance` in every direction, from its slowest root; at least.

    The roots z of the recursion of a direction with c = eta s^2: heavy ball z^2 - (1 + beta - c) z + beta, Nesterov
    z^2 - (1 + beta)(1 - c) z + beta (1 - c), gradient descent z = 1 - c (of SGD, what its mean does at full batches).

    Raises:
        ProblemError: adam and sign, which have no such recursion.
    """
    require(method not in ("adam", "sign"), f"{method} does not converge linearly")
    if method not in ("momentum", "nesterov"):
        return problem.steps_to(tolerance, eta)
    kept = 1 - eta * problem.singular_values**2
    linear, constant = (kept + beta, np.full_like(kept, beta)) if method == "momentum" else ((1 + beta) * kept, beta * kept)
    roots = np.sqrt((linear / 2) ** 2 - constant + 0j)
    slowest = float(np.abs(np.stack([linear / 2 + roots, linear / 2 - roots])).max(initial=0.0))
    if slowest >= 1:
        return float("inf")
    return 1.0 if slowest == 0 else max(1.0, float(np.log(tolerance) / np.log(slowest)))


def least_squares_optimiser(
    method: Method,
    problem: LeastSquares,
    schedule: Schedule,
    *,
    start: Floats | None = None,
    beta: float = 0.9,
    eps: float = 1e-8,
    batch: int = 1,
    rng: np.random.Generator | None = None,
) -> Optimiser:
    """Return a stepper for a least-squares problem.

    Args:
        schedule: step sizes in absolute units (not of the limit); eta may be (runs, 1).
        start: (d,) or (runs, d); zeros by default, (runs, d) where eta has runs.
        beta: of momentum and nesterov. eps: of adam. batch, rng: of sgd; rng draws the orders.

    Raises:
        ProblemError: a negative or non-finite step, or one more than 25 times the limit 2 / s_max^2 (not of sign and adam).
    """
    eta = np.asarray(schedule.eta, dtype=np.float64)
    require(bool(np.all(np.isfinite(eta) & (eta >= 0))), f"the step size must be a number of at least 0, got {eta.min():g}")
    units = float(eta.max()) / problem.step_limit
    require(
        method in ("adam", "sign") or units <= STEEPEST,
        f"the step size is {units:.3g} times its limit 2/s_max^2={problem.step_limit:.3g}; up to {STEEPEST:g} times is shown diverging",
        "lower eta",
    )
    d = problem.X.shape[1]
    w = np.zeros((len(eta), d) if eta.ndim else d) if start is None else np.asarray(start, dtype=np.float64)
    if method == "sgd":
        return MinibatchSGD(problem.X, problem.y, w, schedule, batch, rng or np.random.default_rng(0))
    gradient = LeastSquaresGradient(problem.X, problem.y)
    if method == "adam":
        return Adam(gradient, w, schedule, eps=eps)
    if method in ("momentum", "nesterov"):
        return (HeavyBall if method == "momentum" else Nesterov)(gradient, w, schedule, beta=beta)
    return (GradientDescent if method == "gd" else SignDescent)(gradient, w, schedule)
