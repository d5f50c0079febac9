"""What is run, and how wishes change it."""

import pytest

from engine.errors import UsageError
from engine.runner.setup import Setup, checked, preset_of
from tests.engine.toy_phenomenon import SPEC, ToyConfig


def test_a_setup_follows_wishes():
    setup = Setup(SPEC, ToyConfig(), "quick", (3, 4))
    assert setup.turned("steps", "1000").preset == "long"
    assert setup.turned("lr", 0.1).preset == "custom" and setup.turned("lr", 0.1).turned("lr", 0.05) == setup
    assert setup.preset_to("long").seeds == (3, 4) and setup.preset_to("quick").seeds == (3,)
    assert setup.reseeded(None).seeds == (5, 6) and setup.reseeded(0).seeds == (0, 1)
    for seeds in ((), (-1,), (2**31,)):
        with pytest.raises(UsageError):
            checked(seeds)


def test_a_preset_with_the_same_knobs_keeps_its_own_name():
    assert preset_of(SPEC, ToyConfig(), "long") == "quick"
    assert preset_of(SPEC, ToyConfig(steps=1000), "quick") == "long"
