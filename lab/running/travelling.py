"""A run's folder on its way between two machines that share no file system: as named bytes, and as a folder that appears at once."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from engine.errors import StoreError
from engine.store import Manifest, RunFolder
from engine.store.files import read_bytes, replace, there, told
from engine.store.folder import ARRAYS, CRASH, LATEST, MANIFEST, METRICS, PROGRESS, RESULT, STATE
from engine.store.lock import is_held
from engine.store.making import LOCK, hidden, make

RUN_FILES = (MANIFEST, METRICS, ARRAYS, RESULT, STATE, PROGRESS, LATEST, CRASH)  # what makes a run; locks and requests stay where they are
PIECE = 2**24  # bytes that travel at once


class Source(Protocol):
    """Where a run lies now."""

    def sizes(self) -> Mapping[str, int]:
        """The bytes of each of its files."""

    def piece(self, name: str, start: int, length: int) -> bytes:
        """A piece of one of them."""


def run_files(path: Path) -> dict[str, bytes]:
    """Return the files of a run.

    Raises:
        StoreError: one cannot be read.
    """
    return {name: read_bytes(path / name) for name in RUN_FILES if there(path / name)}


def lay_out(beside: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a run into a new folder.

    Raises:
        StoreError: one is none of a run's, or the disk refused.
    """
    for name, data in files.items():
        replace(beside / _named(name), data, durable=False)


def bring(source: Source, root: Path, base: str, fits: Callable[[Manifest], bool], replaces: Path | None = None) -> Path:
    """Copy a run into the folder of the runs, where it appears at once and whole; return its folder.

    Args:
        base: its name, behind which a number comes where it is taken.
        fits: whether a manifest is the one that was asked for.
        replaces: the folder of what it was before it travelled; it takes that one's place, unless somebody writes there now.

    Raises:
        StoreError: what came is no run, or another one; or the disk refused. Then nothing is left of it.
    """

    def fill(beside: Path) -> None:
        for name, size in source.sizes().items():
            _copy(source, beside / _named(name), name, size)
        if not fits(RunFolder.open(beside).manifest):
            raise StoreError(f"a worker sent another run than {base}", "run the same command again")

    path, _ = make(root, base, fill)
    if replaces is None or is_held(replaces / LOCK):
        return path
    aside = hidden(root, replaces.name, "removed")
    with told(replaces):
        with contextlib.suppress(FileNotFoundError):
            os.rename(replaces, aside)  # noqa: PTH104 (as everywhere in the store)
        os.rename(path, replaces)  # noqa: PTH104
    shutil.rmtree(aside, ignore_errors=True)
    return replaces


def _copy(source: Source, path: Path, name: str, size: int) -> None:
    with told(path), path.open("xb") as file:
        for start in range(0, size, PIECE):
            data = source.piece(name, start, min(PIECE, size - start))
            if len(data) != min(PIECE, size - start):
                raise StoreError(f"a worker sent {name} in part only", "run the same command again")
            file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _named(name: str) -> str:
    if name not in RUN_FILES:
        raise StoreError(f"a worker sent a file {name[:80]!r}, which is none of a run's", "run the same command again")
    return name
