"""What training and measuring compute."""

from __future__ import annotations

import math

from engine.contract.work import Work, perceptron, training
from engine.data.registry import source
from engine.phenomena.neural_collapse.config import NeuralCollapseConfig

MEASURED = 45  # readings of a run


def work(config: NeuralCollapseConfig, seeds: int) -> Work:
    """A network a seed and kind of labels; at every reading, features of all images and the inverse of the means."""
    networks = seeds * (2 if config.labels == "both" else 1)
    data = source(config.dataset)
    weights, hidden = perceptron(math.prod(data.shape), config.width, config.depth, data.classes)
    images = data.classes * (config.per_class + config.tested)
    readings = Work(products=2.0 * weights * images, solves=2.0 * images * config.width * data.classes, calls=120).times(
        networks * MEASURED
    )
    return training(networks, config.steps, weights, hidden, config.batch, calls=70) + readings
