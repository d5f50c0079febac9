"""What the networks compute: all conditions side by side, most of the way to their last step, and their scores as much again."""

from __future__ import annotations

import math

from engine.contract.work import Work, perceptron, training
from engine.data.registry import source
from engine.phenomena.random_labels.config import RandomLabelsConfig

FITTED = 0.4  # of the longest training, after which networks fit their labels, on average
INPUTS = 3  # conditions with other inputs than true ones


def work(config: RandomLabelsConfig, seeds: int) -> Work:
    """Networks of every condition and seed, over the steps until they fit."""
    networks = seeds * (2 + len(config.levels) + INPUTS) * (2 if config.model == "both" else 1)
    data = source(config.dataset)
    weights, hidden = perceptron(math.prod(data.shape), config.width, config.depth, data.classes)
    steps = FITTED * config.epochs * max(1, config.n // config.batch)
    return training(networks, steps, weights, hidden, config.batch).times(1.5)
