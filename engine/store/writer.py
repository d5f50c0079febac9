"""Writes a run as it goes, and lets it go on when the disk does not: what could not be written waits and is tried again."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from engine.errors import StoreError
from engine.store.folder import STATE, RunFolder
from engine.store.manifest import Manifest
from engine.store.requests import Request

RETRY = 5.0  # seconds between attempts while the disk refuses

Write = Callable[[RunFolder], None]
Kind = Literal["state", "arrays", "crash", "result", "snapshot", "progress"]
ORDER: tuple[Kind, ...] = get_args(Kind)  # of writing: that a run is finished is said when all else is there


class Writer:
    """Into the folder of one run. Nothing is stored before `create`; lines of metrics wait in memory until then.

    Args:
        folder: that of a stored run, opened for writing, which goes on behind `lines` lines of metrics.

    Attributes:
        lines: how many lines of metrics there are, on disk or waiting.
        path: the run's folder, once there is one (also after `close`).
        problem: why the last attempt to write failed, as a sentence; empty when nothing waits.
        saved: the step of the state that lies on the disk, from which the run can be continued; None while there is none.
    """

    def __init__(self, folder: RunFolder | None = None, lines: int = 0, saved: int | None = None) -> None:
        self.lines = lines
        self.saved = saved
        self.path: Path | None = folder.path if folder else None
        self.problem = ""
        self._folder = folder
        self._waiting: deque[Write] = deque()
        self._files: dict[Kind, tuple[int, Write]] = {}
        self._next_try = 0.0
        self._why = ""
        self._step = self._lost_at = 0

    @property
    def storing(self) -> bool:
        """Whether there is a folder that takes what is written."""
        return self._folder is not None

    @property
    def patience(self) -> float | None:
        """Seconds until a disk that refused should be tried again; None while nothing waits."""
        return max(0.0, self._next_try - time.monotonic()) if self.problem else None

    def found(self) -> int | None:
        """Return `saved`, unless its file is gone: whoever moves or deletes the folder of a run takes its state away."""
        return self.saved if self.path is not None and os.path.isfile(self.path / STATE) else None  # noqa: PTH113 (never raises)

    def create(self, root: Path, manifest: Manifest) -> None:
        """Make the run's folder under `root`.

        Raises:
            StoreError: the place is not writable or full.
        """
        self._folder = RunFolder.create(root, manifest)
        self.path = self._folder.path

    def create_if_possible(self, root: Path, manifest: Manifest, force: bool = False) -> bool:
        """Make the run's folder for a run that goes on in any case; where the disk refuses, that is its `problem`, tried again later."""
        if self.problem and not force and time.monotonic() < self._next_try:
            return False
        try:
            self.create(root, manifest)
        except StoreError as error:
            self._refused(error)
            return False
        self.problem = ""
        return True

    def line(self, step: int, write: Write) -> None:
        """Append a line of metrics; lines keep their order."""
        self.lines += 1
        self._waiting.append(write)
        self._step = step
        self.flush()

    def file(self, kind: Kind, step: int, write: Write) -> None:
        """Replace a file; of several that wait, the last counts."""
        if self.storing:
            self._files[kind] = (step, write)
            self._step = step
            self.flush()

    def flush(self, force: bool = False) -> None:
        """Write what waits; while the disk refuses, only every few seconds unless forced."""
        if self._folder is None or (self.problem and not force and time.monotonic() < self._next_try):
            return
        try:
            self._write(self._folder)
            self.problem = ""
        except StoreError as error:
            self._refused(error)

    def asked(self) -> Request | None:
        """Return what another process asked of this one since the last time, if something."""
        return self._folder.asked() if self._folder else None

    def close(self) -> None:
        """Write what still waits and give up the right to write into the folder; what is not stored then is not tried again."""
        try:
            self.flush(force=True)
        finally:
            self.give_up()
            self.problem = self._why if self.problem else ""

    def take_over(self, other: Writer) -> None:
        """Write the files that wait for another disk, too."""
        self._files.update({kind: waiting for kind, waiting in other._files.items() if kind not in self._files})

    def give_up(self) -> None:
        """Give up the right to write into the folder, whatever still waits."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _refused(self, error: StoreError) -> None:
        self._lost_at = self._lost_at if self.problem else self._step
        self._next_try = time.monotonic() + RETRY
        self._why = f"not being stored since step {self._lost_at:,}: {error.message}; {error.hint}."
        self.problem = f"{self._why} It is tried again."

    def _write(self, folder: RunFolder) -> None:
        while self._waiting:
            self._waiting[0](folder)
            self._waiting.popleft()
        for kind in ORDER:
            if kind not in self._files:
                continue
            step, write = self._files[kind]
            write(folder)
            del self._files[kind]
            if kind == "state":
                self.saved = step
