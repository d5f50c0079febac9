"""`metrics.jsonl`: one line per measurement, appended; a line cut short by a crash or a full disk is dropped with a note.

A line is `{"step": 40, "values": {"train-loss": 0.31, ...}}`, or `{"step": 40, "knob": "lr", "value": 0.1}` where
somebody turned a knob while it ran. Each goes to the system in one write, so a killed process loses none.
"""

from __future__ import annotations

import contextlib
import errno
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import StoreError
from engine.store.files import opened, read_bytes, there, told, write_all
from engine.store.place import called
from engine.store.strict_json import dumps, loads


@dataclass(frozen=True)
class Lines:
    """What a metrics file holds. `ends`: the byte after each line; `sums`: the checksum of all up to it; `note`: what was dropped."""

    entries: tuple[dict[str, Any], ...]
    ends: tuple[int, ...]
    sums: tuple[int, ...]
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
        self._sums: list[int] = []  # after each whole line

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add one line; where the disk refuses it, what was there is as it was, and it may be tried again."""
        line = (dumps(entry) + "\n").encode()
        with told(self.path):
            descriptor = self._opened()
            if os.fstat(descriptor).st_nlink == 0:
                raise FileNotFoundError(errno.ENOENT, "it was removed")
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
            self._sums.append(zlib.crc32(line, self._sums[-1] if self._sums else 0))

    def checksum(self, count: int) -> int | None:
        """Return the checksum of the first `count` lines, 0 for none; None where there are fewer. For the holder of the lock."""
        with told(self.path):
            self._opened()
        return 0 if count == 0 else self._sums[count - 1] if count <= len(self._sums) else None

    def read(self) -> Lines:
        """Read every line; a missing file has none."""
        if not there(self.path):
            return Lines((), (), (), "")
        entries: list[dict[str, Any]] = []
        ends: list[int] = []
        sums: list[int] = []
        lines = read_bytes(self.path).splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            entry = _parsed(line)
            if entry is None and number < len(lines):
                raise StoreError(f"line {number} of {self.path} is damaged", "restore it from a copy; the lines around it are as they were")
            if entry is None:
                return Lines(tuple(entries), tuple(ends), tuple(sums), f"the last line of {self.path.name} was cut short and is left out")
            entries.append(entry)
            ends.append((ends[-1] if ends else 0) + len(line))
            sums.append(zlib.crc32(line, sums[-1] if sums else 0))
        return Lines(tuple(entries), tuple(ends), tuple(sums), "")

    def cut(self, count: int) -> None:
        """Keep the first `count` lines only, of at least as many."""
        ends = (0, *self.read().ends)
        if count >= len(ends):
            raise too_short(self.path, len(ends) - 1, count)
        with told(self.path):
            os.ftruncate(self._opened(), ends[count])
            self._end, self._torn = ends[count], False
            del self._sums[count:]

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
            found = self.read()
            self._end, self._sums = max(found.ends, default=0), list(found.sums)
            self._descriptor = opened(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            self._torn = os.fstat(self._descriptor).st_size > self._end
        return self._descriptor


def too_short(path: Path, found: int, needed: int) -> StoreError:
    """The error for metrics that end before the state that goes with them."""
    return StoreError(
        f"{path} has {found} lines, but the saved state of run {path.parent.name} goes with {needed}, so it cannot be continued exactly",
        f"see what is there with genlab show {called(path.parent)}, or start anew with genlab run",
    )


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        entry = loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("step"), int) or not 0 <= entry["step"] < 2**63:
        return None
    values = entry.get("values")
    measured = isinstance(values, dict) and all(map(_is_reading, values.values()))
    turned = isinstance(entry.get("knob"), str) and "value" in entry
    return entry if measured or turned else None


def _is_reading(value: Any) -> bool:
    """Whether this is a number, nothing, a text, or a list of these."""
    return all(map(_is_reading, value)) if isinstance(value, list) else value is None or isinstance(value, int | float | str)
