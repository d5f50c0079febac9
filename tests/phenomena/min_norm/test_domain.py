"""Off the presets, a claim of min-norm is not applicable, not decided, or holds; which, is said here again in other words."""

import numpy as np
import pytest

from engine import registry
from engine.phenomena.min_norm import deep_matrix, diagonal
from tests.phenomena.domains import judged, offences, settings

NAME = "min-norm"
SMALL = {"n": 4, "d": 12, "steps": 300, "draws": 5, "side": 5, "rank": 1}
VALUES = {
    "n": (1, 2, 4, 8),
    "d": (2, 4, 8, 30, 60),
    "eta": (0.0, 0.05, 0.5, 0.9, 1.0, 1.2, 2.0),
    "w0": (0.0, 0.5, 5.0),
    "optimiser": ("gd", "sgd", "momentum", "nesterov", "adam", "sign"),
    "beta": (0.0, 0.5, 0.9, 0.99),
    "param": ("linear", "diagonal", "deep-matrix", "label-noise", "mirror"),
    "alpha": (1e-4, 0.1, 10.0),
    "steps": (1, 30, 1000),
    "r2": (0.0, 1.0, 10.0),
    "sigma": (0.0, 0.5, 3.0),
    "draws": (1, 99, 100, 150),
    "nonzeros": (1, 4),
    "scale": (1e-6, 1.0),
    "share": (0.1, 1.0),
    "noise_step": (1e-4, 0.02, 1.0),
    "delta": (0.0, 4.0, 100.0),
    "noisy": (0.0, 0.5, 1.0),
    "p": (1.25, 1.5, 1.9, 3.0),
}
LONG = {**VALUES, "steps": (1, 30, 1000, 4000)}


def linear(c):
    return c.param == "linear"


def beside(c):
    return c.param in ("linear", "diagonal", "deep-matrix")


def noisy(c):
    return c.param == "label-noise"


def gentle(c):
    sized = 30 <= c.n <= 60 and 2 <= c.d / c.n <= 3 and c.nonzeros <= c.n / 8
    return sized and c.noise_step in (0.01, 0.02, 0.025) and c.delta <= 5 and c.alpha in (0.3, 0.5, 0.7)


def chosen(c):
    clean = c.steps - round(c.noisy * c.steps)
    fallen = 2 * c.noise_step**2 * c.delta**2 * round(c.noisy * c.steps) / c.n
    return 10 <= fallen <= 16 and c.noise_step * clean >= 300


INSIDE = {
    "MN1": lambda c: beside(c) and c.eta not in (0.0, 1.0, 1.2, 2.0),
    "MN2": lambda c: beside(c) and c.d > c.n,
    "MN3": beside,
    "MN4": lambda c: beside(c) and c.eta not in (0.0, 1.0, 1.2, 2.0),
    "MN5": lambda c: linear(c) and c.eta not in (0.0, 1.0, 1.2, 2.0),
    "MN6": lambda c: linear(c) and c.n >= 4 and c.d / c.n >= 5,
    "MN7": lambda c: beside(c) and c.steps >= 2000,
    "MN8": beside,
    "MN9": lambda c: beside(c) and c.n >= 4 and c.draws >= 100,
    "MN10": linear,
    **dict.fromkeys(("LN1", "LN2", "LN4", "LN5", "LN6"), lambda c: noisy(c) and gentle(c) and chosen(c)),
    "LN3": lambda c: noisy(c) and gentle(c),
    **dict.fromkeys(("MIR1", "MIR2"), lambda c: c.param == "mirror" and c.eta == 0.05 and c.n >= 4 and c.d >= 4 * c.n),
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


NOISY = {"n": 40, "d": 100, "param": "label-noise", "alpha": 0.5, "nonzeros": 5, "steps": 90, "draws": 1, "side": 5, "rank": 1}
NOISY_VALUES = {"n": (30, 40, 50), "d": (60, 100), "alpha": (0.3, 0.7), "noise_step": (0.01, 0.02, 1.0), "delta": (0.0, 4.0, 5.0, 100.0),
                "nonzeros": (1, 5, 8), "noisy": (0.0, 0.5, 1.0)}  # fmt: skip
MIRRORED = {**SMALL, "param": "mirror", "steps": 3000}
MIRRORED_VALUES = {"n": (1, 2, 4), "d": (4, 8, 16, 60), "eta": (0.0, 0.05, 0.5, 2.0), "nonzeros": (1, 4), "p": (1.25, 1.9, 3.0)}
BESIDE = [*settings(NAME, NOISY, NOISY_VALUES, 5), *settings(NAME, MIRRORED, MIRRORED_VALUES, 5)]


@pytest.mark.parametrize("config", BESIDE, ids=range(len(BESIDE)))
def test_a_turned_knob_of_noise_or_of_mirror_descent_fails_no_claim(config, monkeypatch):
    monkeypatch.setattr(diagonal, "STEPS", 100)
    monkeypatch.setattr(deep_matrix, "STEPS", 100)
    assert not offences(NAME, config, INSIDE)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(24))
def test_noise_chooses_all_over_its_domain(place):
    rng = np.random.default_rng(2000 + place)
    n = int(rng.integers(30, 61))
    knobs = {"n": n, "d": int(rng.integers(2 * n, 3 * n + 1)), "nonzeros": int(rng.integers(1, n // 8 + 1)), "alpha": rng.uniform(0.3, 0.7)}
    step, delta = rng.uniform(0.015, 0.025), rng.uniform(3.5, 5)
    noisy, clean = round(rng.uniform(10.1, 15.9) * n / (2 * (step * delta) ** 2)), round(310 / step)
    total = noisy + clean
    given = {**NOISY, **knobs, "noise_step": step, "delta": delta, "steps": total, "noisy": noisy / total}
    config = registry.spec(NAME).configure("quick", given)
    held = {item.claim.id: item for item in judged(NAME, config, (place,))}
    asked = [f"LN{number}" for number in range(1, 7) if number != 3 or total <= 100_000]  # LN3 sums over every step
    assert all(held[name].holds for name in asked), held
