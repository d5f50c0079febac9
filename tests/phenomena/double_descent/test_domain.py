"""Off the presets, a claim of double descent is not applicable or holds; which, is said here again in other words."""

import pytest

from engine import registry
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
    "relu_draws": (0, 1, 30),
    "digits": (0, 60, 250),
    "digit_features": (300, 1200),
}


def isotropic(c):
    return c.features == "identity" and c.spectrum == "isotropic"


def amplified(c):
    """n times what noise and omitted features vary by is at least twice the signal's variance; of random features always."""
    if c.features in ("relu", "fourier"):
        return c.draws >= 10
    variances = [k**-c.decay if c.spectrum == "power" else 1.0 for k in range(1, c.D + 1)]
    b2 = [c.r2 / c.D * (1 - c.head_share if c.profile == "head" else 1.0) for _ in range(c.D)]
    if c.profile == "well-specified":
        b2 = [c.r2] + [0.0] * (c.D - 1)
    elif c.profile == "head":
        b2 = [value + (c.r2 * c.head_share / c.head_k if k < c.head_k else 0.0) for k, value in enumerate(b2)]
    of_feature = [v * b * c.D / sum(variances) for v, b in zip(variances, b2, strict=True)]
    return c.draws >= 10 and c.n * (c.sigma**2 + sum(of_feature[c.n :])) >= 2 * sum(of_feature)


INSIDE = {
    "DD1": lambda c: isotropic(c) and c.draws >= 10,
    "DD2": amplified,
    "DD3": lambda c: isotropic(c) and c.draws >= 10,
    "DD4": lambda c: isotropic(c) and c.n >= 100 and c.draws >= 20,
    "DD5": isotropic,
    "DD6": lambda c: True,
    "DD7": lambda c: c.relu_draws > 0 and (c.r2 > 0 and c.sigma <= 2 * c.r2**0.5),
    "DD8": lambda c: c.digits >= 200 and c.digit_features / c.digits >= 4 and c.noise == 0,
    "DD9": lambda c: True,
    "DD10": lambda c: isotropic(c) and c.n >= 50 and c.draws >= 20 and not c.tuned and c.ridge == 0,
    **dict.fromkeys((f"{name}{k}" for name in ("MPD", "EST", "RFF") for k in range(1, 5)), lambda c: False),  # of the other studies
    **dict.fromkeys((f"NET{k}" for k in range(1, 4)), lambda c: False),
}
DECIDED_BY_THE_DRAWS = tuple(f"DD{k} not applicable inside its domain" for k in (3, 5, 7))  # their errors, no p beyond n, how many


def wrong(config, seeds=(0,)):
    return [item for item in offences(NAME, config, INSIDE, seeds) if not item.startswith(DECIDED_BY_THE_DRAWS)]


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 10), ids=range(10))
def test_a_turned_knob_fails_no_claim(config):
    assert not wrong(config)


BROKE_ONCE = [
    ({"draws": 50}, 35),  # DD1: four standard errors of heavy-tailed draws
    ({"n": 50, "draws": 10, "d": 40}, 39),  # DD2: the median of ten draws peaked three features off
    ({"profile": "well-specified", "spectrum": "power"}, 94),  # DD2: the strongest feature has all the signal, 18 times r2
    ({"sigma": 0.0, "head_share": 1.0}, 110),  # DD2: nothing is left out from the head on
    ({"sigma": 0.0, "profile": "flat", "n": 60, "D": 60}, 0),  # DD2: nor at p = n
    ({"sigma": 0.1, "r2": 10.0, "profile": "well-specified"}, 0),  # DD2: p = 0 errs more
]


@pytest.mark.parametrize(("knobs", "seed"), BROKE_ONCE, ids=str)
def test_settings_that_once_failed_a_claim_fail_none(knobs, seed):
    assert not wrong(registry.spec(NAME).configure("quick", {**SMALL, **knobs}), (seed,))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_random_features_of_noisy_labels_are_far_from_their_limit_and_fail_none(seed):
    assert not wrong(registry.spec(NAME).configure("quick", {**SMALL, "relu_draws": 30, "sigma": 2.0, "draws": 1}), (seed,))


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, LONG, 1, seed=1000 + place))
    assert not wrong(config, (place,))
