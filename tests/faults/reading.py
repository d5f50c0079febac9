"""Every way in which a run's folder is read."""

import time

from engine.errors import StoreError
from engine.runner import FolderSession, resume, shown
from engine.store import RunFolder, list_runs
from tests.engine.toy_phenomenon import InstantToy

SOON = 20.0  # seconds that no reading of a small folder takes
READERS = (
    lambda path: RunFolder.open(path).load_state(),
    lambda path: RunFolder.open(path).load_arrays(),
    lambda path: RunFolder.open(path).load_progress(),
    lambda path: RunFolder.open(path).load_snapshot(),
    lambda path: RunFolder.open(path).records(),
    lambda path: RunFolder.open(path).whole(),
    lambda path: shown(path, InstantToy),
    lambda path: FolderSession(path, InstantToy).latest(),
    lambda path: resume(path, phenomenon=InstantToy).close(),
)


def read_everything(path):
    """Read a folder of the toy in every way there is; nothing but the store's own error may come of it, within seconds."""
    began = time.monotonic()
    for read in READERS:
        try:
            read(path)
        except StoreError as error:
            assert error.message and error.hint
    (entry,) = list_runs(path.parent)
    assert entry.name == path.name
    assert time.monotonic() - began < SOON
