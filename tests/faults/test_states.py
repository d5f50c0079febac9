"""Every phenomenon saves and restores itself at every moment of its life, with every knob at its least and greatest value."""

import pytest

from engine import registry
from tests.faults.extremes import Unreached, built, drive, trials


def driven(name, which, building, working):
    """Drive the trials of a phenomenon; return those that were driven, those that came to their end, and why others were not."""
    done, ended, unreached = [], [], {}
    for phenomenon, knob, value in trials():
        if phenomenon != name or not which(knob):
            continue
        try:
            run = built(name, knob, value, building)
        except Unreached as why:
            unreached[knob, value] = str(why)
            continue
        moments, over = drive(run, working)
        assert moments > 0
        done.append((knob, value))
        ended += [(knob, value)] * over
    return done, ended, unreached


@pytest.mark.parametrize("name", registry.names())
def test_at_every_moment(one_thread, name):
    done, _, unreached = driven(name, lambda knob: knob == "", 20.0, 1.0)
    assert done == [("", None)], unreached


@pytest.mark.parametrize("name", registry.names())
def test_at_the_ends_of_every_knob_at_the_first_moments(one_thread, name, record_property):
    done, _, unreached = driven(name, lambda knob: knob != "", 1.0, 0.0)
    record_property("unreached", unreached)
    assert len(done) >= 3 or len(unreached) > 3, unreached  # a busy machine reaches few of them in time


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.names())
def test_at_the_ends_of_every_knob_at_every_moment(one_thread, name, record_property):
    done, ended, unreached = driven(name, lambda knob: knob != "", 5.0, 5.0)
    print(f"{name}: {len(done)} driven, {len(ended)} to their end, {len(unreached)} not reached: {unreached}")
    record_property("unreached", unreached)
    assert len(done) > 2 * len(unreached)
