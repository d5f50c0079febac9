"""What all tests stand on: data that a person has imported on this machine are none of theirs, nor are the person's settings."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_imported_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The data folder of the tests, empty at their begin, and a settings file that is not there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_SETTINGS", str(tmp_path_factory.mktemp("settings") / "settings.toml"))
        patch.setenv("GENLAB_DATA", str(tmp_path_factory.mktemp("data")))
        yield
