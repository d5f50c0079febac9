"""The reduced runs, each made once for all tests that look at it."""

from functools import cache

from engine.device import use_threads
from tests.golden.cases import CASES
from tests.golden.condense import run

BY_ID = {case.id: case for case in CASES}
TOLD = {}  # by case, the headline after every measurement, with its step


@cache
def _ran(name):
    use_threads(1, torch=True)
    told = TOLD[name] = []
    return run(BY_ID[name], lambda made: told.append((made.step, made.headline(made.scalars()))))


def ran(case):
    """Return the run of a case, at its end."""
    return _ran(case.id)


def told(case):
    """Return (step, headline) of every measurement that a case's run made on its way."""
    _ran(case.id)
    return TOLD[case.id]
