"""What every theory function asks of its arrays: finite float64 numbers of the right shape, or one sentence that says which are not."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import ProblemError

Floats: TypeAlias = NDArray[np.float64]


def finite_matrix(values: ArrayLike, name: str) -> Floats:
    """Return a matrix as float64 (n, d).

    Raises:
        ProblemError: not two axes, an empty axis, or an entry that is not finite.
    """
    matrix = np.ascontiguousarray(values, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ProblemError(f"{name} must have rows and columns, got shape {matrix.shape}", "raise n and d to at least 1")
    _check_finite(matrix, name)
    return matrix


def finite_vector(values: ArrayLike, length: int, name: str) -> Floats:
    """Return a vector as float64 (length,).

    Raises:
        ProblemError: another length, or an entry that is not finite.
    """
    vector = np.ascontiguousarray(values, dtype=np.float64)
    if vector.shape != (length,):
        raise ProblemError(f"{name} must have {length} entries, got shape {vector.shape}", "match it to the data")
    _check_finite(vector, name)
    return vector


def require(condition: bool, message: str, hint: str = "") -> None:
    """Raise the sentence unless the condition holds.

    Raises:
        ProblemError: the condition does not hold.
    """
    if not condition:
        raise ProblemError(message, hint)


def _check_finite(values: Floats, name: str) -> None:
    bad = values.size - int(np.count_nonzero(np.isfinite(values)))
    require(bad == 0, f"{name} has {bad} entries that are not finite, of {values.size}", "look for NaN and infinity in the data")
