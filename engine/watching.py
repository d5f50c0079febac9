"""Watching a run of another process: the same snapshots, read from its folder, with nothing written into it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from engine.contract import Command, Phase, Snapshot
from engine.errors import StoreError
from engine.store import RunFolder
from engine.store.folder import LATEST

_LIVENESS = 1.0  # seconds between looks whether the writing process is alive


class FolderSession:
    """A `contract.Session` over a run folder. Polling costs one look at a file's date unless there is something new.

    Args:
        path: the run's folder.

    Raises:
        StoreError: there is no run, or it cannot be read.
    """

    controllable = False

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder.open(path)
        self._seen: tuple[int, int, int] | None = None
        self._written = self._waiting()
        self._live = self.folder.live
        self._asked = time.monotonic()
        self._revision = 0
        self._shown = self._judged()

    def latest(self) -> Snapshot:
        """Return the newest snapshot in the folder; one object as long as nothing changes."""
        seen = _stamp(self.folder.path / LATEST)
        if seen is not None and seen != self._seen:
            self._seen = seen
            self._read()
            self._shown = self._judged()
        if time.monotonic() - self._asked > _LIVENESS:
            was_live, self._live = self._live, self.folder.live
            self._asked = time.monotonic()
            if self._live != was_live:
                self._shown = self._judged(changed=True)
        return self._shown

    def post(self, command: Command) -> None:
        """Do nothing: the run belongs to another process."""

    def close(self) -> None:
        """Nothing to give back."""

    def _read(self) -> None:
        before = self._written.revision
        try:
            self._written = self.folder.load_snapshot()
        except StoreError as error:
            self._written = replace(self._written, sentence=error.message, hint=error.hint, revision=before + 1)
        self._revision += self._written.revision != before

    def _judged(self, changed: bool = False) -> Snapshot:
        """What was written, or that nobody writes any more; revisions are our own, since a resumed run counts anew."""
        self._revision += changed
        shown = replace(self._written, revision=self._revision)
        if self._live or shown.phase.over:
            return shown
        said, hint = "the process that ran this has ended", f"genlab resume {self.folder.name} continues"
        return replace(shown, phase=Phase.STOPPED, sentence=said, hint=hint)

    def _waiting(self) -> Snapshot:
        manifest = self.folder.manifest
        return Snapshot(
            phenomenon=manifest.phenomenon, run=self.folder.name, preset=manifest.preset, config=manifest.config, seeds=manifest.seeds,
            phase=Phase.READY, sentence="waiting for the first measurement", device=manifest.device, folder=str(self.folder.path),
        )  # fmt: skip


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
