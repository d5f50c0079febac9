"""What the networks, the posterior, its certificate and the networks over n compute."""

from __future__ import annotations

from engine.contract.work import Work, perceptron, training
from engine.phenomena.vacuous_bounds.config import VacuousBoundsConfig

BATCH = 100
FITTED = 0.4  # of the longest training on random labels
RANDOM = 8 / 15  # of the posterior's steps
OVER_N = {"nothing": 0.0, "few": 1.0, "digits": 8.0, "sphere": 60.0, "sphere-250": 100.0, "deep": 4000.0, "wide-sphere": 20_000.0}
FEW = training(networks=4, steps=6000, weights=196 * 50, hidden=50, examples=64)  # the smallest set of networks over n


def work(config: VacuousBoundsConfig, seeds: int) -> Work:
    """Two networks, or one, then draws of the posterior at every step and for the certificate."""
    weights, hidden = perceptron(config.sizes[0], config.width, config.depth, 1)
    true, random = config.labels != "random", config.labels != "true"
    epochs = true * config.epochs + random * FITTED * config.random_epochs
    trained = training(seeds, epochs * config.n / BATCH, weights, hidden, BATCH)
    steps = config.steps * (true + random * RANDOM)
    posterior = training(seeds, steps, 2 * weights, hidden, BATCH, calls=400) + Work(elements=80 * seeds * steps * weights)
    draws = Work(products=2.0 * seeds * (true + random) * config.mc * config.n * weights, elements=20 * seeds * config.mc * weights)
    return trained + posterior + draws + FEW.times(seeds * OVER_N[config.follow])
