"""Stores a run as it goes, and lets it go on when the disk does not: what could not be written waits and is tried again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.contract import Snapshot
from engine.errors import StoreError
from engine.runner.timing import Throttle
from engine.state import State
from engine.store import Manifest, Position, RunFolder, Status

RETRY = 5.0  # seconds between attempts while the disk refuses
Write = Callable[[RunFolder], None]


class Recorder:
    """The disk side of one run. Nothing is stored until `open`; the lines wait in memory until then.

    Attributes:
        lines: how many lines of metrics there are, on disk or waiting.
        problem: why the last attempt to write failed, or None.
        path: the run's folder, once there is one (also after `close`).
    """

    def __init__(self, folder: RunFolder | None = None, lines: int = 0) -> None:
        self.lines = lines
        self.problem: StoreError | None = None
        self.path: Path | None = folder.path if folder else None
        self._folder = folder
        self._waiting: deque[Write] = deque()
        self._files: dict[str, Write] = {}
        self._retry = Throttle(RETRY)
        self._lost_at = 0

    @property
    def storing(self) -> bool:
        """Whether there is a folder that takes what is written."""
        return self._folder is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell when the disk refuses: one sentence, or none."""
        if self.problem is None:
            return ()
        return (f"not being stored since step {self._lost_at:,}: {self.problem.message}; {self.problem.hint}. It is tried again.",)

    def open(self, root: Path, manifest: Manifest) -> None:
        """Make the run's folder under `root`.

        Raises:
            StoreError: the place is not writable or full.
        """
        self._folder = RunFolder.create(root, manifest)
        self.path = self._folder.path

    def measured(self, step: int, values: Mapping[str, Any]) -> None:
        """Append a record."""
        self._line(step, lambda folder: folder.append(step, values))

    def turned(self, step: int, name: str, value: Any) -> None:
        """Append a line about a knob."""
        self._line(step, lambda folder: folder.append_knob(step, name, value))

    def state(self, state: State, position: Position) -> None:
        """Save the state."""
        self._file("state", position.step, lambda folder: folder.save_state(state, position))

    def status(self, status: Status) -> None:
        """Say where the run stands."""
        self._file("status", status.step, lambda folder: folder.save_status(status))

    def snapshot(self, snapshot: Snapshot) -> None:
        """Leave a snapshot for watchers."""
        self._file("snapshot", snapshot.step, lambda folder: folder.save_snapshot(snapshot))

    def arrays(self, arrays: Mapping[str, NDArray[Any]], step: int) -> None:
        """Save the problem and its solution."""
        self._file("arrays", step, lambda folder: folder.save_arrays(arrays))

    def result(self, result: Mapping[str, Any], step: int) -> None:
        """Save claims and the figures' data."""
        self._file("result", step, lambda folder: folder.save_result(result))

    def crash(self, text: str, step: int) -> None:
        """Keep a traceback."""
        self._file("crash", step, lambda folder: folder.save_crash(text))

    def flush(self, step: int, force: bool = False) -> None:
        """Write what waits; while the disk refuses, only every few seconds unless forced."""
        if self._folder is None or (self.problem is not None and not force and not self._retry.due()):
            return
        try:
            with self._retry.spending():
                self._write(self._folder)
            self.problem = None
        except StoreError as error:
            self._lost_at = step if self.problem is None else self._lost_at
            self.problem = error

    def close(self) -> None:
        """Give up the right to write into the folder."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _line(self, step: int, write: Write) -> None:
        self.lines += 1
        self._waiting.append(write)
        self.flush(step)

    def _file(self, name: str, step: int, write: Write) -> None:
        if self._folder is not None:
            self._files[name] = write
            self.flush(step)

    def _write(self, folder: RunFolder) -> None:
        while self._waiting:
            self._waiting[0](folder)
            self._waiting.popleft()
        for name in tuple(self._files):
            write = self._files.pop(name)
            try:
                write(folder)
            except StoreError:
                self._files[name] = write
                raise
