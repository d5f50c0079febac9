"""Why more features give a smaller interpolator: the expected squared norm of the minimum-norm solution, and nested draws.

For X (n, d) with independent standard Gaussian entries, y = X b + noise, |b|^2 = r2, noise variance sigma2:
    d >= n + 2:  E |w*|^2 = r2 n/d + sigma2 n/(d - n - 1)     (pure noise: E |y|^2/(d - n - 1))
    d <= n - 2:  E |w*|^2 = r2 + sigma2 d/(n - d - 1)
    |n - d| <= 1: infinite when sigma2 > 0
from E X^+X = (n/d) I and the mean of the inverse Wishart matrix, E tr (X X^T)^-1 = n/(d - n - 1). Its variance for d >= n + 4 follows from
|w*|^2 = |P b|^2 + 2 b.X^+ e + e^T (X X^T)^-1 e: the first is r2 Beta(n/2, (d-n)/2), the last sigma2 chi2_n/chi2_{d-n+1},
independent, and the middle one has mean 0 given either. At d = 2n the first line
is r2/2 + sigma2 n/(n - 1). With y fixed, appending a column can only lower |w*| (d >= n): the old solution still interpolates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.inputs import Floats, finite_matrix, require


def expected_squared_norm(n: int, d: int, r2: float, sigma2: float) -> float:
    """E |w*|^2 of the minimum-norm least-squares solution on standard Gaussian features; infinite at |n - d| <= 1 with noise.

    Raises:
        ProblemError: n or d below 1, or a negative variance.
    """
    require(n >= 1 and d >= 1, f"n and d must be at least 1, got n={n}, d={d}")
    require(r2 >= 0 and sigma2 >= 0, f"signal and noise must not be negative, got r2={r2:g}, sigma2={sigma2:g}")
    signal = r2 * min(n / d, 1.0)
    if sigma2 == 0:
        return signal
    return signal + sigma2 * min(n, d) / (abs(d - n) - 1) if abs(d - n) >= 2 else float("inf")


def squared_norm_variance(n: int, d: int, r2: float, sigma2: float) -> float:
    """Var |w*|^2 over standard Gaussian X, noise, and b uniform on the sphere of squared radius r2, for d >= n.

    With noise it is infinite below d = n + 4.

    Raises:
        ProblemError: n below 1, d below n, or a negative variance.
    """
    require(n >= 1 and d >= n, f"n must be at least 1 and d at least n, got n={n}, d={d}")
    require(r2 >= 0 and sigma2 >= 0, f"signal and noise must not be negative, got r2={r2:g}, sigma2={sigma2:g}")
    signal = r2**2 * 2 * n * (d - n) / (d**2 * (d + 2))
    if sigma2 == 0:
        return signal
    if d - n < 4:
        return float("inf")
    first, second = 1 / (d - n - 1), 1 / ((d - n - 1) * (d - n - 3))  # moments of 1/chi2 with d-n+1 degrees
    return signal + sigma2**2 * (n * (n + 2) * second - (n * first) ** 2) + 4 * sigma2 * r2 * n / d * first


def nested_norms(X: ArrayLike, y: ArrayLike, widths: ArrayLike) -> Floats:
    """Return |w*| (..., k) of the interpolators that use only the first `widths` columns, for k ascending widths d >= n.

    |X_d^+ y| = |R^-T y| with X_d^T = Q R, and R grows by the QR of R on top of the new columns: orthogonal all the way,
    no squared condition number. Batched over leading axes (draws) of X (..., n, D), y (..., n).

    Raises:
        ProblemError: widths outside n..D or not ascending, or rows so dependent that not every y can be interpolated.
    """
    features = np.asarray(X, dtype=np.float64)
    n, columns = features.shape[-2:]
    finite_matrix(features.reshape(-1, columns), "X")
    targets = finite_matrix(np.reshape(y, (-1, n)), "y")
    wanted = np.atleast_1d(np.asarray(widths, dtype=np.int64))
    require(bool(np.all(np.diff(wanted) >= 0)), "widths must ascend")
    require(n <= wanted[0] and wanted[-1] <= columns, f"widths must lie between n={n} and D={columns}, got {wanted[0]} to {wanted[-1]}")
    transposed = np.swapaxes(features.reshape(-1, n, columns), -1, -2)  # (draws, D, n)
    triangle, before, norms = transposed[:, :0], 0, []
    for width in wanted:
        triangle = _triangle(np.concatenate([triangle, transposed[:, before:width]], axis=1))
        before = width
        norms.append(_interpolator_norm(triangle, targets, width))
    return np.stack(norms, axis=-1).reshape(*features.shape[:-2], len(wanted))


def squared_norm_draws(n: int, widths: ArrayLike, draws: int, r2: float, sigma2: float, rng: np.random.Generator) -> Floats:
    """Return |w*|^2 (draws, k) for k widths d >= n, every draw with its own Gaussian X, b and noise.

    b is uniform on the sphere of squared radius r2 in d dimensions, so each column is a Monte Carlo sample of
    `expected_squared_norm(n, d, r2, sigma2)`.
    """
    columns = [_draw(n, int(width), draws, r2, sigma2, rng) for width in np.atleast_1d(np.asarray(widths, dtype=np.int64))]
    return np.stack(columns, axis=-1)


def _draw(n: int, d: int, draws: int, r2: float, sigma2: float, rng: np.random.Generator) -> Floats:
    require(d >= n, f"an interpolator needs d >= n, got n={n}, d={d}", "raise d or lower n")
    X = rng.standard_normal((draws, n, d))
    b = rng.standard_normal((draws, d, 1))
    b *= np.sqrt(r2 / np.sum(b**2, axis=1, keepdims=True))
    y = (X @ b)[..., 0] + np.sqrt(sigma2) * rng.standard_normal((draws, n))
    return _interpolator_norm(_triangle(np.swapaxes(X, -1, -2)), y, d) ** 2


def _triangle(tall: Floats) -> Floats:
    """R of tall = Q R."""
    return np.asarray(np.linalg.qr(tall, mode="r"), dtype=np.float64)


def _interpolator_norm(triangle: Floats, y: Floats, width: int) -> Floats:
    """|R^-T y| (draws,) for R (draws, n, n)."""
    diagonal = np.abs(np.diagonal(triangle, axis1=-2, axis2=-1))
    dependent = diagonal.min(axis=-1) <= diagonal.max(axis=-1) * width * np.finfo(np.float64).eps
    require(
        not np.any(dependent),
        f"the {y.shape[-1]} rows of X are linearly dependent at d={width}: not every y can be interpolated",
        "remove duplicate and zero rows",
    )
    coordinates = np.linalg.solve(np.swapaxes(triangle, -1, -2), y[..., None])[..., 0]
    norms: Floats = np.linalg.norm(coordinates, axis=-1)
    return norms
