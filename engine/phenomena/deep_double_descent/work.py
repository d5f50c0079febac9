"""What the networks of all widths and sample sizes compute, with their scores at every measured step."""

from __future__ import annotations

import math

from engine.contract.work import Work, perceptron, training
from engine.data.registry import source
from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig

MEASURED = 60  # steps at which everything is scored


def work(config: DeepDoubleDescentConfig, seeds: int) -> Work:
    """Networks of a width on all examples, again on true labels where asked for, and narrow ones on fewer or more examples."""
    data, total = source(config.dataset), Work()
    for width in config.h:
        weights, hidden = perceptron(math.prod(data.shape), width, config.depth, data.classes)
        scored = MEASURED * (config.tests + config.n) / 3  # forward alone is a third of a step
        for examples in (config.n, *(size for size in config.samples if size and width <= config.sample_h)):
            networks = seeds * (2 if config.clean and examples == config.n else 1)
            batch = min(config.batch or examples, examples)
            total += training(networks, config.steps, weights, hidden, batch + scored / config.steps, calls=20)
    return total
