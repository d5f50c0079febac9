"""When every point is a support vector: the hard-margin classifier is then the least-norm fit of the labels themselves.

With rows X (n, d) of rank n and K = X X^T, the least-norm interpolant of labels y is the max-margin classifier just when all duals
b_i = y_i (K^-1 y)_i are at least 0 (Muthukumar et al. 2021, arXiv:2005.08054; Hsu, Muthukumar, Xu 2021, arXiv:2009.10670: so it is where d
is well above n log n). For isotropic Gaussian rows and labels independent of them, given all other rows b_i is a normal over a chi
variable, so that with m = d - n + 2 (our own derivation, simulated in the tests)
    P(b_i < 0) = P(t_m > sqrt(m/(n-1))),   t_m Student's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import brentq, nnls
from scipy.stats import t as student

from engine.theory.inputs import Floats, finite_matrix, finite_vector, require


def duals(X: ArrayLike, y: ArrayLike) -> Floats:
    """Return y_i (K^-1 y)_i for rows X (n, d) and labels y (n,) of +1 and -1, (n,).

    Raises:
        ProblemError: X X^T cannot be inverted.
    """
    rows = finite_matrix(X, "X")
    labels = finite_vector(y, len(rows), "y")
    kernel = rows @ rows.T
    rank = int(np.linalg.matrix_rank(kernel, hermitian=True))
    require(rank == len(rows), f"X X^T must be invertible, got rank {rank} of {len(rows)} rows", "raise d above n")
    return duals_of(kernel, labels)


def duals_of(kernel: Floats, labels: Floats) -> Floats:
    """Return y_i (K^-1 y)_i of a positive definite kernel K = X X^T (n, n) and labels (n,) of +1 and -1, (n,)."""
    return np.asarray(labels * cho_solve(cho_factor(kernel), labels))


def support(kernel: Floats, labels: Floats) -> NDArray[np.bool_]:
    """Return which points support the max margin through the origin, (n,), of a positive definite kernel X X^T (n, n).

    Its weights a >= 0 have the least a^T Q a/2 - sum a, where Q_ij = y_i K_ij y_j = (F^T F)_ij: the non-negative least squares of F a and
    F^-T 1 (Lawson, Hanson 1974, ch. 23).
    """
    factor = np.linalg.cholesky(labels[:, None] * kernel * labels).T
    weights, _ = nnls(factor, solve_triangular(factor, np.ones(len(labels)), trans="T"))
    return np.asarray(weights > 0)


def negative_duals(n: int, d: ArrayLike) -> Floats:
    """Return the expected number of negative duals, n P(t_m > sqrt(m/(n-1))), over a grid of d >= n; isotropic Gaussian rows.

    >>> float(np.round(negative_duals(50, 391), 3))
    0.213

    Raises:
        ProblemError: n below 2, or d below n.
    """
    require(n >= 2, f"n must be at least 2, got {n}")
    sizes = np.asarray(d, dtype=np.float64)
    require(bool(np.all(sizes >= n)), f"d must be at least n={n}, got {float(np.min(sizes)):g}")
    m = sizes - n + 2
    return np.asarray(n * student.sf(np.sqrt(m / (n - 1)), m))


def all_support_probability(n: int, d: ArrayLike) -> Floats:
    """Return about the probability that every point is a support vector, exp(-E): exact if negative duals came independently."""
    return np.exp(-negative_duals(n, d))


def half_point(n: int) -> float:
    """Return d/(n ln n) at which `all_support_probability` is 1/2; it grows towards 2 slowly (1.52 at n = 100, 1.76 at 1e6)."""
    unit = n * np.log(n)
    return float(brentq(lambda c: float(negative_duals(n, max(n, c * unit))) - np.log(2), n / unit, 10.0, xtol=1e-10))
