"""What the networks, the posterior, its certificate and the networks over n compute."""

from __future__ import annotations

from dataclasses import replace

from engine.contract.work import Work, perceptron, training
from engine.networks.sizes import perceptron as size_of
from engine.phenomena.vacuous_bounds.config import VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.recipes import recipe_of
from engine.phenomena.vacuous_bounds.size import followed_sizes, memory, network_size

BATCH = 100
FITTED = 0.4  # of the longest training on random labels, unless it is as published
OVER_N = {
    "nothing": 0.0, "few": 1.0, "digits": 8.0, "narrow-deep": 5.0, "small-sphere": 7.0, "sphere": 60.0, "sphere-250": 100.0,
    "deep": 4000.0, "mnist": 10_000.0, "wide-sphere": 20_000.0,
}  # fmt: skip
FEW = training(networks=4, steps=6000, weights=196 * 50, hidden=50, examples=64)  # the smallest set of networks over n


def work(config: VacuousBoundsConfig, seeds: int) -> Work:
    """Two networks, or one, then draws of the posterior at every step and for the certificate."""
    weights, hidden = perceptron(config.sizes[0], config.width, config.depth, 1)
    true, random = config.labels != "random", config.labels != "true"
    fitted = 1.0 if config.training == "published" else FITTED
    epochs = true * config.epochs + random * fitted * config.random_epochs
    trained = training(seeds, epochs * config.n / BATCH, weights, hidden, BATCH)
    steps = sum(config.steps_in(condition) for condition in config.conditions)
    posterior = training(seeds, steps, 2 * weights, hidden, BATCH, calls=400) + Work(elements=80 * seeds * steps * weights)
    draws = Work(products=2.0 * seeds * (true + random) * config.mc * config.n * weights, elements=20 * seeds * config.mc * weights)
    found = trained + posterior + draws + FEW.times(seeds * OVER_N[config.follow])
    recipe = recipe_of(config.follow, config.margin)
    followed = size_of(followed_sizes(recipe)).parameters if recipe else 0
    return replace(found, parameters=max(network_size(config).parameters, followed), memory=memory(config, seeds))
