"""What another process asks of the one that writes a run: pause, go on, stop; one small file in the run's folder.

It is obeyed where the same user wrote it, as a file of its own, for this very holding of the run's lock. What an earlier
process was asked, what somebody else laid there and what is no such file is dropped unread.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from enum import StrEnum
from pathlib import Path

import psutil

from engine.errors import StoreError
from engine.store.files import opened, replace, there
from engine.store.lock import Holder, holder, is_held
from engine.store.place import called
from engine.store.strict_json import dumps, loads

REQUEST = "request.json"
_LARGEST = 200  # bytes of a request

Stamp = tuple[int, int]


class Request(StrEnum):
    """What can be asked."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


def refusal(folder: Path, lock: Path) -> str:
    """Return why the process that writes a run takes no requests of this one, as a sentence; empty where it does."""
    if not there(folder):
        return "The folder of this run is no longer there."
    if not is_held(lock):
        return f"The process that ran this has ended; genlab resume {called(folder)} continues it."
    found = holder(lock)
    if found is None or not found.token:
        return "This run can only be watched: its process does not say who it is."
    if found.host != (socket.gethostname() or "-"):
        return f"This run can only be watched: it runs on another machine, {found.host}."
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"This run can only be watched: {folder} is not writable."
    return _of_process(found)


def _of_process(found: Holder) -> str:
    try:
        user = psutil.Process(found.number).uids().effective
    except psutil.Error:
        return f"This run can only be watched: its process {found.number} cannot be seen from here."
    return "" if user == os.geteuid() else f"This run can only be watched: its process {found.number} belongs to another user."


def ask(folder: Path, lock: Path, request: Request) -> None:
    """Ask the process that writes a run for something; a later request takes the place of one that was not read yet.

    Raises:
        StoreError: it takes no requests, or the disk refused.
    """
    why = refusal(folder, lock)
    found = holder(lock)
    if why or found is None:
        raise StoreError(why.rstrip("."), "")
    replace(folder / REQUEST, dumps({"for": found.token, "request": request}).encode(), durable=False)


class Requests:
    """The other side: what the holder of a run's lock was asked.

    Args:
        folder: the run's.
        token: of the holding.
    """

    def __init__(self, folder: Path, token: str) -> None:
        self._path = folder / REQUEST
        self._token = token
        self._seen: Stamp | None = None

    def take(self) -> Request | None:
        """Return what was asked since the last time, if something was, and remove it."""
        try:
            found = self._path.lstat()
        except OSError:
            return None
        stamp = found.st_ino, found.st_mtime_ns
        if stamp == self._seen:  # it could not be removed
            return None
        self._seen = stamp
        request = self._read()
        with contextlib.suppress(OSError):
            self._path.unlink()
        return request

    def _read(self) -> Request | None:
        try:
            descriptor = opened(self._path, os.O_RDONLY)
        except (OSError, StoreError):
            return None
        try:
            about = os.fstat(descriptor)
            if about.st_uid != os.geteuid() or about.st_nlink != 1 or stat.S_IMODE(about.st_mode) & stat.S_IWOTH:
                return None
            asked = loads(os.read(descriptor, _LARGEST))
            return Request(asked["request"]) if asked["for"] == self._token else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        finally:
            os.close(descriptor)
