"""For which knobs grokking's claims are meant, said independently, against the verdicts of random knobs."""

import pytest

from engine.phenomena.grokking import checks
from tests.phenomena.domains import offences, settings

pytestmark = pytest.mark.usefixtures("one_thread", "brief_checks")

SMALL = {"p": 41, "width": 100, "fraction": 0.5, "steps": 200}
LATE = {"p": 47, "width": 160, "fraction": 0.34, "steps": 1500}
VALUES = {
    "p": (11, 23, 41), "model": ("mlp",), "width": (60, 100, 160, 300), "fraction": (0.3, 0.36, 0.5, 0.6), "optimizer": ("sgd",),
    "momentum": (0.0, 0.9), "beta2": (0.9, 0.98, 0.999), "wd": (0.0, 0.1, 1.0, 5.0), "lr": (0.001, 0.005, 0.05),
    "op": ("add", "sub", "mul", "div", "x3+xy"), "act": ("square", "relu"), "steps": (100, 200), "every": (10, 20, 50),
    "speedup": ("none", "grokfast", "perp-grad"),
}  # fmt: skip


def _trains_as_published_for_the_square_network(c):
    plain = c.model == "gromov" and c.act == "square" and c.optimizer == "adamw" and c.speedup == "none"
    return plain and 0.97 <= c.beta2 <= 0.99 and 0.004 <= c.lr <= 0.006 and 0.7 <= c.wd <= 1.5


def _nandas(c):
    network = (c.model, c.p, c.width, c.fraction, c.op, c.optimizer) == ("transformer", 113, 512, 0.3, "add", "adamw")
    return network and (c.lr, c.wd, c.beta2, c.speedup) == (0.001, 1.0, 0.98, "none")


def _delay(c):
    few = c.fraction <= 2.35 / c.p**0.5
    return _nandas(c) or (_trains_as_published_for_the_square_network(c) and 41 <= c.p <= 61 and 150 <= c.width <= 250 and few)


def _beside_quick(c):
    return (c.model, c.act, c.optimizer, c.op, c.width, c.lr, c.beta2) == ("gromov", "square", "adamw", "add", 200, 0.005, 0.98)


@pytest.fixture
def brief_checks(monkeypatch):
    """Look-ups are exact after any number of steps, so few are trained."""
    monkeypatch.setattr(checks, "TRAINED_STEPS", 2)


INSIDE = {
    "GR1": _delay,
    "GR2": lambda c: _beside_quick(c) and c.p == 59 and c.fraction == 0.3 and c.steps >= 1200 and (c.wd > 0 or c.speedup == "none"),
    "GR3": _beside_quick,
    "GR4": lambda c: _trains_as_published_for_the_square_network(c) and 41 <= c.p <= 97 and 100 <= c.width <= 250,
    "GR5": lambda c: _delay(c) and c.op in ("add", "sub"),
    "GR6": lambda c: _delay(c) and c.op in ("add", "sub"),
    "GR7": lambda c: True,
    "GR8": lambda c: _beside_quick(c) and c.p == 59 and c.speedup == "none" and c.sweep,
    "GR9": lambda c: True,
    **{name: lambda c: False for name in ("GR10", "GR11", "OG1", "OG2", "OG3", "OG4")},  # those of other presets
}


@pytest.mark.parametrize("config", settings("grokking", SMALL, VALUES, 8), ids=str)
def test_a_claim_is_decided_inside_its_domain_alone(config):
    assert offences("grokking", config, INSIDE) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("base", [SMALL, LATE], ids=["small", "late"])
def test_claims_hold_inside_their_domains_and_say_nothing_outside(base):
    values = {**VALUES, "steps": (base["steps"],), "model": ("mlp", "transformer")}
    values |= {"p": (11, 41, 47), "width": (150, 200)} if base is LATE else {}
    found = [item for config in settings("grokking", base, values, 20 if base is LATE else 180, seed=1)
             for item in offences("grokking", config, INSIDE)]  # fmt: skip
    assert found == []
