"""What the networks of all widths and sample sizes compute, with their scores at every measured step."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.contract.work import Work, modules, perceptron, training
from engine.data.registry import source
from engine.phenomena.deep_double_descent.config import MODULES, DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.size import memory, network_size, trained

MEASURED = 60  # steps at which everything is scored
PER_DECADE = 12
OFTEN, SELDOM = 12, 4  # measurements a decade of convolutional networks, where scores cost little beside training, and where they do not
SHARE = 0.1  # of the training, which scores may cost
FORWARD = 1 / 3  # of what a step computes


def work(config: DeepDoubleDescentConfig, seeds: int) -> Work:
    """Networks of a width on all examples, again on true labels where asked for, and narrow ones on fewer or more examples."""
    if config.model in MODULES:
        return _modules(config, seeds)
    data, total = source(config.dataset), Work()
    for width in config.h:
        weights, hidden = perceptron(math.prod(data.shape), width, config.depth, data.classes)
        scored = MEASURED * (config.tests + config.n) / 3  # forward alone is a third of a step
        for examples in (config.n, *(size for size in config.samples if size and width <= config.sample_h)):
            networks = seeds * (2 if config.clean and examples == config.n else 1)
            batch = min(config.batch or examples, examples)
            total += training(networks, config.steps, weights, hidden, batch + scored / config.steps, calls=20)
    return total


def measured_per_decade(config: DeepDoubleDescentConfig) -> int:
    """Return how many steps a decade are measured: fewer where scoring all images of a convolutional network costs as much as training."""
    if config.model not in MODULES:
        return PER_DECADE
    scored = FORWARD * (config.tests + config.n) * OFTEN * math.log10(config.steps)
    return OFTEN if scored <= SHARE * config.steps * min(config.batch or config.n, config.n) else SELDOM


def _modules(config: DeepDoubleDescentConfig, seeds: int) -> Work:
    total, measured = Work(), measured_per_decade(config) * math.log10(config.steps)
    for width, examples, networks in trained(config, seeds):
        size, batch = network_size(config, width), min(config.batch or examples, examples)
        steps = modules(networks, config.steps, size.products, size.units, size.layers, size.parameters, batch)
        scores = modules(networks, measured, size.products, size.units, size.layers, size.parameters, examples + config.tests)
        total += steps + scores.times(FORWARD)
    return replace(total, parameters=network_size(config, config.widths[-1]).parameters, memory=memory(config, seeds))
