"""Off the presets, a claim of the interpolation threshold is not applicable or holds; which, is said here again in other words."""

import numpy as np
import pytest

from engine.seeds import streams
from tests.phenomena.domains import offences, settings

NAME = "interpolation-threshold"
SMALL = {"n": 16, "draws": 24}
VALUES = {
    "n": (10, 12, 19, 20, 25),
    "d_max": (1.0, 1.02, 1.5, 4.0, 10.0),
    "sigma": (0.0, 1e-6, 0.001, 0.1, 0.5, 3.0),
    "r2": (0.0, 0.3, 1.0, 10.0),
    "spectrum": ("isotropic", "power", "exponential"),
    "draws": (1, 2, 19, 20, 40),
    "entries": ("gaussian", "rademacher"),
    "d": (0.1, 1.0, 3.0),
}


def _noisy(c):
    return c.sigma >= 0.001


def _regular(c):
    """Draws of the first seed whose matrices of signs have full rank at every d up to the last that is swept, at least."""
    if c.entries == "gaussian":
        return c.draws
    full = 0
    for draw in range(c.draws):
        X = np.where(streams(0, draw).data.random((round(c.d_max * c.n), c.n)) < 0.5, -1.0, 1.0)
        full += all(np.linalg.matrix_rank(X[:d]) == min(d, c.n) for d in range(2, len(X) + 1))
    return full


INSIDE = {
    "IT1": lambda c: _noisy(c) and _regular(c) > 0,
    "IT2": lambda c: _noisy(c) and _regular(c) > 0,
    "IT3": lambda c: c.spectrum == "isotropic" and c.entries == "gaussian" and c.draws >= 20,
    "IT4": lambda c: c.spectrum == "isotropic" and not (c.entries == "rademacher" and c.n < 20),
    "IT5": lambda c: (
        _noisy(c) and round(c.d_max * c.n) > c.n and c.sigma**2 * c.n >= 2 * c.r2 and not (c.entries == "rademacher" and c.n < 20)
        and c.draws >= 20 and _regular(c) >= 20
    ),
    "IT6": lambda c: c.spectrum == "isotropic" and c.entries == "gaussian" and _noisy(c),
    "IT7": lambda c: c.entries == "gaussian" and c.draws >= 30,
}  # fmt: skip


@pytest.mark.parametrize("config", settings(NAME, SMALL, VALUES, 10), ids=range(10))
def test_a_turned_knob_fails_no_claim(config):
    assert not offences(NAME, config, INSIDE)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(200))
def test_many_turned_knobs_fail_no_claim(place):
    config = next(settings(NAME, SMALL, VALUES, 1, seed=1000 + place))
    assert not offences(NAME, config, INSIDE)
