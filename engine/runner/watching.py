"""Watching a run of another process: the same snapshots, read from its folder, with nothing written into it."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from engine.contract import Command, Phase, Snapshot
from engine.errors import StoreError
from engine.phenomenon import AnyPhenomenon
from engine.runner.rebuilding import behind, rebuilt, unmeasured
from engine.store import RunFolder
from engine.store.folder import LATEST

Stamp = tuple[int, int, int]
_LIVENESS = 1.0  # seconds between looks whether the writing process is alive


class FolderSession:
    """A `contract.Session` over a run folder. Polling costs one look at a file's date unless there is something new.

    A run that nobody writes any more shows everything that was measured: where its last snapshot is older than that or damaged,
    it is drawn anew in a thread, which takes as long as building the phenomenon.

    Args:
        path: the run's folder.
        phenomenon: the class that computes, where the registry does not know it.

    Raises:
        StoreError: there is no run, or it cannot be read.
    """

    controllable = False

    def __init__(self, path: Path, phenomenon: type[AnyPhenomenon] | None = None) -> None:
        self.folder = RunFolder.open(path)
        self._phenomenon = phenomenon
        self._seen: Stamp | None = None
        self._written = unmeasured(self.folder)
        self._live = self.folder.live
        self._asked = time.monotonic()
        self._revision = 0
        self._redrawn: tuple[Stamp | None, Snapshot] | None = None
        self._redrawing: Stamp | Literal["nothing"] | None = "nothing"
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
        self._catch_up()
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

    def _catch_up(self) -> None:
        """Show what was measured after the last snapshot, once nobody writes any more."""
        if self._redrawn is not None and self._redrawn[0] == self._seen:
            self._written = replace(self._redrawn[1], revision=self._written.revision + 1)
            self._shown = self._judged(changed=True)
        self._redrawn = None
        if self._live or self._redrawing == self._seen:
            return
        self._redrawing = self._seen
        with contextlib.suppress(RuntimeError):  # no thread to be had: the last snapshot stays
            threading.Thread(target=self._redraw, args=(self._seen,), name="genlab redraw", daemon=True).start()

    def _redraw(self, seen: Stamp | None) -> None:
        if behind(self.folder):
            self._redrawn = (seen, rebuilt(self.folder, self._phenomenon))


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
