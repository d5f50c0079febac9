"""Off the presets, a claim of random labels is not applicable or holds; which, is said here again in other words."""

import pytest

from tests.phenomena.domains import offences, settings

pytestmark = pytest.mark.usefixtures("one_thread", "own_cache")
NAME = "random-labels"
SMALL = {"dataset": "digits196", "n": 100, "width": 64, "batch": 20, "epochs": 80, "levels": (0.5,)}
VALUES = {
    "n": (100, 120),
    "corruption": (0.0, 0.5, 1.0),
    "levels": ((), (0.5,), (0.1, 0.9)),
    "noise": ("uniform", "incorrect"),
    "inputs": ("true", "shuffled", "random-pixels", "gaussian"),
    "width": (16, 64, 128),
    "depth": (1, 2),
    "lr": (0.005, 0.02, 0.05, 0.1),
    "momentum": (0.0, 0.5, 0.9),
    "batch": (10, 20, 50),
    "wd": (0.0, 1e-4, 0.01),
    "epochs": (5, 40, 80, 160),
}
LARGER = {
    **VALUES,
    "n": (100, 300, 1000),
    "dataset": ("digits196", "mnist1d"),
    "width": (16, 64, 256),
    "depth": (1, 2, 3),
    "batch": (20, 100),
}


def trained(c):
    """Whether enough weights are trained long enough, fast enough and not too fast to fit labels that say nothing."""
    rate, steps = c.lr / (1 - c.momentum), c.epochs * (c.n // c.batch)
    enough = 40 * c.width + (c.depth - 1) * c.width**2 >= 20 * c.n
    return enough and c.depth <= 3 and rate < 0.61 and rate * steps > 199.9 and c.epochs >= 45 and c.wd <= 1e-4


def random(c):
    return c.corruption == 1 and c.noise == "uniform"


def images(c):
    return c.dataset in ("digits196", "digits5k") and c.inputs in ("true", "shuffled") and c.n >= 1000


INSIDE = {
    "RL1": lambda c: trained(c) and random(c),
    "RL2": random,
    "RL3": lambda c: False,  # of one seed
    "RL4": lambda c: trained(c) and images(c),
    "RL5": lambda c: trained(c) and random(c) and c.inputs in ("true", "shuffled") and (c.n >= 1000 or c.dataset == "digits196"),
    "RL6": lambda c: trained(c) and random(c) and images(c) and c.levels in ((), (0.5,), (0.25, 0.5, 0.75)),
    "RL7": lambda c: True,
    "RL8": lambda c: c.lr / (1 - c.momentum) < 0.61,
    "RL9": lambda c: c.model == "both" and c.n >= 4000,
    "RL10": lambda c: False,
    "RL11": lambda c: False,
}


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 10), ids=range(10))
def test_a_turned_knob_fails_no_claim(config):
    assert offences(NAME, config, INSIDE) == []


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, LARGER, 1, seed=1000 + place))
    assert offences(NAME, config, INSIDE, (place,)) == []
