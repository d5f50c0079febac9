"""A run's folder, opened for writing."""

import pytest

from engine.store import RunFolder
from tests.engine.store.folders import MANIFEST


@pytest.fixture
def run(tmp_path):
    folder = RunFolder.create(tmp_path, MANIFEST)
    yield folder
    folder.close()
