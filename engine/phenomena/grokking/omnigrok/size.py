"""How large the networks of task images are, and what they and their images take of memory; without torch."""

from __future__ import annotations

import math

from engine.data.registry import source, test_count
from engine.networks.sizes import NetworkSize, perceptron
from engine.phenomena.grokking.config import GrokkingConfig

MOST_TESTS = 1000  # where test images are not kept apart
BYTES = {"single": 4, "double": 8}
KEPT = 5  # times the parameters: themselves, gradients, both moments, and room for a step
MADE = 3  # times what layers make of a batch


def layer_sizes(config: GrokkingConfig) -> tuple[int, ...]:
    """Return the layer sizes: pixels, hidden layers, classes."""
    data = source(config.dataset, config.dataset_sha256)
    return (math.prod(data.shape), *[config.width] * config.depth, data.classes)


def test_images(config: GrokkingConfig) -> int:
    """Return how many test images there are: those kept apart, or at most 1,000 of what is left."""
    count = test_count(config.dataset, config.n)
    return count if source(config.dataset).tests is not None else min(MOST_TESTS, count)


def network_size(config: GrokkingConfig) -> NetworkSize:
    """Return the size of one network."""
    return perceptron(layer_sizes(config))


def memory(config: GrokkingConfig, settings: int, seeds: int) -> float:
    """Return about how many bytes are held at once: images as drawn and as they are trained on, networks, and what they make of a batch."""
    size, number = network_size(config), BYTES[config.precision]
    images = seeds * (config.n + test_images(config)) * layer_sizes(config)[0] * (BYTES["single"] + number)
    networks = seeds * settings * (KEPT * size.parameters + MADE * size.units * (config.batch or config.n))
    return float(images + number * networks)
