"""Off the presets, a claim of lazy training is not applicable or holds; which, is said here again in other words."""

import pytest

from engine import registry
from engine.contract import Status
from engine.phenomena.lazy_training.claims import JUDGES
from tests.phenomena.domains import offences, settings
from tests.phenomena.driven import work

NAME = "lazy-training"
pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = {"n": 50, "m": 50, "d": 10, "widths": (50,), "steps": 1000, "alpha": (0.1, 10.0, 100.0)}
VALUES = {
    "alpha": ((0.01, 0.1, 10.0, 100.0), (1.0, 10.0), (10.0, 30.0), (10.0, 100.0, 150.0), (0.05, 1.0, 30.0), (30.0, 1000.0)),
    "d": (2, 5, 10, 20, 40),
    "n": (20, 50, 100, 120),
    "m": (4, 20, 50, 100),
    "widths": ((50,), (20, 60)),
    "teacher": (1, 2, 5, 10),
    "steps": (200, 1000, 3000),
    "symmetrise": (True, False),
    "tol": (1e-3, 0.01, 0.05),
    "rule": ("kernel", "published"),
    "lr": (0.2, 0.8, 1.5),
}


def _fits(c):
    return c.symmetrise and c.m * (c.d + 1) >= 4 * c.n


def _lazy(c):
    lazy = [alpha for alpha in c.alpha if alpha >= 10]
    return _fits(c) and c.m >= 50 and c.n >= 50 and len(lazy) > 1 and max(lazy) / min(lazy) >= 10


def _learns(c):
    return _fits(c) and c.m >= 50 and 10 <= c.d <= 30 and c.n >= 10 * c.d and c.teacher <= 5 and c.tol <= 0.01


INSIDE = {
    "LT1": _lazy,
    "LT2": lambda c: _lazy(c) and c.m >= 100 and c.n >= 100 and c.d >= 10,
    "LT3": lambda c: _lazy(c) and c.m >= 100 and c.n >= 100,
    "LT4": lambda c: _learns(c) and 0.01 in c.alpha,
    "LT5": lambda c: _learns(c) and min(c.alpha) <= 0.1 and max(c.alpha) >= 10 and c.alpha != (10.0, 30.0) and 150.0 not in c.alpha,
    "LT6": lambda c: _fits(c) and c.tol <= 0.01 and c.m >= 50,
    "LT7": lambda c: c.symmetrise,
    **dict.fromkeys(("LC1", "LC2", "LC3", "LC4"), lambda c: False),  # study convolutional
}


@pytest.mark.parametrize("config", settings(NAME, {**SMALL, "steps": 200}, {**VALUES, "steps": (100, 300)}, 8), ids=range(8))
def test_a_turned_knob_fails_no_claim(config):
    assert not offences(NAME, config, INSIDE)


NO_NEURON_ACTIVE = [
    ({"n": 20, "m": 4, "d": 20, "widths": (4,), "alpha": (10.0, 100.0)}, 0),  # four neurons are two directions: a quarter of all inputs
    ({"n": 20, "m": 8, "d": 10, "widths": (8,), "alpha": (1.0, 10.0)}, 3),  # training itself puts the last neuron of an input out
    ({"n": 60, "m": 26, "d": 40, "widths": (26,), "alpha": (0.01,), "steps": 3000}, 1),
]


@pytest.mark.parametrize(("knobs", "seed"), NO_NEURON_ACTIVE, ids=str)
def test_settings_that_once_failed_a_claim_fail_none(knobs, seed):
    assert not offences(NAME, registry.spec(NAME).configure("quick", {**SMALL, **knobs}), INSIDE, (seed,))


def test_what_the_linearised_model_cannot_fit_either_says_nothing_of_training():
    """Two directions of neurons, neither active on a quarter of all inputs, judged where the domain would not let it be."""
    config = registry.spec(NAME).configure(
        "quick", {**SMALL, "n": 20, "m": 4, "d": 20, "widths": (4,), "alpha": (10.0, 100.0), "steps": 4000}
    )
    found = JUDGES["LT6"](work(registry.load(NAME)(config, (0,), "cpu", "custom")))
    assert found.status is Status.CENSORED and found.reason.endswith("raise m")
    assert found.values["linearised"] == pytest.approx(found.values["residual"], rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, VALUES, 1, seed=1000 + place))
    assert not offences(NAME, config, INSIDE, (place,))
