"""Disks that refuse: every call by which the store touches a disk is counted, and any of them can be made to fail."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

CALLS = ("open", "write", "fsync", "replace", "close", "ftruncate", "mkdir")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)


class FailingDisk:
    """Counts the calls that reach a folder while it counts, and lets chosen ones fail.

    Attributes:
        count: calls so far.
        fails: whether call number `count` (from 0) fails; by default none does.
        error: the number of the error they fail with.
        only: the calls that count and may fail; all of them by default.
        half: whether a write that fails has written half before, as a full disk does.
    """

    def __init__(self, patch: Any, folder: str) -> None:
        self.folder, self.count, self.error, self.half = folder, 0, errno.ENOSPC, False
        self.only = frozenset(CALLS)
        self.fails: Callable[[int], bool] = lambda call: False
        self._ours: set[int] = set()
        for name in CALLS:
            patch.setattr(os, name, getattr(self, f"_{name}", None) or self._plain(getattr(os, name)))

    def reset(self, fails: Callable[[int], bool], error: int = errno.ENOSPC, half: bool = False) -> None:
        """Count from 0 again."""
        self.count, self.fails, self.error, self.half = 0, fails, error, half

    def _refuses(self) -> bool:
        number, self.count = self.count, self.count + 1
        return self.fails(number)

    def _refuse(self) -> None:
        raise OSError(self.error, os.strerror(self.error))

    def _plain(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *given: Any, **named: Any) -> Any:
            if not self._concerns(target):
                made = real(target, *given, **named)
                if real.__name__ == "open":
                    self._ours.discard(made)  # a number that a file of the folder had, which was closed by other means
                return made
            refused = real.__name__ in self.only and self._refuses()
            if real.__name__ == "close":
                self._ours.discard(target)
                real(target)
                return self._refuse() if refused else None
            if refused:
                if real.__name__ == "write" and self.half and len(given[0]) > 1:
                    real(target, bytes(given[0])[: len(given[0]) // 2])
                self._refuse()
            made = real(target, *given, **named)
            if real.__name__ == "open":
                self._ours.add(made)
            return made

        call.__name__ = real.__name__
        return call

    def _concerns(self, target: Any) -> bool:
        return target in self._ours if isinstance(target, int) else str(target).startswith(self.folder)
