"""Every phenomenon saves and restores itself at every moment of its life, with every knob at its least and greatest value."""

import pytest

from engine import registry
from engine.errors import KnobError, ProblemError
from engine.interruption import Interrupted
from tests.faults.extremes import BASES, BEYOND_DATA, COMPANIONS, TOO_BIG, UNREACHED, WITHOUT_SOLUTION, built, configured, drive, trials

ENDLESS = 100_000  # moments that no reduced run reaches
PHENOMENA = pytest.mark.parametrize("name", registry.names())


def ends(name):
    """(knob, value) of every trial of a phenomenon but the reduced run itself."""
    return [(knob, value) for phenomenon, knob, value in trials() if phenomenon == name and knob]


@PHENOMENA
def test_at_every_moment(one_thread, name):
    moments, over = drive(built(name, "", None), ENDLESS)
    assert over and moments > 3


@PHENOMENA
def test_at_the_ends_of_every_knob_at_the_first_moments(one_thread, name):
    for knob, value in ends(name):
        if (name, knob, value) not in UNREACHED:
            drive(built(name, knob, value), 4)


@pytest.mark.slow
@PHENOMENA
def test_at_the_ends_of_every_knob_at_many_moments(one_thread, name):
    for knob, value in ends(name):
        if (name, knob, value) not in UNREACHED:
            drive(built(name, knob, value), 200)


def test_what_is_not_reached_is_declared_and_as_little_as_can_be():
    known = set(trials())
    assert set(COMPANIONS) <= known and known >= UNREACHED
    for trial in known - BEYOND_DATA:
        configured(*trial)
    for name, knob, value in COMPANIONS:
        with pytest.raises(KnobError):
            registry.spec(name).configure("quick", {**BASES[name], knob: value})
    for name, knob, value in BEYOND_DATA:
        for data in registry.spec(name).config.knob("dataset").choices:
            with pytest.raises(KnobError):
                registry.spec(name).configure("quick", {**BASES[name], "dataset": data, knob: value})


@pytest.mark.parametrize("trial", sorted(WITHOUT_SOLUTION, key=str), ids=str)
def test_what_has_no_solution_says_so(trial):
    with pytest.raises(ProblemError):
        built(*trial)


@pytest.mark.slow
@pytest.mark.parametrize("trial", sorted(TOO_BIG, key=str), ids=str)
def test_what_is_too_big_still_is(one_thread, trial):
    with pytest.raises(Interrupted):
        built(*trial)
