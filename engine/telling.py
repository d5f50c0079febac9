"""Work that tells: `tell(...)` stands where something that takes long begins or comes further, and whoever waits for it is shown it.

A phenomenon is built under `telling`; elsewhere nobody listens, and telling costs next to nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar


def _nobody(sentence: str) -> None:
    """Nobody listens."""


_listener: ContextVar[Callable[[str], None]] = ContextVar("listener", default=_nobody)


def tell(what: str, done: int | None = None, total: int | None = None) -> None:
    """Say what is being done, for a person: `drawing 5,000 digits`; with how much of it is done, `matrices: 12 of 40`."""
    counted = f": {done:,} of {total:,}" if done is not None and total is not None else ""
    _listener.get()(f"{what}{counted}")


@contextlib.contextmanager
def telling(listener: Callable[[str], None]) -> Iterator[None]:
    """Let `listener` hear what is told within the block, in this thread."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
