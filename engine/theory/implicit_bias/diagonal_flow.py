"""The path of a diagonal linear network w = u*u - v*v: gradient flow by its mirror equation, and the true iteration on u, v.

Flow on .5 |X w - y|^2 from u = v = alpha conserves u_i v_i = alpha^2, so that with residual integrals nu,
    w = 2 alpha^2 sinh(4 X^T nu),   dnu/dt = y - X w
(Woodworth et al. 2020, arXiv:2002.09277, appendix). In singular directions c = S U^T nu: r unknowns instead of 2 d,
    w = 2 alpha^2 sinh(4 V c),   dc/dt = S^2 (X^+ y - w restricted to V).

Shapes: X (n, d), y (n,), w, u, v (d,), k times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.state import State
from engine.theory.implicit_bias.optimisers import Optimiser, Schedule
from engine.theory.implicit_bias.stiff_flow import integrate
from engine.theory.inputs import Floats, require
from engine.theory.linear_models.least_squares_descent import LeastSquaresGradient
from engine.theory.linear_models.min_norm import SATURATION, LeastSquares

RUNAWAY = 1e4
"""A step that multiplies a weight by more has diverged: growth is cubic from there, u and v are set to their largest values."""


def diagonal_flow(problem: LeastSquares, alpha: float, times: ArrayLike) -> Floats:
    """Return w(t) (k, d) of the network's gradient flow at k ascending positive times.

    Raises:
        ProblemError: alpha or a time not positive, times not ascending.
    """
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    require(alpha > 0, f"alpha must be positive, got {alpha:g}: from u = v = 0 the network never moves")
    require(bool(np.all(t > 0) and np.all(np.diff(t) >= 0)), "times must be positive and ascend")
    rows, squares, targets = problem.right, problem.singular_values**2, problem.targets
    slope = squares * targets  # dc/dt at w = 0
    fastest = squares[0] * max(8 * alpha**2, 4 * float(np.max(np.abs(targets @ rows))))
    first = min(1e-3 / fastest, float(t[0]))

    def weights(c: Floats) -> Floats:
        w: Floats = 2 * alpha**2 * np.sinh(4 * np.clip(c @ rows, -150, 150))  # the clip only meets the integrator's trial steps
        return w

    def rate(c: Floats, log_t: float) -> Floats:
        change: Floats = np.exp(log_t) * (slope - squares * (rows @ weights(c)))
        return change

    def jacobian(c: Floats, log_t: float) -> Floats:
        width = 8 * alpha**2 * np.cosh(4 * np.clip(c @ rows, -150, 150))
        slopes: Floats = -np.exp(log_t) * (squares[:, None] * ((rows * width) @ rows.T))
        return slopes

    # At the start dc/dt = S^2 (targets - 8 alpha^2 c): exact to first order in t, and t is a thousandth of every time scale.
    start = targets * -np.expm1(-8 * alpha**2 * squares * first) / (8 * alpha**2)
    path = integrate(rate, jacobian, start, np.concatenate([[np.log(first)], np.log(t)]), rtol=1e-10, atol=1e-12)
    return weights(path[1:])


class DiagonalNetworkDescent(Optimiser):
    """True gradient descent on u and v from u = v = alpha; `w` is u*u - v*v.

    With X, y of the problem, gradients are 2 u g and -2 v g, g = X^T (X w - y).
    """

    buffers = ("u", "v")

    def __init__(self, problem: LeastSquares, alpha: float, schedule: Schedule) -> None:
        d = problem.X.shape[1]
        require(alpha > 0, f"alpha must be positive, got {alpha:g}: from u = v = 0 the network never moves")
        super().__init__(LeastSquaresGradient(problem.X, problem.y), np.zeros(d), schedule)
        self.u, self.v = np.full(d, float(alpha)), np.full(d, float(alpha))

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        u, v = self.u, self.v
        change = np.empty_like(u)
        for factor in factors:
            np.subtract(u * u, v * v, out=self.w)
            np.multiply(self.gradient(self.w), 2 * self.schedule.eta * factor, out=change)
            if np.dot(change, change) > RUNAWAY**2:
                u.fill(np.sqrt(SATURATION))
                v.fill(0)
                break
            u *= 1 - change
            v *= 1 + change
        np.subtract(u * u, v * v, out=self.w)

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        super().restore(state)
        self.w = self.u * self.u - self.v * self.v


def diagonal_step(problem: LeastSquares, alpha: float, fraction: float = 0.5) -> float:
    """A stable step for `DiagonalNetworkDescent`: `fraction` of 2 / (4 s_max^2 max(alpha^2 + alpha^2, 2 max|X^+ y|)).

    At a solution the Hessian is 4 [u, -v] X^T X [u, -v]^T with norm at most 4 s_max^2 max(u^2 + v^2); u^2 + v^2 equals
    sqrt(w^2 + 4 alpha^4) along the flow, and |w_i| stays of the order of the largest weight of the interpolator.
    """
    scale = float(np.hypot(2 * alpha**2, 2 * max(np.max(np.abs(problem.solution)), np.linalg.norm(problem.solution))))
    return fraction * problem.step_limit / (4 * scale)
