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
    "study": ("descent", "descent", "asymptotics", "mirror"),
    "r": (0.0, 1.0, 8.0, 20.0),
    "psi": ((0.02, 0.3), (1.0,), (0.1, 0.5, 2.0)),
    "draws": (1, 3),
    "p": ((1.1, 4.0), (2.0, 3.0), (1.5,)),
    "pace": (0.1, 10.0),
    "steps": (1, 300),
}
TWO_LAYER = {"study": "homogeneous", "examples": 20, "width": 8, "steps": 200}
OF_NETWORKS = {
    "examples": (20, 40),
    "width": (1, 30),
    "steps": (1, 200),
    "act": ("both", "relu", "identity"),
    "images": ("digits196", "digits5k"),
    "channels": (0.02, 0.05),
    "epochs": (1, 3),
    "batch": (10, 20),
    "rates": ("both", "constant", "loss-based"),
    "lr": (1e-4, 1.0),
    "first_bias": (False, True),
    "study": ("homogeneous", "convolutional"),
}
MIRRORED = {
    "n": (20, 30, 45, 60),
    "d": (60, 90, 120, 200, 300),
    "p": ((1.5, 2.0, 3.0), (1.5, 3.0), (2.0, 2.5), (1.75, 2.25, 2.75), (1.25, 4.0)),
    "flips": (0, 1, 5),
    "steps": (10_000, 20_000),
    "pace": (0.5, 1.0),
}
FITTED = {"examples": (40, 60, 100, 200), "width": (30, 60, 200, 300), "act": ("both", "relu", "identity"), "steps": (4000, 5000)}
LONG = {**VALUES, "gd_steps": (0, 2000, 200_000, 200_001)}
DECIDED_BY_THE_DATA = (
    "MM9 not applicable inside its domain (None; w_hat gets every held-out point right",
    "MIR5 not applicable inside its domain (None; seed",
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


def _reached(c):
    apart = c.d >= 2 * c.n and 20 <= c.n <= 60 and c.d <= 200
    return c.study == "mirror" and c.steps >= 10_000 and min(c.p) >= 1.5 and max(c.p) <= 3 and c.pace == 1 and apart


def _fitted(c):
    return c.study == "homogeneous" and c.steps >= 4000 and 40 <= c.examples <= 100 and 30 <= c.width <= 200 and c.images == "digits196"


INSIDE |= {
    "MIR3": _reached,
    "MIR4": lambda c: _reached(c) and len(set(c.p)) > 1 and all(abs(a - b) >= 0.5 for a in c.p for b in c.p if a != b),
    "MIR5": lambda c: c.study == "mirror",
    "HN1": lambda c: _fitted(c) and c.act != "identity",
    "HN2": _fitted,
    "HN3": lambda c: _fitted(c) and c.width <= 100 and c.act != "relu",
    "HN4": lambda c: _fitted(c) and c.width <= 100 and c.act != "identity",
    "LL1": lambda c: False,  # the two presets as they are
    "LL2": lambda c: False,
    "LL3": lambda c: False,
}


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 10), ids=range(10))
def test_a_turned_knob_fails_no_claim(config):
    assert not [item for item in offences(NAME, config, INSIDE) if not item.startswith(DECIDED_BY_THE_DATA)]


@pytest.mark.parametrize("config", settings(NAME, TWO_LAYER, OF_NETWORKS, 4), ids=range(4))
def test_a_turned_knob_of_the_networks_fails_no_claim(config):
    assert not offences(NAME, config, INSIDE)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(40))
def test_many_turned_knobs_of_mirror_descent_and_of_two_layers_fail_no_claim(place):
    for base, values in (({"study": "mirror", "n": 30, "d": 120, "steps": 10_000}, MIRRORED), ({"study": "homogeneous"}, FITTED)):
        config = next(settings(NAME, base, values, 1, seed=2000 + place))
        assert not offences(NAME, config, INSIDE, (place,))


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, LONG, 1, seed=1000 + place))
    assert not [item for item in offences(NAME, config, INSIDE, (place,)) if not item.startswith(DECIDED_BY_THE_DATA)]
