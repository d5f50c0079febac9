"""Work that hears: `checkpoint()` stands where long work can be cut, and ends it when somebody wants to stop.

A phenomenon is built, measured and drawn under `interruptible`; whoever computes for long calls `checkpoint` between pieces, at
least every tenth of a second where the work can be cut. What is interrupted is given up as a whole and begun anew later, so a
checkpoint may stand wherever nothing half-changed would stay behind.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Interrupted(Exception):
    """Somebody wants to stop; raised by `checkpoint` under `interruptible` alone."""


def never() -> bool:
    """Nobody wants to stop."""
    return False


_asked: ContextVar[Callable[[], bool]] = ContextVar("asked", default=never)


def checkpoint() -> None:
    """Go on, unless somebody wants to stop.

    Raises:
        Interrupted: somebody does.
    """
    if _asked.get()():
        raise Interrupted


@contextlib.contextmanager
def interruptible(asked: Callable[[], bool]) -> Iterator[None]:
    """Let `checkpoint` end the work within the block, in this thread, as soon as `asked()` is true."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def uninterrupted() -> contextlib.AbstractContextManager[None]:
    """Let no checkpoint end the work within the block: something half-changed would stay behind."""
    return interruptible(never)


def within(seconds: float) -> Callable[[], bool]:
    """Return whether so many seconds from now have passed, for `interruptible`."""
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() > deadline


class Checkpoints(dict[K, V]):
    """A mapping with a checkpoint at every look: for loops of other packages that look something up each time."""

    def __init__(self, of: Mapping[K, V]) -> None:
        super().__init__(of)

    def __getitem__(self, key: K) -> V:
        checkpoint()
        return super().__getitem__(key)
