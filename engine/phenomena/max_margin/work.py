"""What the flows and the true steps compute, and what the other studies do."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.contract.work import Work, modules
from engine.data.registry import source
from engine.phenomena.max_margin.config import MaxMarginConfig
from engine.phenomena.max_margin.convolutional.size import memory, network_count, network_size

SIZES = {"four-point": (4, 2), "soudry": (16, 2)}
OTHERS, SHARE = 5, 0.1  # optimisers beside gradient descent, and their share of its steps
SECOND_PSI, FITS = 3.0, 11  # of the second descent, whose fits are so many
EXCHANGES = 1.0  # of non-negative least squares, over n
THEORY = Work(elements=1.5e9, calls=2e4)  # limits
SCORED = 1.3  # times training, with the scores after every epoch and epochs made twice
FLOWS = Work(calls=1e5)  # a flow over all decades, and its solution by another way


def work(config: MaxMarginConfig, seeds: int) -> Work:
    """A flow a problem and two for reference; steps of every optimiser, each about one operation on a small array."""
    if config.study == "asymptotics":
        return THEORY + _draw(config).times(config.draws)
    if config.study == "mirror":
        p = len(set(config.p))
        return Work(solves=4.0 * config.n * config.d, elements=10.0 * config.d, calls=35.0).times(seeds * p * config.steps)
    if config.study == "homogeneous":
        return _two_layer(config).times(seeds * config.steps * (2 if config.act == "both" else 1))
    if config.study == "convolutional":
        return _convolutional(config, seeds)
    points = config.own
    n, d = SIZES.get(config.data, (config.n, config.d)) if points is None else (points.rows, points.features)
    steps = config.gd_steps * (1 + OTHERS * SHARE)
    return FLOWS.times(seeds + 2) + Work(solves=6.0 * n * d, calls=1).times(seeds * steps)


def _draw(config: MaxMarginConfig) -> Work:
    """One draw: features of every fit and their products, and an exchange of a support vector for about each point."""
    n, psis = float(config.n), (*config.psi, *(SECOND_PSI * (place + 1) / FITS for place in range(FITS)))
    products = sum(2 * n * n * psi * n + 4 * EXCHANGES * n * n * min(1.0, psi) * n for psi in psis)
    searched = 10 * 4 * EXCHANGES * n**3 / 8
    return Work(solves=products + searched, elements=20.0 * n * n * (max(1.0, *config.psi) + SECOND_PSI), calls=300.0 * (len(psis) + 10))


def _two_layer(config: MaxMarginConfig) -> Work:
    """A step: two layers forward and backward, and about one halving in ten tried again."""
    inputs = math.prod(source(config.images).shape)
    return Work(solves=6.5 * config.examples * inputs * config.width, elements=6.0 * (config.examples + inputs) * config.width, calls=60.0)


def _convolutional(config: MaxMarginConfig, seeds: int) -> Work:
    """Epochs at every rate; the loss-based one scores its training images after each, a third of an epoch's work, and repeats some."""
    size, networks = network_size(config), network_count(config, seeds)
    steps = config.epochs * max(1, config.examples // config.batch)
    found = modules(networks, steps, size.products, size.units, size.layers, size.parameters, config.batch)
    return replace(found.times(SCORED), parameters=size.parameters, memory=memory(config, seeds))
