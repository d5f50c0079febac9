"""Off the presets, a claim of double descent is not applicable or holds; which, is said here again in other words."""

import pytest

from tests.phenomena.domains import offences, settings

NAME = "double-descent"
SMALL = {"n": 30, "D": 90, "head_k": 4, "draws": 10, "relu_draws": 0, "digits": 0}
VALUES = {
    "n": (20, 50, 60),
    "D": (60, 120, 200),
    "sigma": (0.0, 0.05, 0.1, 1.0, 2.0),
    "r2": (0.0, 1.0, 10.0),
    "features": ("identity", "relu", "fourier"),
    "profile": ("flat", "head", "well-specified"),
    "head_share": (0.0, 0.5, 1.0),
    "spectrum": ("isotropic", "power"),
    "decay": (0.0, 0.5, 2.0),
    "ridge": (0.0, 0.1, 1e3),
    "tuned": (False, True),
    "draws": (1, 9, 20, 50),
    "d": (5, 40),
    "noise": (0.0, 0.3),
    "relu_draws": (0, 1),
    "digits": (0, 60),
    "digit_features": (100, 300),
}
LONG = {
    **VALUES,
    "n": (20, 50, 100),
    "draws": (1, 10, 20, 50),
    "relu_draws": (0, 1, 10),
    "digits": (0, 60, 250),
    "digit_features": (300, 1200),
}


def isotropic(c):
    return c.features == "identity" and c.spectrum == "isotropic"


def amplified(c):
    left_out = c.features in ("relu", "fourier") or (c.r2 > 0 and c.profile in ("flat", "head"))
    return c.draws >= 10 and (c.sigma >= 0.1 or left_out)


INSIDE = {
    "DD1": lambda c: isotropic(c) and c.draws >= 50,
    "DD2": amplified,
    "DD3": lambda c: isotropic(c) and c.draws >= 10,
    "DD4": lambda c: isotropic(c) and c.n >= 100 and c.draws >= 20,
    "DD5": isotropic,
    "DD6": lambda c: True,
    "DD7": lambda c: c.relu_draws >= 10,
    "DD8": lambda c: c.digits >= 200 and c.digit_features / c.digits >= 4 and c.noise == 0,
    "DD9": lambda c: True,
    "DD10": lambda c: isotropic(c) and c.n >= 50 and c.draws >= 20 and not c.tuned and c.ridge == 0,
}
DECIDED_BY_THE_DRAWS = ("DD3 not applicable inside its domain", "DD5 not applicable inside its domain")  # their errors, or no p beyond n


def wrong(config, seeds=(0,)):
    return [item for item in offences(NAME, config, INSIDE, seeds) if not item.startswith(DECIDED_BY_THE_DRAWS)]


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 10), ids=range(10))
def test_a_turned_knob_fails_no_claim(config):
    assert not wrong(config)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, LONG, 1, seed=1000 + place))
    assert not wrong(config, (place,))
