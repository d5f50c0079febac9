"""Where one nested draw is fitted exactly, over a grid of (n, d): least squares of noise, and linear separation of random labels.

Both edges are straight lines, at d = n and at n = 2d (Cover 1965). The first n rows and d columns of one draw make each
cell, so that training error falls with d, and separability holds on one side of a staircase that is found by walking it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.inputs import Floats, finite_matrix, finite_vector, require
from engine.theory.margins.separability import separable, separable_probability


def train_error_map(X: ArrayLike, noise: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> Floats:
    """Return the mean squared residual of least squares on pure noise, (rows, columns); a signal in the features adds nothing.

    Args:
        X: one draw, (N, D). noise: (N,). rows: numbers of samples n in 1..N. columns: numbers of features d in 1..D, ascending.

    Raises:
        ProblemError: shapes that do not match, entries that are not finite, sizes outside the draw.
    """
    features = finite_matrix(X, "X")
    targets = finite_vector(noise, len(features), "the noise")
    samples, widths = _sizes(rows, len(features), "samples"), _sizes(columns, features.shape[1], "features")
    return np.stack([_residuals(features[:n], targets[:n], widths) / n for n in samples])


def separability_edge(z: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> Iterator[int]:
    """Yield for each n of `rows` the position in `columns` of the first d that separates the first n points; their number if none does.

    More points are harder and more features easier, so the next search begins where the last one ended: len(rows) + len(columns)
    linear programs in all. z (N, D), z_i = y_i x_i; rows and columns ascending.

    Raises:
        ProblemError: as `train_error_map`, or a program that the solver could not decide.
    """
    points = finite_matrix(z, "z")
    samples, widths = _sizes(rows, len(points), "samples"), _sizes(columns, points.shape[1], "features")
    edge = 0
    for n in samples:
        while edge < widths.size and not separable(points[:n, : widths[edge]]):
            edge += 1
        yield edge


def separability_map(rows: ArrayLike, columns: ArrayLike) -> Floats:
    """Return Cover's probability that n random labels are separable in d features, (rows, columns)."""
    return np.stack([separable_probability(int(n), columns) for n in np.atleast_1d(np.asarray(rows))])


def _residuals(X: Floats, noise: Floats, widths: NDArray[np.int64]) -> Floats:
    """|noise - P_d noise|^2, (columns,), P_d onto the first d columns of X (n, D); 0 from d = n on."""
    n = len(X)
    basis, triangle = np.linalg.qr(X[:, : min(n, int(widths[-1]))])
    diagonal = np.abs(np.diagonal(triangle))
    if diagonal.min() <= diagonal.max() * n * np.finfo(np.float64).eps:  # dependent columns: Q holds directions that X does not
        return np.array([_residual(X[:, :d], noise) for d in widths])
    along = (basis.T @ noise) ** 2
    left = 0.0 if along.size == n else float(((noise - basis @ (basis.T @ noise)) ** 2).sum())
    tails = left + np.append(np.cumsum(along[::-1])[::-1], 0.0)  # entry d: what d columns leave
    return np.asarray(tails[np.minimum(widths, along.size)])


def _residual(X: Floats, noise: Floats) -> float:
    missed = noise - X @ np.linalg.lstsq(X, noise, rcond=None)[0]
    energy = float(missed @ missed)
    return energy if energy > 1e-24 * float(noise @ noise) else 0.0


def _sizes(values: ArrayLike, most: int, what: str) -> NDArray[np.int64]:
    sizes = np.atleast_1d(np.asarray(values, dtype=np.int64))
    require(sizes.size > 0 and bool(np.all(np.diff(sizes) > 0)), f"the numbers of {what} must ascend")
    require(sizes[0] >= 1 and sizes[-1] <= most, f"the numbers of {what} must lie in 1..{most}, got {sizes[0]} to {sizes[-1]}")
    return sizes
