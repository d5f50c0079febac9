"""A run's folder appears at once and whole: made under a hidden name, then renamed. What a killed process left of one is taken away.

Hidden names are `.RUN.new-PROCESS-TOKEN` while a folder is made, `.RUN.removed-PROCESS-TOKEN` while it is deleted.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import psutil

from engine.errors import StoreError
from engine.store.files import sync_folder, there, told
from engine.store.lock import Lock, is_held

T = TypeVar("T")
LOCK = "lock"
PATIENCE = 60.0  # seconds after which nobody is making or deleting a folder any more, whatever its process's number says
_LEFT = re.compile(r"\..+\.(new|removed)-(\d+)-[0-9a-f]+")
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


def hidden(parent: Path, name: str, what: Literal["new", "removed"]) -> Path:
    """Return a name, used by nobody, under which a run's folder is made or deleted."""
    return parent / f".{name}.{what}-{os.getpid()}-{secrets.token_hex(4)}"


def make(root: Path, base: str, fill: Callable[[Path], T]) -> tuple[Path, T]:
    """Make a folder under `root`, with a number behind its name where that is taken; return it with what `fill` returned.

    fill: writes what must be in the folder from its first moment.

    Raises:
        StoreError: the place is not writable or full; then nothing is left.
    """
    beside = hidden(root, base, "new")
    with told(root / base, "make the folder"):
        try:
            root.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:  # a file, or a link to nowhere
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
        beside.mkdir()
    try:
        made = fill(beside)
        path = _named(beside, root, base)
    except BaseException:
        _delete(beside)
        raise
    sync_folder(root)
    tidy(root)
    return path, made


def make_locked(root: Path, base: str, write: Callable[[Path], None]) -> tuple[Path, Lock]:
    """Make a folder as `make` does, whose lock this process holds from the first moment; `write` writes what must be in it.

    Raises:
        StoreError: the place is not writable or full; then nothing is left.
    """

    def fill(beside: Path) -> Lock:
        lock = Lock(beside / LOCK)
        try:
            write(beside)
        except StoreError:
            lock.release()
            raise
        return lock

    return make(root, base, fill)


def _named(beside: Path, root: Path, base: str) -> Path:
    number = 1
    while True:
        path = root / (base if number == 1 else f"{base}-{number}")
        number += 1
        if there(path):
            continue
        with told(path, "make the folder"):
            try:
                os.replace(beside, path)  # noqa: PTH105 (Path.replace is the same call; tests count this one)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
            else:
                return path


def is_left(path: Path) -> bool:
    """Whether this is a folder that a process was making or deleting when it ended."""
    found = _LEFT.fullmatch(path.name)
    if found is None or path.is_symlink() or not path.is_dir() or is_held(path / LOCK):
        return False
    with contextlib.suppress(OSError):
        return not psutil.pid_exists(int(found[2])) or time.time() - path.stat().st_mtime > PATIENCE
    return False


def tidy(root: Path) -> None:
    """Take away what killed processes left in the folder of runs, as far as the disk lets."""
    with contextlib.suppress(OSError, StoreError):
        for path in root.iterdir():
            if is_left(path):
                _delete(path)


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        for entry in path.iterdir():
            entry.unlink()
        path.rmdir()
