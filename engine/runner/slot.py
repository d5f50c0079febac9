"""What the two threads share: one slot with the latest snapshot, one queue of commands, one way to wait for the end."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from pathlib import Path

from engine.contract import Command, Snapshot


@dataclass(frozen=True)
class Save:
    """Store the run under `root`, if it was not stored so far."""

    root: Path


@dataclass(frozen=True)
class Close:
    """End the thread."""


Message = Command | Save | Close


class Slot:
    """Between the thread that computes and everybody else.

    Attributes:
        latest: the present snapshot; assigning it is the only way anything reaches the outside.
        error: the last exception that ended or disturbed the run.
    """

    def __init__(self, first: Snapshot) -> None:
        self.latest = first
        self.error: BaseException | None = None
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._posted = 0
        self._handled = 0
        self._over = False
        self._closed = False

    def post(self, message: Message) -> None:
        """Queue a message for the thread."""
        with self._changed:
            self._posted += 1
        self._inbox.put(message)

    def take(self, wait: bool, timeout: float | None = None) -> list[Message]:
        """Return every queued message; with `wait`, at least one unless `timeout` seconds pass."""
        found: list[Message] = []
        try:
            found.append(self._inbox.get(wait, timeout))
            while True:
                found.append(self._inbox.get_nowait())
        except queue.Empty:
            return found

    def settle(self, handled: int, over: bool) -> None:
        """Say that messages were handled, and whether the run is over and stored."""
        with self._changed:
            self._handled += handled
            self._over = over
            self._changed.notify_all()

    def close(self) -> None:
        """Say that the thread is at its end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, timeout: float | None) -> bool:
        """Wait until every message was handled and the run is over; False if that took longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or (self._over and self._handled == self._posted), timeout)
