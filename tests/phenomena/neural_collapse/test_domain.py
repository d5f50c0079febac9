"""For which knobs the claims about neural collapse are meant, said independently, against the verdicts of random knobs."""

import pytest

from tests.phenomena.domains import offences, settings

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"per_class": 30, "tests": 20, "width": 96, "steps": 60, "labels": "true"}
LONG = {**SMALL, "tests": 60, "labels": "both", "steps": 1320}
VALUES = {
    "dataset": ("digits196", "digits196", "digits196", "digits5k"), "labels": ("true", "random"), "per_class": (10, 30, 45),
    "width": (32, 96, 128), "depth": (1, 2, 3, 4), "init": (0.4, 0.5, 0.6, 1.0), "loss": ("half-squared", "half-squared", "cross-entropy"),
    "lr": (0.0015, 0.002, 0.003, 0.01), "wd": (0.0, 0.8, 1.0, 1.5), "batch": (50, 100), "free_features": (4, 9, 30),
    "free_examples": (1, 5, 20), "lw": (0.005, 0.3), "lh": (0.001, 0.3),
}  # fmt: skip


def _meant(c):
    if c.dataset != "digits196" or c.loss != "half-squared" or c.depth != 3 or c.batch != 100:
        return False
    sizes = 30 <= c.per_class <= 100 and 96 <= c.width <= 256 and 0.4 <= c.init <= 0.6
    return sizes and 0.8 <= c.wd <= 1.5 and 0.0015 <= c.lr <= 0.003 and c.steps >= max(20 * c.per_class, 1.98 / c.lr / c.wd)


INSIDE = {**dict.fromkeys(("CO1", "CO2", "CO3", "CO4"), _meant), "CO5": lambda c: c.free_features >= 9}


@pytest.mark.parametrize("config", settings("neural-collapse", SMALL, VALUES, 12), ids=str)
def test_a_claim_is_decided_inside_its_domain_alone(config):
    assert offences("neural-collapse", config, INSIDE) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_claims_hold_inside_their_domains_and_say_nothing_outside(seed):
    for config in settings("neural-collapse", LONG, VALUES, 10, seed=1 + seed):
        assert offences("neural-collapse", config, INSIDE, (seed,)) == []
