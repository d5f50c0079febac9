"""How large the networks of a config are, and what they and their images take of memory; without torch."""

from __future__ import annotations

import math

from engine.data.registry import source, test_count
from engine.networks import sizes
from engine.networks.sizes import NetworkSize
from engine.phenomena.random_labels.config import COLOURED, MODULES, RandomLabelsConfig, seen_shape

SINGLE = 4  # bytes of a number
KEPT = 3  # parameters, their gradients, and what finished networks ended with
MADE = 3  # times what layers make of a batch: made, normalised, and their gradients
PIXEL_KINDS = 3  # shuffled, random, Gaussian
PAIRED = 50  # batches of the paired run
FIRST_CHANNELS = 16  # of the wide residual network


def layer_sizes(config: RandomLabelsConfig, inputs: int, classes: int) -> tuple[int, ...]:
    """Return the layer sizes of the MLP: pixels, hidden layers, classes."""
    return (inputs, *[config.width] * config.depth, classes)


def network_size(config: RandomLabelsConfig) -> NetworkSize:
    """Return the size of one network, on images as they are seen."""
    data = source(config.dataset)
    shape = seen_shape(data.shape, config.crop)
    if config.model not in MODULES:
        return sizes.perceptron(layer_sizes(config, math.prod(shape), data.classes))
    side, channels = max(shape[:2]), shape[2] if len(shape) == COLOURED else 1
    if config.model == "inception":
        return sizes.small_inception(side, channels, data.classes, config.width_multiplier, batch_norm=config.batch_norm)
    if config.model == "alexnet":
        return sizes.small_alexnet(side, channels, data.classes, config.width_multiplier)
    return sizes.wide_resnet(side, channels, data.classes, config.wrn_depth, first_channels(config))


def first_channels(config: RandomLabelsConfig) -> int:
    """Return the channels of the wide residual network's first layer."""
    return sizes.scaled(FIRST_CHANNELS, config.width_multiplier)


def network_count(config: RandomLabelsConfig, seeds: int) -> int:
    """Return how many networks are trained, at most."""
    conditions = 2 + len(config.between) + PIXEL_KINDS * config.corrupted_pixels
    return seeds * conditions + 2 * seeds * (config.model == "both")


def memory(config: RandomLabelsConfig, seeds: int) -> float:
    """Return about how many bytes are held at once: images as drawn, as seen and of every kind, networks, and what they make of a batch."""
    data, size = source(config.dataset), network_size(config)
    seen = math.prod(seen_shape(data.shape, config.crop))
    kinds = 1 + PIXEL_KINDS * config.corrupted_pixels
    images = seeds * (config.n + test_count(config.dataset, config.n)) * (math.prod(data.shape) + (1 + kinds) * seen)
    networks = network_count(config, seeds)
    trained = networks * (KEPT * size.parameters + config.n * data.classes)
    beside = 1 if config.model in MODULES else networks
    paired = 0 if config.model in MODULES else 6 * min(config.n, PAIRED * config.batch) * seen  # three tables in double precision
    return float(SINGLE) * (images + trained + MADE * beside * size.units * config.batch + paired)
