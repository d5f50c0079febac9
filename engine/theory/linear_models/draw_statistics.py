"""Curves over many draws: the mean with its standard error."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, require


def mean_and_error(draws: ArrayLike) -> tuple[Floats, Floats]:
    """Return mean and standard error over the first axis of draws (k, ...), finite; the error of one draw is infinite."""
    values = np.asarray(draws, dtype=np.float64)
    count = len(values) if values.ndim else 0
    require(count > 0, "a curve over draws needs at least 1 draw, got none")
    error = values.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else np.full(values.shape[1:], np.inf)
    return values.mean(axis=0), np.asarray(error)
