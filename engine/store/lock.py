"""One writer per run: an advisory lock that the system drops when the process dies, however it dies (flock)."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path

from engine.errors import StoreError
from engine.store.files import opened, read_bytes, told

if sys.platform != "win32":  # without flock, runs are not guarded against a second writer
    import fcntl

_HELD = (errno.EWOULDBLOCK, errno.EACCES)
_PATIENCE = 0.2  # seconds; somebody who only asks whether the lock is held has it for microseconds


class Lock:
    """The right to write into a run folder.

    Raises:
        StoreError: another process has it, or the lock file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        with told(path):
            self._descriptor: int | None = opened(path, os.O_RDWR | os.O_CREAT)
        if not _acquire(self._descriptor, time.monotonic() + _PATIENCE):
            os.close(self._descriptor)
            raise _refusal(path)
        with contextlib.suppress(OSError):  # on a full disk the number is missing, the lock still holds
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give the right back; twice does no harm."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # whatever a disk says of the file, the lock is gone with its descriptor
                os.close(self._descriptor)
            self._descriptor = None


def is_held(path: Path) -> bool:
    """Whether some process writes into the run now."""
    if sys.platform == "win32":
        return False
    try:
        descriptor = opened(path, os.O_RDONLY)
    except (OSError, StoreError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _HELD
    finally:
        os.close(descriptor)
    return False


def _holder(path: Path) -> int | None:
    """The number of the process that took the lock last, where it is known."""
    try:
        return int(read_bytes(path, 100))
    except (StoreError, ValueError):
        return None


def _acquire(descriptor: int, deadline: float) -> bool:
    if sys.platform == "win32":
        return True
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _HELD:
                return True  # a file system without locks; better unguarded than unusable
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def _refusal(path: Path) -> StoreError:
    number = _holder(path)
    name = path.parent.name
    who = "this process" if number == os.getpid() else f"process {number}" if number else "another process"
    return StoreError(f"run {name} is being written by {who}", f"watch it with genlab watch {name}, or end that process first")
