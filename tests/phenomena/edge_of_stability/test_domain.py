"""For which knobs the claims about the edge of stability are meant, said independently, against the verdicts of random knobs."""

import pytest

from tests.phenomena.domains import offences, settings

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"edges": (10.0,), "n": 100, "width": 24, "steps": 200}
VALUES = {
    "edges": ((10.0,), (12.0, 16.0), (4.0,), (60.0,)), "control": (40.0, 100.0, 1000.0), "n": (50, 100, 200), "width": (8, 24, 32),
    "depth": (1, 2, 3), "activation": ("tanh", "relu", "gelu"), "every": (20, 25, 50), "tol": (1e-4, 1e-2),
    "dataset": ("mnist1d", "mnist1d", "digits196"), "targets": ("parity", "parity", "one-hot"), "scaling": ("all", "all", "columns"),
    "init": ("normal", "normal", "uniform"), "precision": ("float64", "float64", "float32"), "goal": (0.0, 0.0, 1.0),
}  # fmt: skip


def _signals(c):
    return (c.dataset, c.targets, c.scaling, c.init, c.precision) == ("mnist1d", "parity", "all", "normal", "float64")


def _images(c):
    """As in the paper's network on digits."""
    return (
        (c.dataset, c.targets, c.scaling, c.init) == ("digits196", "one-hot", "columns", "uniform")
        and c.activation == "tanh" and c.depth == 2 and 50 <= c.width <= 100 and 400 <= c.n <= 600 and c.every <= 50 and c.tol <= 1e-3
        and min(c.edges) >= 5 and max(c.edges) <= 8
    )  # fmt: skip


def _network(c):
    return (
        _signals(c)
        and c.activation == "tanh"
        and c.depth == 2
        and 24 <= c.width <= 64
        and 100 <= c.n <= 400
        and c.every <= 25
        and c.tol <= 1e-3
    )


def _edges(c):
    return _network(c) and min(c.edges) >= 8 and max(c.edges) <= 32


INSIDE = {
    "EOS1": lambda c: (_edges(c) and c.steps >= 1000) or (_images(c) and c.steps >= 2000),
    "EOS2": lambda c: _edges(c) or _images(c),
    "EOS3": lambda c: _edges(c) and c.steps >= 1000,
    "EOS4": lambda c: _network(c) and c.n >= 200 and c.control >= max(100, 4 * max(c.edges)) and c.steps / c.control >= 10,
    "EOS5": lambda c: (_edges(c) and c.steps >= 1000) or (_images(c) and c.steps >= 2000),
    "EOS6": lambda c: True,
    "EOS7": lambda c: True,
    "EOS8": lambda c: (_edges(c) and c.steps >= 1000) or (_images(c) and c.steps >= 2000),
}


@pytest.mark.parametrize("config", settings("edge-of-stability", SMALL, VALUES, 10), ids=str)
def test_a_claim_is_decided_inside_its_domain_alone(config):
    assert offences("edge-of-stability", config, INSIDE) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_claims_hold_inside_their_domains_and_say_nothing_outside(seed):
    for config in settings("edge-of-stability", {**SMALL, "steps": 1000}, VALUES, 20, seed=1 + seed):
        assert offences("edge-of-stability", config, INSIDE, (seed,)) == []
