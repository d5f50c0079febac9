"""`metrics.jsonl`: one line per measurement, appended; a line cut short by a crash or a full disk is dropped with a note.

A line is `{"step": 40, "values": {"train-loss": 0.31, ...}}`, or `{"step": 40, "knob": "lr", "value": 0.1}` where
somebody turned a knob while it ran. Each goes to the system in one write, so a killed process loses none.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import StoreError
from engine.store.files import read_bytes, told, write_all
from engine.store.strict_json import dumps, loads


@dataclass(frozen=True)
class Lines:
    """What a metrics file holds. `ends`: the byte after each line; `note`: what was dropped, or empty."""

    entries: tuple[dict[str, Any], ...]
    ends: tuple[int, ...]
    note: str


class Metrics:
    """The file, for reading and (by the holder of the run's lock) appending.

    Raises:
        StoreError: every method, when the disk refuses or the file is unreadable or damaged before its last line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._end = 0  # of the last whole line
        self._torn = False

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add one line; where the disk refuses it, what was there is as it was, and it may be tried again."""
        line = (dumps(entry) + "\n").encode()
        with told(self.path):
            descriptor = self._opened()
            if self._torn:
                os.ftruncate(descriptor, self._end)
            self._torn = True
            try:
                write_all(descriptor, line)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, self._end)
                    self._torn = False
                raise
            self._torn = False
            self._end += len(line)

    def read(self) -> Lines:
        """Read every line; a missing file has none."""
        if not self.path.exists():
            return Lines((), (), "")
        entries: list[dict[str, Any]] = []
        ends: list[int] = []
        end = 0
        lines = read_bytes(self.path).splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            end += len(line)
            entry = _parsed(line)
            if entry is None and number < len(lines):
                raise StoreError(f"line {number} of {self.path} is damaged", "restore it from a copy; the lines around it are as they were")
            if entry is None:
                return Lines(tuple(entries), tuple(ends), f"the last line of {self.path.name} was cut short and is left out")
            entries.append(entry)
            ends.append(end)
        return Lines(tuple(entries), tuple(ends), "")

    def cut(self, count: int) -> None:
        """Keep the first `count` lines only, of at least as many."""
        ends = (0, *self.read().ends)
        if count >= len(ends):
            raise too_short(self.path, len(ends) - 1, count)
        with told(self.path):
            os.ftruncate(self._opened(), ends[count])
            self._end, self._torn = ends[count], False

    def sync(self) -> None:
        """Wait until every line is on the medium."""
        if self._descriptor is not None:
            with told(self.path):
                os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        if self._descriptor is None:
            self._end = max(self.read().ends, default=0)
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            self._torn = os.fstat(self._descriptor).st_size > self._end
        return self._descriptor


def too_short(path: Path, found: int, needed: int) -> StoreError:
    """The error for metrics that end before the state that goes with them."""
    return StoreError(
        f"{path} has {found} lines, but the saved state of run {path.parent.name} goes with {needed}, so it cannot be continued exactly",
        f"see what is there with genlab show {path.parent.name}, or start anew with genlab run",
    )


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        entry = loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("step"), int):
        return None
    whole = isinstance(entry.get("values"), dict) or (isinstance(entry.get("knob"), str) and "value" in entry)
    return entry if whole else None
