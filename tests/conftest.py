"""What all tests stand on: data that a person has imported on this machine are none of theirs."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_imported_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The data folder of the tests, empty at their begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_DATA", str(tmp_path_factory.mktemp("data")))
        yield
