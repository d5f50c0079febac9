"""Interpolators of smallest l1 and l_inf norm by linear programming, beside the l2 one: the same data, three different answers.

    min |w|_1   subject to X w = y:   w = p - q,  p, q >= 0,  minimise sum(p + q)
    min |w|_inf subject to X w = y:   w = x/c,  |x_i| <= 1, X x = c y,  maximise c
Solved exactly by HiGHS (`scipy.optimize.linprog`). Shapes: X (n, d), y (n,), w (d,).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.inputs import Floats, require
from engine.theory.linear_models.min_norm import LeastSquares, least_squares
from engine.theory.margins.linear_programme import minimise

Order = Literal["l1", "l2", "linf"]
MISFIT = 1e-9
"""Largest |X X^+ y - y| / |y| at which y counts as interpolable."""


def norm(w: Floats, order: Order) -> Floats:
    """|w| (...) of weights (..., d) in the l1, l2 or l_inf norm."""
    power = {"l1": 1, "l2": 2, "linf": np.inf}[order]
    return np.asarray(np.linalg.norm(w, ord=power, axis=-1), dtype=np.float64)


def require_interpolable(problem: LeastSquares) -> None:
    """Say so if no w fits.

    Raises:
        ProblemError: y has a part outside the column space of X.
    """
    require(
        problem.misfit <= MISFIT,
        f"no w interpolates: the part of y that X cannot fit is {problem.misfit:.2g} of |y| (rank {problem.rank} < n={len(problem.y)})",
        "raise d above n, or give duplicate rows equal targets",
    )


def min_norm_interpolator(X: ArrayLike, y: ArrayLike, order: Order) -> Floats:
    """Return the interpolator (d,) of smallest norm; for l1 and l_inf, a vertex where it is not unique.

    Raises:
        ProblemError: no interpolator exists, or X = 0 or has entries that are not finite.
    """
    problem = least_squares(X, y)
    require_interpolable(problem)
    if order == "l2" or not np.any(problem.y):
        return problem.solution
    # The r equations U^T X w = U^T y say the same as X w = y without its dependent rows, which an LP would find infeasible by rounding.
    equations = problem.singular_values[:, None] * problem.right
    scale = float(np.linalg.norm(problem.solution))  # solve for w / |w*|, so that the solver's absolute tolerances fit any units
    values = problem.left.T @ problem.y / scale
    solve = _l1 if order == "l1" else _linf
    w = solve(equations / problem.singular_values[0], values / problem.singular_values[0]) * scale
    return w + (problem.left.T @ problem.y - equations @ w) / problem.singular_values @ problem.right


def _l1(equations: Floats, values: Floats) -> Floats:
    d = equations.shape[1]
    parts = minimise(np.ones(2 * d), [(0, None)] * (2 * d), equal=(np.hstack([equations, -equations]), values), name="l1")
    solution: Floats = parts[:d] - parts[d:]
    return solution


def _linf(equations: Floats, values: Floats) -> Floats:
    rank, d = equations.shape
    balanced = (np.hstack([equations, -values[:, None]]), np.zeros(rank))
    ray = minimise(np.append(np.zeros(d), -1.0), [(-1, 1)] * d + [(0, None)], equal=balanced, name="l_inf")
    solution: Floats = ray[:d] / ray[d]
    return solution
