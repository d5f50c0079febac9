"""Deep double descent off the presets: random knobs hold every verdict against a domain stated here."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.phenomena.deep_double_descent import problem as problem_module
from tests.phenomena.domains import offences, settings

SMALL = {"h": (2, 6, 12), "n": 100, "tests": 100, "steps": 100, "samples": (0,)}
TURNED = {
    "h": [(2, 6, 12), (3,), (2, 9, 12, 50, 60, 600), (1, 10, 700)],
    "n": [100, 150],
    "noise": [0.0, 0.2, 0.25, 1.0],
    "convention": ["uniform", "incorrect"],
    "loss": ["mse", "ce"],
    "lr": [0.003, 0.02],
    "wd": [0.0, 0.1],
    "eps": [0.01, 0.1, 0.3],
    "clean": [False, True],
    "samples": [(0,), (20,), (20, 40, 60), (1, 2, 4, 8, 16, 31, 62)],
    "sample_h": [6, 12],
    "dataset": ["digits196", "digits5k", "mnist1d"],
    "tests": [100, 2000],
    "depth": [1, 2],
    "optimizer": ["adam", "sgd"],
    "batch": [0, 40],
}


def _procedure(c) -> bool:
    """Full-batch Adam on the pooled digits, one hidden layer and squared loss, at about the default rate and long enough."""
    kind = (c.model, c.dataset, c.loss, c.optimizer, c.depth, c.batch, c.wd)
    return kind == ("mlp", "digits196", "mse", "adam", 1, 0, 0.0) and 0.002 <= c.lr <= 0.005 and 500 <= c.steps <= 1000


def _curve(c) -> bool:
    """And 20 to 25 % wrong labels, 700 to 1000 examples, 2000 tests, widths on both sides of every turn of the curve."""
    ends = min(c.h) <= 3 and max(c.h) >= 600
    turns = all(len({h for h in c.h if lo <= h <= hi}) >= 2 for lo, hi in ((8, 20), (40, 100)))
    noisy = c.convention == "incorrect" and 0.2 <= c.noise <= 0.25
    return _procedure(c) and noisy and 700 <= c.n <= 1000 and c.tests >= 2000 and ends and turns


def _sizes(c) -> bool:
    """At least two widths were trained at sample sizes that start at 1, (about) double, and end at 500 or above."""
    sizes = sorted({*c.samples, c.n} - {0})
    doubling = all(after / before <= 2.1 for before, after in pairwise(sizes))
    return len({h for h in c.h if h <= c.sample_h}) >= 2 and min(sizes) == 1 and doubling and max(sizes) >= 500


def _notebook(c) -> bool:
    """The network of the MNIST-1D notebook; never at the sizes of this test."""
    return c.n == 4000 and c.steps == 20_000


INSIDE = {
    "DDD1": _curve,
    "DDD2": _curve,
    "DDD3": lambda c: _curve(c) and c.n <= 800 and c.noise == 0.2,
    "DDD4": _notebook,
    "DDD5": lambda c: _curve(c) and c.clean,
    "DDD6": lambda c: True,
    "DDD7": lambda c: False,
    "DDD8": lambda c: True,
    "DDD9": lambda c: False,  # one seed: an expected error needs three
    "DDD10": lambda c: False,  # the paper's networks, at their own sizes
}


@pytest.fixture(autouse=True)
def few_signals(monkeypatch):
    """Thousands of signals take seconds; these settings use some hundred."""
    monkeypatch.setattr(problem_module, "GENERATED", 200)


def held(base, count: int, seed: int = 0, seeds: tuple[int, ...] = (0,)) -> list[str]:
    """What the verdicts of so many random settings say against the domain above."""
    inside = INSIDE if len(seeds) < 3 else {**INSIDE, "DDD9": lambda c: _procedure(c) and _sizes(c)}
    return [line for config in settings("deep-double-descent", base, TURNED, count, seed)
            for line in offences("deep-double-descent", config, inside, seeds)]  # fmt: skip


def test_random_knobs_are_outside_every_domain_that_does_not_hold_them() -> None:
    assert held(SMALL, 15) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_random_knobs_and_the_procedure_itself_at_a_tenth_of_the_size() -> None:
    assert held(SMALL, 170, 1) == []
    doubling = {"n": 500, "steps": 500, "samples": (1, 2, 4, 8, 16, 31, 62, 125, 250), "sample_h": 12}
    assert held({**SMALL, **doubling}, 30, 2, (0, 1, 2)) == []


@pytest.mark.slow
@pytest.mark.parametrize("knobs", [{"n": 800}, {"lr": 0.004}, {"steps": 800}, {"noise": 0.25, "clean": True}, {"n": 1000, "samples": (0,)}])
def test_turned_a_little_the_default_is_still_inside(knobs) -> None:
    (config,) = settings("deep-double-descent", knobs, {"eps": [0.1, 0.1]}, 1)
    assert offences("deep-double-descent", config, INSIDE) == []
