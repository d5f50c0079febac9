"""How large the networks of study convolutional are, and what they and their images take of memory; without torch."""

from __future__ import annotations

import math

from engine.contract.work import Work, modules
from engine.data.registry import source, test_count
from engine.networks import sizes
from engine.networks.sizes import NetworkSize, scaled
from engine.phenomena.lazy_training.config import LazyTrainingConfig
from engine.phenomena.lazy_training.convolutional.settings import alphas, architectures, rates

TESTED = 1000  # images of data that have none of their own for it
DOUBLE, SINGLE = 8, 4  # bytes of a number
COLOURED = 3  # dimensions of an image with colours
KEPT, MADE = 3, 3  # parameters, velocity and those put aside; times what layers make of a batch
FIRST_CHANNELS = 64  # of ResNet18's first layer
LINEAR = 2.0  # times a network, what its linearisation computes
FROZEN = 1.0 / 3.0  # of a network's step, what the frozen copy computes


def first_channels(channels: float) -> int:
    """Return the channels of ResNet18's first layer."""
    return scaled(FIRST_CHANNELS, channels)


def network_size(config: LazyTrainingConfig, architecture: str) -> NetworkSize:
    """Return the size of one network."""
    data = source(config.images)
    colours = data.shape[2] if len(data.shape) == COLOURED else 1
    if architecture == "vgg11":
        return sizes.vgg11(data.shape[0], colours, data.classes, config.channels, batch_norm=False)
    return sizes.resnet18(data.shape[0], colours, data.classes, first_channels(config.channels), batch_norm=False)


def test_images(config: LazyTrainingConfig) -> int:
    """Return how many images are tested on: those that are published for it, or a thousand."""
    found = test_count(config.images, config.examples)
    return found if source(config.images).tests is not None else min(found, TESTED)


def network_count(config: LazyTrainingConfig, seeds: int) -> int:
    """Return how many networks are trained."""
    return seeds * len(architectures(config)) * len(alphas(config)) * len(rates(config))


def memory(config: LazyTrainingConfig, seeds: int) -> float:
    """Return about how many bytes are held at once: images as drawn and as seen, targets twice, networks, and what layers make."""
    data, each = source(config.images), len(alphas(config)) * len(rates(config))
    images = 2.0 * SINGLE * seeds * (config.examples + test_images(config)) * math.prod(data.shape)
    targets = 2.0 * DOUBLE * network_count(config, seeds) * config.examples * data.classes
    every = [network_size(config, architecture) for architecture in architectures(config)]
    held = sum(KEPT * seeds * each * size.parameters for size in every)
    made = MADE * each * config.batch * max(size.units for size in every)
    return images + targets + DOUBLE * float(held + made)


def work(config: LazyTrainingConfig, seeds: int) -> Work:
    """Every network at every rate in double precision, a frozen copy beside each batch, and the linearised model at twice the price."""
    steps, total = config.epochs * (config.examples // config.batch), Work()
    each = len(rates(config)) * (len(alphas(config)) + (LINEAR - 1 if config.linearised else 0)) + FROZEN
    parameters = 0
    for architecture in architectures(config):
        size = network_size(config, architecture)
        found = modules(seeds * each, steps, size.products, size.units, size.layers, size.parameters, config.batch)
        total += Work(solves=found.products, elements=2 * found.elements, calls=found.calls)
        parameters = max(parameters, size.parameters)
    return total + Work(parameters=parameters, memory=memory(config, seeds))
