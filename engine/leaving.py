"""Leaving the process: by the interpreter's own way, unless a thread is still inside native code, which that way would pull down.

The interpreter's end unloads BLAS under a thread that computes in it: the process then dies of a segmentation fault, whatever
its exit code was to be.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import NoReturn

_computing: set[threading.Thread] = set()


def watch(thread: threading.Thread) -> None:
    """Remember a thread that computes."""
    _computing.difference_update([known for known in _computing if not known.is_alive()])
    _computing.add(thread)


def stuck() -> bool:
    """Whether a thread that computes has not ended."""
    return any(thread.is_alive() for thread in _computing)


def leave(code: int) -> int:
    """Return the exit code; where a thread is stuck, end the process with it at once instead, everything written out."""
    if stuck():
        leave_now(code)
    return code


def leave_now(code: int) -> NoReturn:
    """End the process with this exit code, without the interpreter's end; what was printed is written out first."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)
