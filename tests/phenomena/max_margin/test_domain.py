"""Off the presets, a claim of max-margin is not applicable or holds; which, is said here again in other words."""

import pytest

from tests.phenomena.domains import offences, settings

NAME = "max-margin"
SMALL = {"n": 20, "d": 6, "gd_steps": 300}
VALUES = {
    "data": ("four-point", "soudry", "gauss", "mnist1d"),
    "n": (5, 12, 30, 60),
    "d": (2, 3, 8, 20, 50),
    "eta": (0.01, 0.1, 0.9, 1.0),
    "decades": (3, 10, 29, 30, 45, 58, 59),
    "gd_steps": (0, 10, 2000),
    "adam_eps": (0.0, 1e-6, 1e-3),
    "bias": (False, True),
    "flips": (0, 1),
    "study": ("descent", "descent", "asymptotics"),
    "r": (0.0, 1.0, 8.0, 20.0),
    "psi": ((0.02, 0.3), (1.0,), (0.1, 0.5, 2.0)),
    "draws": (1, 3),
}
LONG = {**VALUES, "gd_steps": (0, 2000, 200_000, 200_001)}
DECIDED_BY_THE_DATA = (
    "MM9 not applicable inside its domain (None; w_hat gets every held-out point right",
    "MM7 not applicable inside its domain (None; support vectors do not span",
    "AM2 not applicable inside its domain (None; needs a psi of at least",
    "AM4 not applicable inside its domain (None; needs a psi of at most",
)
INSIDE = {
    "MM1": lambda c: c.study == "descent",
    "MM2": lambda c: c.study == "descent" and c.decades == 59,
    "MM3": lambda c: c.study == "descent" and c.decades == 59,
    "MM4": lambda c: c.study == "descent" and c.decades == 59,
    "MM5": lambda c: c.study == "descent" and c.decades >= 10,
    "MM6": lambda c: c.study == "descent" and c.decades >= 30,
    "MM7": lambda c: c.study == "descent" and c.gd_steps >= 200_000,
    "MM8": lambda c: c.study == "descent" and c.gd_steps >= 1_000_000 and c.data == "gauss",
    "MM9": lambda c: c.study == "descent" and c.decades >= 30,
    "MM10": lambda c: c.study == "descent" and c.decades >= 30,
    "AM1": lambda c: c.study == "asymptotics" and c.n >= 200 and c.draws >= 20 and c.r <= 4,
    "AM2": lambda c: c.study == "asymptotics" and c.n >= 200 and c.draws >= 20 and c.r <= 8,
    "AM3": lambda c: c.study == "asymptotics" and c.n >= 200 and c.draws >= 20,
    "AM4": lambda c: c.study == "asymptotics" and c.n >= 200 and c.draws >= 20 and c.r <= 8,
}


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 10), ids=range(10))
def test_a_turned_knob_fails_no_claim(config):
    assert not [item for item in offences(NAME, config, INSIDE) if not item.startswith(DECIDED_BY_THE_DATA)]


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, LONG, 1, seed=1000 + place))
    assert not [item for item in offences(NAME, config, INSIDE, (place,)) if not item.startswith(DECIDED_BY_THE_DATA)]
