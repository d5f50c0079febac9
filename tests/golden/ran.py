"""The reduced runs, each made once for all tests that look at it."""

from functools import cache

from engine.device import use_threads
from tests.golden.cases import CASES
from tests.golden.condense import run

BY_ID = {case.id: case for case in CASES}


@cache
def _ran(name):
    use_threads(1, torch=True)
    return run(BY_ID[name])


def ran(case):
    """Return the run of a case, at its end."""
    return _ran(case.id)
