"""First weights, drawn on the CPU from the stream `init`, so that they are the same on every device.

PyTorch's default for linear layers, and with kernel times channels as fan_in for convolutions: weights and biases uniform
within 1/sqrt(fan_in) (Kaiming He et al. 2015, arXiv:1502.01852, with slope sqrt(5)).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Draw = list[NDArray[np.float64]]


def linear_layers(sizes: Sequence[int], rng: np.random.Generator) -> Draw:
    """Return weights (fan_in, fan_out) and biases (1, fan_out) of layers between consecutive sizes, alternating."""
    drawn: Draw = []
    for fan_in, fan_out in pairwise(sizes):
        bound = 1.0 / np.sqrt(fan_in)
        drawn += [rng.uniform(-bound, bound, (fan_in, fan_out)), rng.uniform(-bound, bound, (1, fan_out))]
    return drawn
