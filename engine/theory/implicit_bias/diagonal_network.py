"""Diagonal linear networks w = u*u - v*v: their limit by a convex programme, from the l2 to the l1 interpolator.

Gradient flow on .5 |X w - y|^2 from u = v = alpha reaches the interpolator that minimises
    Q_alpha(w) = alpha^2 sum q(w_i / alpha^2),   q(z) = 2 - sqrt(4 + z^2) + z asinh(z/2)
(Woodworth et al. 2020, arXiv:2002.09277, Theorem 1): the l2 norm as alpha -> infinity, l1 as alpha -> 0. Since
q'(z) = asinh(z/2), the solution is w = 2 alpha^2 sinh(X^T nu), with nu the minimiser of the smooth convex dual
    D(nu) = 2 alpha^2 sum (cosh(x_i.nu) - 1) - y.nu        (x_i: column i of X)
whose gradient is X w - y; so asinh(w / (2 alpha^2)) lies in the row space of X.

Shapes: X (n, d), y (n,), w (d,), nu (n,).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve

from engine.theory.implicit_bias.interpolators import require_interpolable
from engine.theory.inputs import Floats, require
from engine.theory.linear_models.min_norm import LeastSquares

ITERATIONS = 500
LARGEST_MOVE = 1.0
"""Most that a Newton step may change any x_i.nu: within it, cosh'' varies by a factor e at most, and Newton's model holds."""


def kkt_residual(problem: LeastSquares, w: Floats, alpha: float) -> float:
    """Part of asinh(w / (2 alpha^2)) outside the row space of X, over its length; 0 at the limit of the flow."""
    mirror = np.arcsinh(w / (2 * alpha**2))
    return float(np.linalg.norm(problem.null_component(mirror)) / max(float(np.linalg.norm(mirror)), np.finfo(np.float64).tiny))


def q_interpolator(problem: LeastSquares, alpha: float) -> Floats:
    """Return argmin {Q_alpha(w): X w = y} (d,) by damped Newton on the dual.

    Args:
        alpha: initial scale of u and v, 1e-6 to 1e6.

    Raises:
        ProblemError: alpha outside its range, or no interpolator.
    """
    require(1e-6 <= alpha <= 1e6, f"alpha must be between 1e-6 and 1e6, got {alpha:g}")
    require_interpolable(problem)
    # One equation per singular direction: rows V^T of unit length, targets u_i^T y / s_i. Duplicate rows are gone.
    rows, targets = problem.right, problem.targets
    if not np.any(targets):
        return np.zeros(rows.shape[1])
    return 2 * alpha**2 * np.sinh(_dual(rows, targets, alpha) @ rows)


def _dual(rows: Floats, targets: Floats, alpha: float) -> Floats:
    """Minimise D(nu); rows (r, d) orthonormal, targets (r,). Newton's steps are shortened, never lengthened."""
    nu = np.zeros(len(targets))
    best, stalled = np.inf, 0
    for _ in range(ITERATIONS):
        exponents = nu @ rows
        gradient = rows @ (2 * alpha**2 * np.sinh(exponents)) - targets
        residual = float(np.linalg.norm(gradient)) / float(np.linalg.norm(targets))
        stalled = stalled + 1 if residual >= best and best < 1e-10 else 0
        best = min(best, residual)
        if residual < 1e-15 or stalled >= 3:
            break
        curvature = (rows * (2 * alpha**2 * np.cosh(exponents))) @ rows.T
        step = solve(curvature, -gradient, assume_a="pos")
        nu = nu + step * min(1.0, LARGEST_MOVE / float(np.max(np.abs(step @ rows))))
    require(best < 1e-8, f"the dual of the diagonal network did not converge at alpha={alpha:g}: residual {best:.2g}", "raise alpha")
    return nu
