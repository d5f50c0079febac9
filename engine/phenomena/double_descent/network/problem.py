"""The sizes of study network: parameters, the threshold, test images, what is held in memory; without torch.

Belkin et al. 2019, arXiv:1812.11118: (d+1)H + (H+1)K parameters, threshold nK.
"""

from __future__ import annotations

import math

from engine.data.registry import source, test_count
from engine.networks import sizes
from engine.phenomena.double_descent.config import DoubleDescentConfig

SINGLE = 4  # bytes of a number
HELD = 3  # times the parameters: weights, what steps remember, and the network fitted last
DRAWN = 2  # images as they are drawn, and on the device
SCORED = 1000  # images that are predicted at once


def inputs(config: DoubleDescentConfig) -> int:
    """Return the pixels d of an image."""
    return math.prod(source(config.images).shape)


def classes(config: DoubleDescentConfig) -> int:
    """Return the number of classes K."""
    return source(config.images).classes


def widths(config: DoubleDescentConfig) -> tuple[int, ...]:
    """Return the hidden units of every network, rising."""
    return tuple(sorted(set(config.widths)))


def parameters(config: DoubleDescentConfig, width: int) -> int:
    """Return how many weights and biases a network has."""
    return sizes.perceptron((inputs(config), width, classes(config))).parameters


def threshold(config: DoubleDescentConfig) -> int:
    """Return nK, the number of parameters at which all targets can be fitted."""
    return config.examples * classes(config)


def below(config: DoubleDescentConfig, width: int) -> bool:
    """Whether a network has fewer parameters than there are targets."""
    return parameters(config, width) < threshold(config)


def tests(config: DoubleDescentConfig) -> int:
    """Return how many test images there are."""
    return test_count(config.images, config.examples)


def memory(config: DoubleDescentConfig, seeds: int) -> float:
    """Return about how many bytes are held at once: images, targets, the widest network, and what it makes of a batch or of test images."""
    d, K, H = inputs(config), classes(config), widths(config)[-1]
    images = DRAWN * (config.examples + tests(config)) * d + 2 * config.examples * K
    made = config.batch * (d + 2 * H + 3 * K)
    return float(SINGLE) * (seeds * (images + HELD * parameters(config, H) + made) + 2 * SCORED * H)
