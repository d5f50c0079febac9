"""What the tests of bounds stand on."""

from collections.abc import Iterator
from functools import cache

import pytest

from engine.phenomena.vacuous_bounds.experiment import VacuousBounds
from tests.phenomena.driven import work
from tests.phenomena.vacuous_bounds.small import SMALL, make


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Read the digits into a cache folder of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@cache
def _small() -> VacuousBounds:
    return work(make((0, 1), **SMALL))


@pytest.fixture(scope="module")
def small(one_thread: None, own_cache: None) -> VacuousBounds:
    """A small run at its end, which no test changes."""
    return _small()
