"""How large Lyu and Li's network is, and what it and its images take of memory; without torch."""

from __future__ import annotations

import math

from engine.data.registry import source, test_count
from engine.networks.sizes import NetworkSize, homogeneous_cnn
from engine.phenomena.max_margin.config import MaxMarginConfig

SINGLE = 4  # bytes of a number
COLOURED = 3  # dimensions of an image with colours
KEPT, MADE, PIECE = 3, 3, 1000  # parameters, gradients, the last epoch's; times what layers make of a batch; images scored at once


def network_size(config: MaxMarginConfig) -> NetworkSize:
    """Return the size of one network."""
    data = source(config.images)
    channels = data.shape[2] if len(data.shape) == COLOURED else 1
    return homogeneous_cnn(data.shape[0], channels, data.classes, config.channels, first_bias=config.first_bias)


def network_count(config: MaxMarginConfig, seeds: int) -> int:
    """Return how many networks are trained."""
    return seeds * (2 if config.rates == "both" else 1)


def memory(config: MaxMarginConfig, seeds: int) -> float:
    """Return about how many bytes are held at once: images twice, networks, and what one makes of a batch."""
    data, size = source(config.images), network_size(config)
    images = 2 * seeds * (config.examples + test_count(config.images, config.examples)) * math.prod(data.shape)
    made = max(MADE * config.batch, min(PIECE, config.examples)) * size.units
    return float(SINGLE) * (images + KEPT * network_count(config, seeds) * size.parameters + made)
