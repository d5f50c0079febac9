"""What the two threads share: the latest snapshot, the messages that wait, and one way to wait for the end."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from pathlib import Path

from engine.contract import Command, Snapshot, Stop


@dataclass(frozen=True)
class Save:
    """Store the run under `root`, if it was not stored so far."""

    root: Path


@dataclass(frozen=True)
class Close:
    """End the thread."""


Message = Command | Save | Close


class Mailbox:
    """Between the thread that computes and everybody else.

    Attributes:
        latest: the present snapshot; assigning it is the only way anything reaches the outside.
        error: the last exception that ended or disturbed the run.
    """

    def __init__(self, first: Snapshot) -> None:
        self.latest = first
        self.error: BaseException | None = None
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._waiting = 0
        self._stops = 0
        self._over = False
        self._closed = False

    def post(self, *messages: Message) -> None:
        """Queue messages for the thread, which takes them all together."""
        with self._changed:
            self._waiting += len(messages)
            self._stops += sum(isinstance(message, Stop | Close) for message in messages)
            for message in messages:
                self._messages.put(message)

    def take(self, patience: float | None) -> list[Message]:
        """Return every queued message; wait for one for `patience` seconds, for ever when None."""
        found: list[Message] = []
        try:
            found.append(self._messages.get(timeout=patience))
            with self._changed:  # nobody is in the middle of posting
                while True:
                    found.append(self._messages.get_nowait())
        except queue.Empty:
            return found

    def stop_wanted(self) -> bool:
        """Whether somebody waits for the run to stop; asked often, from within long work."""
        return self._stops > 0

    def heed(self, message: Message) -> None:
        """Say that a message is being obeyed now."""
        if isinstance(message, Stop | Close):
            with self._changed:
                self._stops -= 1

    def settle(self, handled: int, over: bool) -> None:
        """Say that messages were handled, and whether the run is over and stored."""
        with self._changed:
            self._waiting -= handled
            self._over = over
            self._changed.notify_all()

    def close(self) -> None:
        """Say that the thread is at its end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, timeout: float | None = None, *, over: bool = True) -> bool:
        """Wait until every message was handled and (unless not `over`) the run is over; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or (self._waiting == 0 and (self._over or not over)), timeout)
