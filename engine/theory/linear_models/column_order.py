"""An order of columns in which d of them have rank d as long as they can: those that depend on earlier ones come after the first n.

Columns of real data are not in general position: some are constant, some repeat others. Taken as they come, d of them have a rank below
d, and the training error reaches 0 only where the rank reaches n.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.inputs import Floats, finite_matrix

INDEPENDENT = 1e-6
"""Least share of a column that must lie outside the span of those before it."""


def independent_first(X: ArrayLike, order: ArrayLike) -> NDArray[np.int64]:
    """Return indices of the columns of X (n, D) that vary: in the given order, but dependent ones after the first n others.

    Raises:
        ProblemError: X without rows or columns, or entries that are not finite.
    """
    first, later = by_independence(X, order)
    return np.concatenate([first, later])


def by_independence(X: ArrayLike, order: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return indices of the first n columns of X (n, D) that are independent, or fewer if X has no more, and of others that vary.

    By Gram and Schmidt, twice for each column.

    Raises:
        ProblemError: X without rows or columns, or entries that are not finite.
    """
    features = finite_matrix(X, "X")
    basis = np.empty((len(features), min(features.shape)))
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
    return np.array(first, dtype=np.int64), np.array(later, dtype=np.int64)


def _outside(column: Floats, basis: Floats) -> Floats | None:
    """The direction of the part of a column outside a span; None where there is too little of it."""
    part = column - basis @ (basis.T @ column)
    part -= basis @ (basis.T @ part)
    size = float(np.linalg.norm(part))
    return part / size if size > INDEPENDENT * float(np.linalg.norm(column)) else None
