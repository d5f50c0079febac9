"""Off the presets, a claim about bounds is not applicable or holds; which, is said here again in other words."""

import pytest

from tests.phenomena.domains import offences, settings

pytestmark = pytest.mark.usefixtures("one_thread", "own_cache")
NAME = "vacuous-bounds"
SMALL = {"n": 100, "width": 12, "epochs": 3, "random_epochs": 10, "steps": 20, "mc": 100, "follow": "nothing", "m": 10, "D_over_m": 64}
VALUES = {
    "n": (100, 200, 400),
    "width": (10, 20),
    "depth": (1, 2, 3),
    "labels": ("both", "true", "random"),
    "lr": (1e-3, 0.01, 0.03, 0.2),
    "epochs": (1, 10),
    "random_epochs": (5, 300, 400),
    "objective": ("dziugaite-roy", "classic", "quadratic", "lambda"),
    "surrogate": ("logistic", "bounded"),
    "training": ("short", "published"),
    "steps": (10, 40),
    "mc": (100, 200),
    "delta": (1e-4, 0.025, 0.2),
    "prior": ("init", "half-data"),
    "margin": (0.1, 5.0, 20.0),
    "m": (10, 50),
    "D_over_m": (16, 1024),
}
LONGER = {
    **VALUES,
    "n": (100, 400, 2000, 4000),
    "width": (10, 20, 50),
    "random_epochs": (5, 300),
    "steps": (10, 40, 1000),
    "mc": (100, 200),
}


def fits_random(c):
    inputs, hidden = 196, [c.width] * c.depth
    weights = sum((into + 1) * out for into, out in zip([inputs, *hidden], [*hidden, 1], strict=True))
    return (
        c.labels != "true"
        and c.training == "short"
        and weights >= 2.4 * c.n
        and c.random_epochs >= 300
        and 0.02 <= c.lr <= 0.05
        and c.depth <= 2
    )


def as_published(c):
    law = c.objective == "dziugaite-roy" and c.surrogate == "logistic" and c.prior == "init" and c.depth == 1
    return law and c.n >= 2000 and 20 <= c.width <= 100 and c.steps >= 1000 and c.mc >= 200 and 0.01 <= c.lr <= 0.06


def never(c):
    return False  # nothing is followed over n here


INSIDE = {
    "VB1": fits_random,
    "VB2": lambda c: c.labels == "both",
    "VB3": never,
    "VB4": lambda c: c.labels != "random" and c.training == "short" and as_published(c) and c.epochs >= 10,
    "VB5": lambda c: c.labels != "random",
    "VB6": lambda c: fits_random(c) and as_published(c),
    "VB7": lambda c: True,
    "VB8": lambda c: True,
    "VB9": lambda c: True,
    "VB10": never,
    "VB11": never,
    "VB12": never,
    "VB13": never,  # fewer images and steps
    "VB14": never,
}


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 10), ids=range(10))
def test_a_turned_knob_fails_no_claim(config):
    assert offences(NAME, config, INSIDE) == []


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, LONGER, 1, seed=1000 + place))
    assert offences(NAME, config, INSIDE, (place,)) == []
