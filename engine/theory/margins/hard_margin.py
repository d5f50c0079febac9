"""The hard-margin SVM through the origin, exactly and with its optimality residual.

Rows z_i = y_i x_i. The SVM is w_hat = argmin {|w|^2 : z_i.w >= 1}, of margin gam = 1/|w_hat|; w_hat = sum alpha_i z_i with
alpha >= 0 on the support vectors and sum alpha = |w_hat|^2. It is the smallest point of the convex hull of the rows, and
that is a non-negative least-squares problem: minimise |[Z^T; 1^T] a - [0; 1]|^2 over a >= 0, then w_hat is Z^T a divided
by its own smallest product with a row (Lawson, Hanson 1974, ch. 23: least distance programming). A residual of 0 is a
convex combination of rows at the origin: the certificate that nothing separates them.

Shapes: Z (n, d), w (d,), alpha (n,). A bias is an appended constant (`with_bias`); the margin is then in |(w, b)|.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import LinearConstraint, minimize, nnls

from engine.errors import ProblemError
from engine.theory.inputs import Floats, finite_matrix, finite_vector, require

ON_MARGIN = 1e-9
"""A row counts as support vector where z.w_hat - 1 is below this (or below rounding, 1e-13 |z| |w_hat|, if that is more)."""

NOT_SEPARABLE = 1e-7
"""Margins below this fraction of the longest row are not told apart from 0."""


class NotSeparable(ProblemError):
    """No separator through the origin. rows: those, counted from 0, of which a convex combination is the origin."""

    def __init__(self, message: str, hint: str = "", rows: tuple[int, ...] = ()) -> None:
        super().__init__(message, hint)
        self.rows = rows


@dataclass(frozen=True)
class HardMargin:
    """The hard-margin SVM of rows Z.

    Attributes:
        Z: (n, d). w: (d,) w_hat. alpha: (n,) dual weights. margins: (n,) z_i.w_hat, exactly 1 on the support.
        support: (n,) bool, rows on the margin. kkt: largest violation of the optimality conditions, relative.
    """

    Z: Floats
    w: Floats
    alpha: Floats
    margins: Floats
    support: np.ndarray[tuple[int], np.dtype[np.bool_]]
    kkt: float

    @property
    def norm(self) -> float:
        """|w_hat|."""
        return float(np.linalg.norm(self.w))

    @property
    def margin(self) -> float:
        """The l2 margin gam = 1/|w_hat|: distance of the nearest row from the separator."""
        return 1 / self.norm


def signed_rows(X: ArrayLike, y: ArrayLike) -> Floats:
    """Return z_i = y_i x_i (n, d) for labels y (n,) of -1 and +1.

    Raises:
        ProblemError: another label, or entries that are not finite.
    """
    points = finite_matrix(X, "X")
    labels = finite_vector(y, len(points), "y")
    require(bool(np.all(np.abs(labels) == 1)), "labels must be -1 or +1")
    return points * labels[:, None]


def with_bias(X: ArrayLike, constant: float = 1.0) -> Floats:
    """Return X (n, d + 1) with a constant column: its weight is the bias, in units of `constant`, and counts in the norm."""
    points = finite_matrix(X, "X")
    return np.hstack([points, np.full((len(points), 1), float(constant))])


def hard_margin_svm(Z: ArrayLike) -> HardMargin:
    """Solve the hard-margin SVM through the origin.

    Args:
        Z: (n, d) rows y_i x_i; duplicates are fine.

    Raises:
        NotSeparable: with the certificate.
        ProblemError: a row that is 0 or not finite.
    """
    rows = finite_matrix(Z, "Z")
    lengths = np.linalg.norm(rows, axis=1)
    zero = np.flatnonzero(lengths == 0)
    require(len(zero) == 0, f"row {zero[0] if len(zero) else 0} of the data is 0: no separator through the origin gives it a margin")
    scale = float(lengths.max())
    weights = _nearest_hull_point(rows / scale)
    direction = (rows / scale).T @ weights
    smallest = float(np.min(rows / scale @ direction))
    if np.linalg.norm(direction) < NOT_SEPARABLE or smallest <= 0:
        raise _not_separable(weights, float(np.linalg.norm(direction)))
    w, alpha = direction / (smallest * scale), weights / (smallest * scale**2)
    w, alpha = _polished(rows, w, alpha)
    margins = rows @ w
    support = margins < 1 + max(ON_MARGIN, 1e-13 * scale * float(np.linalg.norm(w)))
    return HardMargin(rows, w, alpha, np.where(support, 1.0, margins), support, _kkt_residual(rows, w, alpha))


def hard_margin_by_sequential_programming(Z: ArrayLike) -> Floats:
    """Return w_hat (d,) by a second route that shares nothing with the first: SLSQP on the primal, to about 1e-8.

    Raises:
        ProblemError: SLSQP found no feasible minimum.
    """
    rows = finite_matrix(Z, "Z")
    scale = float(np.linalg.norm(rows, axis=1).max())
    unit = rows / scale
    start = np.asarray(np.linalg.lstsq(unit, np.ones(len(unit)), rcond=None)[0], dtype=np.float64)
    limits = LinearConstraint(unit, 1.0, np.inf)
    found = minimize(_half_square, start, jac=True, method="SLSQP", options={"ftol": 1e-16, "maxiter": 1000}, constraints=limits)
    feasible = float(np.min(unit @ found.x)) > 1 - 1e-6
    require(feasible, f"SLSQP found no separator through the origin: {found.message}")
    return np.asarray(found.x, dtype=np.float64) / scale


def _half_square(w: Floats) -> tuple[float, Floats]:
    return 0.5 * float(w @ w), w


def _nearest_hull_point(rows: Floats) -> Floats:
    """Weights a >= 0 of the smallest convex combination of the rows, up to scale."""
    n, d = rows.shape
    system = np.vstack([rows.T, np.ones(n)])
    try:
        weights, _ = nnls(system, np.append(np.zeros(d), 1.0), maxiter=max(1000, 30 * n))
    except RuntimeError:
        raise ProblemError(f"the support vectors of {n} rows were not found in {max(1000, 30 * n)} exchanges", "scale the data") from None
    return np.asarray(weights, dtype=np.float64)


def _polished(rows: Floats, w: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Solve z_i.w = 1 once more on the rows that carry weight, and keep it if it violates nothing."""
    active = np.flatnonzero(alpha > 0)
    gram = rows[active] @ rows[active].T
    correction = np.linalg.lstsq(gram, 1 - rows[active] @ w, rcond=None)[0]
    better = alpha.copy()
    better[active] += correction
    refined = rows.T @ better
    return (
        (refined, better) if np.all(better >= 0) and _kkt_residual(rows, refined, better) <= _kkt_residual(rows, w, alpha) else (w, alpha)
    )


def _kkt_residual(rows: Floats, w: Floats, alpha: Floats) -> float:
    """Largest of: |w - Z^T alpha| / |w|, 1 - z.w, alpha (z.w - 1) / |w|^2, -alpha / |w|^2."""
    excess = rows @ w - 1
    size = float(np.linalg.norm(w))
    stationarity = float(np.linalg.norm(w - rows.T @ alpha)) / size
    complementarity = float(np.max(np.abs(alpha * excess))) / size**2
    return max(stationarity, float(np.max(-excess)), complementarity, float(np.max(-alpha)) / size**2)


def _not_separable(weights: Floats, distance: float) -> NotSeparable:
    used = np.flatnonzero(weights > 0)
    shown = ", ".join(f"{weights[i] / weights.sum():.3g} of row {i}" for i in used[:3])
    more = f" and {len(used) - 3} more" if len(used) > 3 else ""
    return NotSeparable(
        f"the data are not separable through the origin (up to rounding): {shown}{more} add up to within {distance:.1g} of it",
        "raise d, lower n, or append a constant for a bias",
        tuple(used.tolist()),
    )
