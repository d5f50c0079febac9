"""Curves over many draws: the mean with its standard error, and how rarely luck brings a mean as far from a known law."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from engine.interruption import checkpoint
from engine.theory.conditions import Floats, require

ENOUGH = 30  # means as far as the measured one after which their share is known well enough
NUMBERS = 500_000  # drawn at once


def mean_and_error(draws: ArrayLike) -> tuple[Floats, Floats]:
    """Return mean and standard error over the first axis of draws (k, ...), finite; the error of one draw is infinite."""
    values = np.asarray(draws, dtype=np.float64)
    count = len(values) if values.ndim else 0
    require(count > 0, "a curve over draws needs at least 1 draw, got none")
    error = values.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else np.full(values.shape[1:], np.inf)
    return values.mean(axis=0), np.asarray(error)


def share_of_means_as_far(mean: float, draws: int, sample: Callable[[tuple[int, ...], np.random.Generator], Floats], least: float) -> float:
    """Return how often the mean of so many draws lies as far out as a measured one, on either side: a p-value, valid at any size.

    sample: makes independent draws of the law, of a shape. Means are drawn until 30 lie as far out, or until there are enough to say
    that the share is below `least` (sequential Monte Carlo test, Besag, Clifford 1991). Always the same numbers are drawn.
    """
    rng = np.random.default_rng(0)
    above = below = made = 0
    most, batch = math.ceil(3 / least), 200
    while min(above, below) < ENOUGH and made < most:
        checkpoint()
        count = min(batch, max(1, NUMBERS // draws), most - made)
        means = sample((count, draws), rng).mean(axis=1)
        above, below, made = above + int((means >= mean).sum()), below + int((means <= mean).sum()), made + count
        batch *= 4
    return min(1.0, 2 * (min(above, below) + 1) / (made + 1))
