"""Watching a run of another process: the same snapshots, read from its folder; where it may, it asks that process to pause or stop."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from engine.contract import Command, Pause, Phase, Resume, Snapshot, Stop
from engine.errors import StoreError
from engine.phenomenon import AnyPhenomenon
from engine.runner.rebuilding import behind, rebuilt, unmeasured
from engine.store import Request, RunFolder
from engine.store.endings import with_flaw
from engine.store.folder import LATEST, MANIFEST
from engine.store.making import LOCK

Stamp = tuple[int, int, int]
REQUESTS: dict[type[Command], Request] = {Pause: Request.PAUSE, Resume: Request.RESUME, Stop: Request.STOP}
DOING = {Request.PAUSE: "pause", Request.RESUME: "go on", Request.STOP: "stop"}
_LIVENESS = 1.0  # seconds between looks whether the writing process is alive


class FolderSession:
    """A `contract.Session` over a run folder. Polling costs one look at a file's date unless there is something new.

    A run that nobody writes any more shows everything that was measured: where its last snapshot is older than that or damaged,
    it is drawn anew in a thread, which takes as long as building the phenomenon. A run that this user's process on this machine
    writes can be asked to pause, to go on and to stop. Where the folder is deleted or moved, the last that was seen of it stays, and
    that it is gone is said; where another run takes its name, that one is shown.

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
        self._manifest = _stamp(path / MANIFEST)
        self._gone = ""
        self._seen: Stamp | None = None
        self._written = unmeasured(self.folder)
        self._live = self.folder.live
        self._looked = time.monotonic()
        self.refusal = self.folder.refusal()
        self._answer: tuple[str, Phase] | None = None
        self._preparing: tuple[Phase, str] | None = None
        self._said: Stamp | None = None
        self._revision = 0
        self._redrawn: tuple[Stamp | None, Snapshot] | None = None
        self._redrawing: Stamp | Literal["nothing"] | None = "nothing"
        self._shown = self._written
        self._shown = self._judged()

    def latest(self) -> Snapshot:
        """Return the newest snapshot in the folder; one object as long as nothing changes."""
        seen, said = _stamp(self.folder.path / LATEST), _stamp(self.folder.path / LOCK)
        if said != self._said:
            self._said = said
            self._read_lock()
        if seen is not None and seen != self._seen:
            self._seen = seen
            self._read()
            self._shown = self._judged()
        if time.monotonic() - self._looked > _LIVENESS:
            was_live, self._live = self._live, self.folder.live
            before, self.refusal = self.refusal, self.folder.refusal()
            was_gone = self._gone
            self._look_for_folder()
            self._looked = time.monotonic()
            if (self._live, self.refusal, self._gone) != (was_live, before, was_gone):
                self._shown = self._judged(changed=True)
        self._catch_up()
        return self._shown

    @property
    def obeyed(self) -> frozenset[type[Command]]:
        """Pausing, going on and stopping, where the process that writes the run takes requests."""
        return frozenset() if self.refusal else frozenset(REQUESTS)

    def post(self, command: Command) -> None:
        """Ask the process that writes the run for what it can be asked for; anything else has no effect."""
        request = REQUESTS.get(type(command))
        if request is None:
            return
        try:
            self.folder.ask(request)
            said = f"asked its process to {DOING[request]}"
        except StoreError as error:
            said = f"{error.message}  {error.hint}".rstrip()
        self._answer = said, self._shown.phase
        self._shown = self._judged(changed=True)

    def close(self) -> None:
        """Nothing to give back."""

    def _look_for_folder(self) -> None:
        """Look whether the run is still there, and still the same."""
        found = _stamp(self.folder.path / MANIFEST)
        if found is None:
            self._gone = "the folder of this run is no longer there"
        elif found != self._manifest:
            try:
                folder = RunFolder.open(self.folder.path)
            except StoreError as error:
                self._gone = error.message
                return
            if folder.manifest.phenomenon != self.folder.manifest.phenomenon:
                self._gone = f"a run of {folder.manifest.phenomenon} lies where this run was"
                return
            self.folder, self._seen = folder, None
            self._gone = ""
        else:
            self._gone = ""
        self._manifest = found or self._manifest

    def _read_lock(self) -> None:
        """Look whether the run is being taken up again: then there is no newer snapshot for a while."""
        before, self._preparing = self._preparing, self.folder.preparing()
        if self._preparing != before:
            self._live = self.folder.live
            self._shown = self._judged(changed=True)

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
        if self._gone:
            over = shown.phase if shown.phase.over else Phase.STOPPED
            return replace(shown, phase=over, sentence=self._gone, hint="what is shown was read before")
        if self._live and self._preparing is not None:
            phase, sentence = self._preparing
            shown = replace(shown, phase=phase, sentence=sentence, hint="")
        if self._answer is not None and self._live and shown.phase is self._answer[1]:
            return replace(shown, sentence=self._answer[0], hint="")
        self._answer = None
        if self._live:
            return shown
        if shown.phase.over:
            return with_flaw(self.folder, shown)
        return replace(shown, phase=Phase.STOPPED, sentence="the process that ran this has ended", hint=self.folder.continues)

    def _catch_up(self) -> None:
        """Show what was measured after the last snapshot, once nobody writes any more."""
        if self._redrawn is not None and self._redrawn[0] == self._seen:
            self._written = replace(self._redrawn[1], revision=self._written.revision + 1)
            self._shown = self._judged(changed=True)
        self._redrawn = None
        if self._live or self._gone or self._redrawing == self._seen:
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
