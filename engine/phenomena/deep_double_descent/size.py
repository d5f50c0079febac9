"""How large the networks of a config are, and what they, their images and what they make of a batch take of memory; without torch."""

from __future__ import annotations

import math

from engine.data.registry import source
from engine.networks import sizes
from engine.networks.sizes import NetworkSize
from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.networks import label_kinds, layer_sizes

SINGLE = 4  # bytes of a number
KEPT = {"adam": 4, "sgd": 2}  # parameters, their gradients, and what an optimiser remembers
MADE = 3  # times what layers make of a batch: made, normalised, and their gradients
SCORED = 1000  # images that are predicted at once, layer after layer
DRAWN = 2  # images as they are drawn, and as networks see them


def network_size(config: DeepDoubleDescentConfig, h: int) -> NetworkSize:
    """Return the size of the network of one width."""
    data = source(config.dataset)
    if config.model == "mlp":
        return sizes.perceptron(layer_sizes(math.prod(data.shape), h, config.depth, data.classes))
    side, channels = max(data.shape[:2]), data.shape[2] if len(data.shape) > 2 else 1
    if config.model == "resnet":
        return sizes.preact_resnet18(side, channels, data.classes, h)
    return sizes.five_layer_cnn(side, channels, data.classes, h)


def trained(config: DeepDoubleDescentConfig, seeds: int) -> list[tuple[int, int, int]]:
    """Return (width, examples, how many networks) of all that is trained."""
    main = [(h, config.n, seeds * len(label_kinds(config))) for h in config.widths]
    return [*main, *((h, n, seeds) for n in config.sizes if n != config.n for h in config.swept)]


def memory(config: DeepDoubleDescentConfig, seeds: int) -> float:
    """Return about how many bytes are held at once: images, networks, their moments and targets, and what the widest makes of a batch."""
    data, n = source(config.dataset), max(config.n, *config.samples)
    images = DRAWN * seeds * (n + config.tests) * math.prod(data.shape)
    held = sum(
        count * (KEPT[config.optimizer] * network_size(config, h).parameters + 2 * examples * data.classes)
        for h, examples, count in trained(config, seeds)
    )
    batch = max(MADE * min(config.batch or n, n), min(SCORED, n))
    return float(SINGLE) * (images + held + network_size(config, config.widths[-1]).units * batch)
