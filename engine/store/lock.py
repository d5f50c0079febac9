"""One writer per run: an advisory lock that the system drops when the process dies, however it dies (flock)."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StoreError
from engine.store.files import opened, printable, read_bytes, told
from engine.store.place import called

if sys.platform != "win32":  # without flock, runs are not guarded against a second writer
    import fcntl

_HELD = (errno.EWOULDBLOCK, errno.EACCES)
_PATIENCE = 0.2  # seconds; somebody who only asks whether the lock is held has it for microseconds


_LONGEST = 1000  # bytes of a lock file: a number, the name of a machine, a token; what the holder does meanwhile
_SENTENCE = 200  # characters of that


@dataclass(frozen=True)
class Holder:
    """Who took a lock last: the process's number, its machine, and a token that is made anew each time (empty where it is not known).

    doing: what it does before it goes on to write, as it said itself.
    """

    number: int
    host: str = ""
    token: str = ""
    doing: str = ""


class Lock:
    """The right to write into a run folder.

    Attributes:
        token: of this holding, so that what is meant for it is told from what was meant for an earlier one.

    Raises:
        StoreError: another process has it, or the lock file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.token = secrets.token_hex(8)
        with told(path):
            self._descriptor: int | None = opened(path, os.O_RDWR | os.O_CREAT)
        if not _acquire(self._descriptor, time.monotonic() + _PATIENCE):
            os.close(self._descriptor)
            raise _refusal(path)
        self.say("")

    def say(self, doing: str) -> None:
        """Say who holds it, and what is done before anything is written; as far as the disk lets: the lock holds without it."""
        lines = (f"{os.getpid()} {socket.gethostname() or '-'} {self.token}", printable(doing)[:_SENTENCE])
        content = "\n".join(filter(None, lines)) + "\n"
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                data = content.encode()
                os.pwrite(self._descriptor, data, 0)
                os.ftruncate(self._descriptor, len(data))

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


def holder(path: Path) -> Holder | None:
    """Who took the lock last, where it is known."""
    try:
        first, _, doing = read_bytes(path, _LONGEST).decode().partition("\n")
        number, *rest = first.split()
        host, token = rest if len(rest) == 2 else ("", "")
        return Holder(int(number), host, token, printable(doing.strip()))
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
    found = holder(path)
    name = path.parent.name
    who = "this process" if found and found.number == os.getpid() else f"process {found.number}" if found else "another process"
    hint = f"watch it with genlab watch {called(path.parent)}, or end that process first"
    return StoreError(f"run {name} is being written by {who}", hint)
