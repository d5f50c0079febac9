"""What the networks compute: all conditions side by side, most of the way to their last step, and their scores."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.contract.work import Work, modules, perceptron, training
from engine.data.registry import source
from engine.phenomena.random_labels.config import MODULES, RandomLabelsConfig, seen_shape
from engine.phenomena.random_labels.size import memory, network_count, network_size

FITTED = 0.4  # of the longest training, after which networks fit their labels, on average
SCORES, COUNTED = 1.5, 1.1  # times the training, with scores: anew at every measurement, and counted on the way


def work(config: RandomLabelsConfig, seeds: int) -> Work:
    """Networks of every condition and seed, over the steps until they fit."""
    networks, size = network_count(config, seeds), network_size(config)
    steps = FITTED * config.epochs * max(1, config.n // config.batch)
    if config.model in MODULES:
        found = modules(networks, steps, size.products, size.units, size.layers, size.parameters, config.batch)
    else:
        data = source(config.dataset)
        weights, hidden = perceptron(math.prod(seen_shape(data.shape, config.crop)), config.width, config.depth, data.classes)
        found = training(networks, steps, weights, hidden, config.batch)
    found = found.times(COUNTED if config.counted else SCORES)
    return replace(found, parameters=size.parameters, memory=memory(config, seeds))
