"""What the two threads share: the latest snapshot, the messages that wait, and one way to wait for the end."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from pathlib import Path

from engine.contract import Command, Phase, Reseed, Rewind, SetKnob, Snapshot, Stop


@dataclass(frozen=True)
class Save:
    """Store the run under `root`, if it was not stored so far."""

    root: Path


@dataclass(frozen=True)
class Keep:
    """Hold, and store everything as it is to be found if the thread ends now, so that whoever ends it knows before whether that works."""


@dataclass(frozen=True)
class Close:
    """End the thread."""


Message = Command | Save | Keep | Close
CHANGES = SetKnob | Rewind | Reseed  # what makes another run out of the one that is being built


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
        self._changes = 0
        self._phase = first.phase
        self._closed = False

    def post(self, *messages: Message) -> None:
        """Queue messages for the thread, which takes them all together."""
        with self._changed:
            self._waiting += len(messages)
            self._stops += sum(isinstance(message, Stop | Close) for message in messages)
            self._changes += sum(isinstance(message, CHANGES) for message in messages)
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

    def change_wanted(self) -> bool:
        """Whether somebody waits for another run than the one that is being built, or for none."""
        return self._stops > 0 or self._changes > 0

    def heed(self, message: Message) -> None:
        """Say that a message is being obeyed now."""
        with self._changed:
            self._stops -= isinstance(message, Stop | Close)
            self._changes -= isinstance(message, CHANGES)

    def settle(self, handled: int, phase: Phase) -> None:
        """Say that messages were handled, and which phase the run is in; one that is over is stored."""
        with self._changed:
            self._waiting -= handled
            self._phase = phase
            self._changed.notify_all()

    def close(self) -> None:
        """Say that the thread is at its end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, timeout: float | None = None, *, over: bool = True) -> bool:
        """Wait until every message was handled, what it began is built and (unless not `over`) over; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or self._settled(over), timeout)

    def _settled(self, over: bool) -> bool:
        return self._waiting == 0 and not self._phase.preparing and (self._phase.over or not over)
