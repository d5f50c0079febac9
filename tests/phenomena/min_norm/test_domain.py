"""Off the presets, a claim of min-norm is not applicable, not decided, or holds; which, is said here again in other words."""

import pytest

from engine import registry
from tests.phenomena.domains import offences, settings

NAME = "min-norm"
SMALL = {"n": 4, "d": 12, "steps": 300, "draws": 5, "side": 5, "rank": 1}
VALUES = {
    "n": (1, 2, 4, 8),
    "d": (2, 4, 8, 30, 60),
    "eta": (0.0, 0.05, 0.5, 0.9, 1.0, 1.2, 2.0),
    "w0": (0.0, 0.5, 5.0),
    "optimiser": ("gd", "sgd", "momentum", "nesterov", "adam", "sign"),
    "beta": (0.0, 0.5, 0.9, 0.99),
    "param": ("linear", "diagonal", "deep-matrix"),
    "alpha": (1e-4, 0.1, 10.0),
    "steps": (1, 30, 1000),
    "r2": (0.0, 1.0, 10.0),
    "sigma": (0.0, 0.5, 3.0),
    "draws": (1, 99, 100, 150),
    "nonzeros": (1, 4),
    "scale": (1e-6, 1.0),
    "share": (0.1, 1.0),
}
LONG = {**VALUES, "steps": (1, 30, 1000, 4000)}


def linear(c):
    return c.param == "linear"


INSIDE = {
    "MN1": lambda c: c.eta not in (0.0, 1.0, 1.2, 2.0),
    "MN2": lambda c: c.d > c.n,
    "MN3": lambda c: True,
    "MN4": lambda c: c.eta not in (0.0, 1.0, 1.2, 2.0),
    "MN5": lambda c: linear(c) and c.eta not in (0.0, 1.0, 1.2, 2.0),
    "MN6": lambda c: linear(c) and c.n >= 4 and c.d / c.n >= 5,
    "MN7": lambda c: c.steps >= 2000,
    "MN8": lambda c: True,
    "MN9": lambda c: c.n >= 4 and c.draws >= 100,
    "MN10": linear,
}
BEYOND_ITS_OWN_LIMIT = "MN5 not applicable"  # an optimiser's own limit depends on the spectrum of the data


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 10), ids=range(10))
def test_a_turned_knob_fails_no_claim(config):
    assert not [item for item in offences(NAME, config, INSIDE) if not item.startswith(BEYOND_ITS_OWN_LIMIT)]


BACK_TO_ZERO = {"n": 1, "eta": 1.0}  # |w| alternates between twice the limit's and rounding


@pytest.mark.parametrize("seed", [186, 1, 2, 3])
def test_a_step_that_comes_back_to_zero_fails_no_claim(seed):
    config = registry.spec(NAME).configure("quick", {**SMALL, **BACK_TO_ZERO})
    assert not offences(NAME, config, INSIDE, (seed,))


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, LONG, 1, seed=1000 + place))
    assert not [item for item in offences(NAME, config, INSIDE, (place,)) if not item.startswith(BEYOND_ITS_OWN_LIMIT)]
