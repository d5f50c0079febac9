"""An order of given features in which the first n are linearly independent, so that real data have their threshold at d = n.

Pixels are not in general position: a border pixel is constant in most images, and two that are lit in one image alone are
parallel. Taken as they come, d of them have rank below d, and the training error reaches 0 only where the rank reaches n.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.inputs import finite_matrix

INDEPENDENT = 1e-6
"""Least share of a column that must lie outside the span of those before it."""


def independent_first(X: ArrayLike, order: ArrayLike) -> NDArray[np.int64]:
    """Return indices of the columns of X (n, D) that vary: in the given order, but dependent ones after the first n others.

    By Gram and Schmidt, twice for each column. Fewer than n independent columns come first if X has no more.

    Raises:
        ProblemError: X without rows or columns, or entries that are not finite.
    """
    features = finite_matrix(X, "X")
    n = len(features)
    basis = np.empty((n, min(features.shape)))
    first: list[int] = []
    later: list[int] = []
    for index in np.asarray(order, dtype=np.int64).tolist():
        column = features[:, index]
        if np.ptp(column) == 0:
            continue
        new = None if len(first) == basis.shape[1] else _outside(column, basis[:, : len(first)])
        if new is None:
            later.append(index)
        else:
            basis[:, len(first)] = new
            first.append(index)
    return np.array(first + later, dtype=np.int64)


def _outside(column: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The direction of the part of a column outside a span; None where there is too little of it."""
    part = column - basis @ (basis.T @ column)
    part -= basis @ (basis.T @ part)
    size = float(np.linalg.norm(part))
    return part / size if size > INDEPENDENT * float(np.linalg.norm(column)) else None
