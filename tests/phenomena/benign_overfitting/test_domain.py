"""Off the presets, a claim of benign overfitting is not applicable or holds; which, is said here again in other words."""

import pytest

from engine import registry
from engine.contract import unmet
from tests.phenomena.domains import offences, settings

NAME = "benign-overfitting"
SMALL = {"n": (20, 40), "draws": 6}
VALUES = {
    "family": ("exp-eps", "power", "exponential", "log", "isotropic"),
    "tau": (1.0, 2.5, 3.0, 6.0, 12.0, 20.0),
    "a": (1.1, 1.5, 4.0),
    "n": ((20,), (30, 60), (50, 100), (60, 240)),
    "sigma": (0.0, 0.2, 0.3, 2.0),
    "signal": (0.0, 1.0, 5.0),
    "ridge": (-0.01, 0.0, 1.0),
    "b": (0.1, 0.5, 2.0, 10.0),
    "draws": (1, 19, 20),
}
CLASSES = {"task": "classification", "n": (20, 100), "c": (0.5, 3.0), "q": (0.25,), "draws": 40}
OF_CLASSES = {
    "n": ((20,), (50,), (50, 400), (60, 120)),
    "c": ((0.4, 1.0), (3.0,), (0.5, 3.0), (6.0,)),
    "p": (1.2, 1.5, 2.0, 3.0),
    "r": (0.0, 0.5, 1.0),
    "q": ((0.05,), (0.5, 1.0), (0.25, 0.75, 1.25)),
    "flip": (0.0, 0.1, 0.3, 0.5),
    "draws": (3, 40, 100),
}
LONG = {**VALUES, "n": (*VALUES["n"], (200,), (50, 200)), "draws": (1, 20, 30)}


def many(c):
    return c.ridge == 0 and c.draws >= 20


def short(c):
    return c.tau <= min(c.n) / 10


def spread(c):
    return min(c.n) >= 50 and max(c.n) / min(c.n) >= 4


def in_order(c):
    return (
        c.draws >= 40
        and {0.25, 0.75, 1.25} <= set(c.q)
        and c.p == 2
        and c.r == 0.5
        and c.flip <= 0.1
        and min(c.n) <= 50
        and max(c.n) >= 400
    )


def regression(test):
    return lambda c: c.task == "regression" and test(c)


def classification(test):
    return lambda c: c.task == "classification" and test(c)


MEANT = {
    "BO9": lambda c: c.spectrum != "none",
    "BO1": lambda c: c.ridge == 0,
    "BO2": many,
    "BO3": lambda c: many(c) and spread(c) and short(c),
    "BO4": lambda c: many(c) and short(c) and c.b in (0.5, 1.0, 2.0),
    "BO5": many,
    "BO6": lambda c: many(c) and c.tau >= 3,
    "BO7": lambda c: spread(c) and short(c) and c.b in (0.5, 1.0, 2.0),
    "BO8": lambda c: many(c) and c.sigma >= 0.3,
}
LABELS = {
    "SP1": lambda c: True,
    "SP2": lambda c: True,
    "SP3": lambda c: 100 <= c.draws <= 250 and min(c.c) <= 0.5 and max(c.c) >= 3 and any(100 <= n <= 200 for n in c.n),
    "SP4": in_order,
    "SP5": in_order,
    "SP6": lambda c: c.draws >= 40 and min(c.n) >= 50 and c.p >= 1.5,
}
INSIDE = {name: regression(test) for name, test in MEANT.items()} | {name: classification(test) for name, test in LABELS.items()}


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 6), ids=range(6))
def test_a_turned_knob_fails_no_claim(config):
    assert not offences(NAME, config, INSIDE)


@pytest.mark.parametrize("config", settings(NAME, CLASSES, OF_CLASSES, 4, seed=3), ids=range(4))
def test_a_turned_knob_of_classification_fails_no_claim(config):
    assert not offences(NAME, config, INSIDE)


def test_whether_it_interpolates_is_asked_of_the_standard_preset_and_not_of_steeper_spectra():
    spec = registry.spec(NAME)
    interpolates = next(claim for claim in spec.claims if claim.id == "BO1")
    assert not unmet(interpolates.domain, spec.configure("standard"))
    assert "2e-07" in unmet(interpolates.domain, spec.configure("standard", {"a": 3.0}))


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, LONG, 1, seed=1000 + place))
    assert not offences(NAME, config, INSIDE, (place,))


@pytest.mark.slow
@pytest.mark.parametrize("place", range(60))
def test_many_turned_knobs_of_classification_fail_no_claim(place):
    config = next(settings(NAME, {**CLASSES, "draws": 100}, OF_CLASSES, 1, seed=2000 + place))
    assert not offences(NAME, config, INSIDE, (place,))
