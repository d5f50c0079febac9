"""Minimum-norm least squares on the first d features of one draw, for a grid of d and any targets, with all eigenvalues.

Up to d = n one QR of X serves all d: its leading columns and triangle are those of X_d, and X_d^T X_d is a leading block
of X^T X. Beyond n the triangle of X_d^T = Q R takes up the new rows by reflections that leave its zeros alone (orthogonal all
the way; LAPACK's tpqrt), and X_d X_d^T grows by their products. The interpolator is X_d^T (R^T R)^-1 y, corrected once by its
own residual (Paige 1973).
`nested` gives every d at once for targets that do not change with d; here they may, and nothing squares the condition number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.inputs import Floats, finite_matrix, finite_vector, require

SQUARED = 1e-8
"""Ratio of smallest to largest eigenvalue below which squaring has cost half the digits: then the singular values are taken."""

BLOCK = 16
"""Columns that are reflected at once: the fastest for some hundred columns."""


@dataclass(frozen=True)
class NestedFit:
    """X (n, d), the first d features; eigenvalues (min(n, d),) of X^T X but for its d-n certain zeros, ascending.

    triangle: R of X = Q R up to d = n, of X^T = Q R beyond; basis: that Q (n, d), or None beyond.
    """

    X: Floats
    eigenvalues: Floats
    triangle: Floats
    basis: Floats | None

    @property
    def condition(self) -> float:
        """s_max/s_min over the min(n, d) singular values; infinite where X lacks rank."""
        smallest, largest = self.eigenvalues[0], self.eigenvalues[-1]
        return float(np.sqrt(largest / smallest)) if smallest > 0 else float("inf")

    @cached_property
    def full_rank(self) -> bool:
        """Whether the min(n, d) singular values are all above rounding."""
        return bool(self.eigenvalues[0] > 0)

    def solve(self, y: ArrayLike) -> Floats:
        """Return X^+ y, (d,): least squares up to d = n, the smallest interpolator beyond."""
        from scipy.linalg import solve_triangular

        targets = finite_vector(y, len(self.X), "y")
        if not self.full_rank:
            return np.asarray(np.linalg.lstsq(self.X, targets, rcond=None)[0], dtype=np.float64)
        if self.basis is not None:
            return np.asarray(solve_triangular(self.triangle, self.basis.T @ targets, check_finite=False))
        w = self._interpolate(targets)
        return w + self._interpolate(targets - self.X @ w)

    def _interpolate(self, y: Floats) -> Floats:
        from scipy.linalg import solve_triangular

        whitened = solve_triangular(self.triangle, y, trans="T", check_finite=False)
        return np.asarray(self.X.T @ solve_triangular(self.triangle, whitened, check_finite=False))


def nested_fits(X: ArrayLike, widths: ArrayLike) -> Iterator[NestedFit]:
    """Yield the fit of every width d, one at a time: a curve may be interrupted between two of them.

    Args:
        X: one draw, (n, D). widths: numbers of features, ascending, in 1..D.

    Raises:
        ProblemError: fewer than 2 samples, entries that are not finite, or widths that do not ascend or lie outside 1..D.
    """
    features = finite_matrix(X, "X")
    n, D = features.shape
    wanted = np.atleast_1d(np.asarray(widths, dtype=np.int64))
    require(n >= 2, f"an interpolation threshold needs at least 2 samples, got n={n}", "raise n")
    require(wanted.size > 0 and bool(np.all(np.diff(wanted) > 0)), "widths must ascend")
    require(wanted[0] >= 1 and wanted[-1] <= D, f"widths must lie in 1..{D}, got {wanted[0]} to {wanted[-1]}")
    yield from _least_squares(features, wanted[wanted <= n])
    yield from _interpolators(features, wanted[wanted > n])


def _least_squares(X: Floats, widths: NDArray[np.int64]) -> Iterator[NestedFit]:
    """The fits up to d = n."""
    if not widths.size:
        return
    most = X[:, : widths[-1]]
    basis, triangle = np.linalg.qr(most)
    gram = most.T @ most
    for d in widths:
        yield NestedFit(X[:, :d], _eigenvalues(X[:, :d], gram[:d, :d]), triangle[:d, :d], basis[:, :d])


def _interpolators(X: Floats, widths: NDArray[np.int64]) -> Iterator[NestedFit]:
    """The fits beyond d = n."""
    n = len(X)
    triangle, gram, before = np.zeros((n, n)), np.zeros((n, n)), 0
    for d in widths:
        fresh = X[:, before:d]
        triangle = _grown(triangle, fresh.T)
        gram, before = gram + fresh @ fresh.T, d
        yield NestedFit(X[:, :d], _eigenvalues(X[:, :d], gram), triangle, None)


def _grown(triangle: Floats, rows: Floats) -> Floats:
    """R of a triangle (n, n) on top of k rows (k, n), in 2 k n^2 operations instead of 2 (k + n) n^2."""
    from scipy.linalg.lapack import dtpqrt

    return np.asarray(dtpqrt(0, min(BLOCK, len(triangle)), triangle, rows)[0])


def _eigenvalues(X: Floats, gram: Floats) -> Floats:
    """Eigenvalues of the Gram matrix, from the singular values of X where squaring would lose them; exact 0 below rounding."""
    found = np.linalg.eigvalsh(gram)
    if found[0] > SQUARED * found[-1]:
        return np.asarray(found, dtype=np.float64)
    singular = np.linalg.svd(X, compute_uv=False)[::-1]
    noise = singular[-1] * max(X.shape) * np.finfo(np.float64).eps
    return np.asarray(np.where(singular > noise, singular, 0.0) ** 2, dtype=np.float64)
