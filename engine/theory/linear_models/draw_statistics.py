"""Curves over many draws, heavy tails and infinities included: medians and quartiles, means with their standard error.

Near an interpolation threshold means do not exist, and a singular draw has an infinite condition number; nothing here warns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, require


def quartiles(draws: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return lower quartile, median and upper quartile over the first axis of draws (k, ...); quartiles are values that occurred."""
    values = _draws(draws)
    low, high = np.percentile(values, [25, 75], axis=0, method="inverted_cdf")
    return low, np.median(values, axis=0), high


def mean_and_error(draws: ArrayLike) -> tuple[Floats, Floats]:
    """Return mean and standard error over the first axis of draws (k, ...), finite; the error of one draw is infinite."""
    values = _draws(draws)
    count = len(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else np.full(values.shape[1:], np.inf)
    return values.mean(axis=0), np.asarray(error)


def _draws(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    require(array.ndim >= 1 and len(array) > 0, "a curve over draws needs at least 1 draw, got none")
    return array
