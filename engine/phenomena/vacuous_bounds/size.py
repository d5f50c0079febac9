"""How many weights the networks of a config have, and how much memory they, their posteriors and their images take; without torch."""

from __future__ import annotations

import math

from engine.data.registry import source, test_count
from engine.networks.sizes import NetworkSize, perceptron
from engine.phenomena.vacuous_bounds.config import VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.recipes import SPHERE_CLASSES, SPHERE_TESTS, Recipe, recipe_of

SINGLE, DOUBLE = 4, 8  # bytes of a number
IMAGES = 4  # times an image is held in single precision: as drawn, for SGD, for the posterior, for SGD on half of the data
SGD, POSTERIOR = 4, 18  # numbers a parameter: weights, first weights, gradient, momentum; all that is trained, its moments, gradient, draws
EVALUATED = 3  # times the hidden units of all images are held, in double precision
FOLLOWED = 5  # the same as SGD, and weights in double precision


def network_size(config: VacuousBoundsConfig) -> NetworkSize:
    """Return the size of a network on true or on random labels."""
    return perceptron(config.sizes)


def followed_sizes(recipe: Recipe) -> tuple[int, ...]:
    """Return the layer sizes of a network over n."""
    if recipe.data == "sphere":
        return (recipe.dims, *recipe.hidden, SPHERE_CLASSES)
    of = source(recipe.data)
    return (math.prod(of.shape), *recipe.hidden, of.classes)


def memory(config: VacuousBoundsConfig, seeds: int) -> float:
    """Return about how many bytes are held at once: images, networks, posteriors, what a network makes of all images, networks over n."""
    images, inputs = config.n + test_count(config.dataset, config.n), config.sizes[0]
    networks = seeds * len(config.conditions)
    held = seeds * images * inputs * (IMAGES * SINGLE + DOUBLE)
    trained = SINGLE * networks * network_size(config).parameters * (SGD + POSTERIOR)
    evaluated = DOUBLE * images * (inputs + EVALUATED * config.width)
    recipe = recipe_of(config.follow, config.margin)
    return float(held + trained + evaluated + (_followed(recipe, seeds) if recipe else 0.0))


def _followed(recipe: Recipe, seeds: int) -> float:
    """Bytes of the networks over n: data of all sizes in single precision, drawn in double, and the largest ensemble."""
    sizes = followed_sizes(recipe)
    of = None if recipe.data == "sphere" else source(recipe.data)
    tests = SPHERE_TESTS if of is None else of.tests or (of.size or 2 * recipe.most) - recipe.most
    data = (recipe.most + tests) * sizes[0] * (seeds * 2 * SINGLE + 2 * DOUBLE)
    evaluated = DOUBLE * max(recipe.most, tests) * EVALUATED * max(recipe.hidden)
    return data + evaluated + SINGLE * FOLLOWED * (2 if recipe.random_at else 1) * seeds * perceptron(sizes).parameters
