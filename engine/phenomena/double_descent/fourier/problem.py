"""The sizes of study fourier-features: numbers of features, test images, and the memory of its matrices.

Belkin et al. 2019, arXiv:1812.11118: N/n from a twenty-fifth through 1 to 6.
"""

from __future__ import annotations

import math

import numpy as np
import psutil

from engine.data.registry import source, test_count
from engine.errors import ProblemError
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.model import Whole

RATIOS = (
    0.04, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0,
    1.02, 1.05, 1.1, 1.2, 1.3, 1.4, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0,
)  # fmt: skip
WIDTH = 1000  # features made at once
DOUBLE = 8  # bytes of a number
TEMPORARY = 3  # times the features made at once: phases, cosines and sines beside them


def sizes(n: int, most: int) -> Whole:
    """Return the numbers of features N, (k,), even but for n itself: those of RATIOS up to `most`, and `most`."""
    pairs = 2 * np.maximum(1, np.round(np.array(RATIOS) * n / 2)).astype(np.int64)
    last = most + most % 2
    kept = pairs[(pairs < last) & (np.abs(pairs - n) > 1)]
    return np.unique(np.r_[kept, n, last]).astype(np.int64)


def tests(config: DoubleDescentConfig) -> int:
    """Return how many test images there are."""
    return test_count(config.images, config.examples)


def memory(config: DoubleDescentConfig) -> float:
    """Return about how many bytes are held at once: three matrices of images with images, two with test images, features, frequencies."""
    n, t, d = config.examples, tests(config), math.prod(source(config.images).shape)
    return float(DOUBLE) * (3 * n**2 + 2 * t * n + TEMPORARY * WIDTH * (n + t) + d * config.most_features / 2 + 2 * d * (n + t))


def require_memory(config: DoubleDescentConfig) -> None:
    """Refuse what does not fit.

    Raises:
        ProblemError: it does not.
    """
    needed, free = memory(config), psutil.virtual_memory().available
    if needed > free:
        held = f"matrices of {config.examples:,} images of {config.images} take {needed / 1e9:,.1f} GB"
        raise ProblemError(f"{held}, and {free / 1e9:,.1f} GB are free", "lower examples")
