"""Rates, failure probabilities and arrays of weights or outputs, refused with a sentence when they are none."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, require

LARGEST = 1e150  # squares of anything smaller are doubles; a network with such weights or outputs has diverged


def confidence(name: str, delta: float) -> float:
    """Return a failure probability strictly between 0 and 1."""
    require(0.0 < delta < 1.0, f"{name} must lie strictly between 0 and 1, got {delta:g}")
    return delta


def error_rate(name: str, rate: float) -> float:
    """Return a 0-1 loss in [0, 1]."""
    require(0.0 <= rate <= 1.0, f"{name} must lie between 0 and 1, got {rate:g}")
    return rate


def finite(name: str, values: ArrayLike) -> Floats:
    """Return an array as float64, refused when empty, not finite, or so large that its squares are not."""
    array = np.asarray(values, dtype=np.float64)
    require(array.size > 0, f"{name} must not be empty, got shape {array.shape}")
    bad = array.size - int(np.count_nonzero(np.abs(array) < LARGEST))
    require(bad == 0, f"{name} must be finite, got {bad} of {array.size} values that are not (or exceed 1e150)", "lower the learning rate")
    return array
