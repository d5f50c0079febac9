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
KEPT, BESIDE = 2, 1  # parameters and velocity; what is copied of one architecture at a time, for the disk or as networks are put aside
MADE, LINEARISED = 3, 4  # times what layers make of images: of one network; of the linearisation, which is held beside it
AT_ONCE, MOST = 6e7, 500  # numbers that layers make of the images that are scored at once; images
FIRST_CHANNELS = 64  # of ResNet18's first layer
LINEAR = 2.0  # times a network, what its linearisation computes
FORWARD = 1.0 / 3.0  # of a network's step, what the frozen copy computes, and a network that is scored
PER_DECADE = 8  # measurements


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


def scored_at_once(size: NetworkSize) -> int:
    """Return how many images are scored at once."""
    return max(1, min(MOST, int(AT_ONCE / size.units)))


def memory(config: LazyTrainingConfig, seeds: int) -> float:
    """Return about how many bytes are held at once: images, every network's targets, of an epoch again, networks, and what layers make.

    Networks are trained in turn: what layers make of a batch is held of one, and of the linearisation beside it.
    """
    data, each = source(config.images), len(alphas(config)) * len(rates(config))
    drawn = config.examples * (1 if config.crops else 2) + 2 * test_images(config)  # those that are cut out anew are scaled after that
    images = float(SINGLE) * seeds * drawn * math.prod(data.shape)
    every = [network_size(config, architecture) for architecture in architectures(config)]
    targets = float(DOUBLE) * (2 * network_count(config, seeds) + each) * config.examples * data.classes
    held = sum(KEPT * seeds * each * size.parameters for size in every)
    copied = BESIDE * each * max(size.parameters for size in every)
    made = max(_made(config, size) for size in every)
    return images + targets + DOUBLE * float(held + max(copied, made))


def _made(config: LazyTrainingConfig, size: NetworkSize) -> int:
    """The numbers that layers make of a batch, or of the images that are scored at once."""
    return size.units * (MADE + LINEARISED * config.linearised) * max(config.batch, scored_at_once(size))


def work(config: LazyTrainingConfig, seeds: int) -> Work:
    """Every network at every rate in double precision, a frozen copy beside each batch, the linearised one twice as dear, and scores."""
    steps, total = config.epochs * (config.examples // config.batch), Work()
    each = len(rates(config)) * (len(alphas(config)) + (LINEAR - 1 if config.linearised else 0)) + FORWARD
    measured = PER_DECADE * math.log10(config.epochs) + 2
    parameters = 0
    for architecture in architectures(config):
        size = network_size(config, architecture)
        found = modules(seeds * each, steps, size.products, size.units, size.layers, size.parameters, config.batch)
        tested = modules(seeds * each, measured, size.products, size.units, size.layers, 0, test_images(config))
        found += tested.times(FORWARD)
        total += Work(solves=found.products, elements=2 * found.elements, calls=found.calls, convolutions=found.convolutions)
        parameters = max(parameters, size.parameters)
    return total + Work(parameters=parameters, memory=memory(config, seeds))
