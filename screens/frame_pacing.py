"""When a screen looks at its run and when it draws: at most five frames a second, fewer when drawing is dear, at once after a key."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from engine.contract import Phase, Snapshot

PERIOD = 0.2  # seconds between frames at most
SHARE = 0.06  # of the time may go into drawing, which training that shares the interpreter loses, and a little more
SLOWEST = 2.0  # seconds between frames at least
EAGER = 0.02  # seconds between looks after a key press
EAGER_FOR = 1.0  # seconds for which it looks eagerly, or until the answer is there


class FramePacing:
    """Decides whether a snapshot is drawn now, and when to look again.

    The price of a frame is the processor time that the interface's thread used since the frame before, which counts
    layout and output as well as drawing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, cost: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._cost = cost
        self._drawn: Snapshot | None = None
        self._eager_until = 0.0
        self._next_frame = 0.0
        self._spent = cost()

    def hurry(self) -> None:
        """A person asked for something: look eagerly until the answer is there."""
        self._eager_until = self._clock() + EAGER_FOR

    def forget(self) -> None:
        """Draw the next snapshot whatever was drawn before (the layout changed)."""
        self._drawn = None

    def wants(self, snapshot: Snapshot) -> Literal["everything", "rows", "nothing"]:
        """Return how much of this snapshot to draw now: only the rows of text while no curve has changed."""
        if self._drawn is None:
            return "everything"
        if snapshot is self._drawn:
            return "nothing"
        same = (snapshot.revision, snapshot.run, snapshot.phase) == (self._drawn.revision, self._drawn.run, self._drawn.phase)
        if not same and self._answers(snapshot):
            return "everything"
        if self._clock() < self._next_frame:
            return "nothing"
        return "rows" if same else "everything"

    def drew(self, snapshot: Snapshot) -> None:
        """Note that a snapshot was drawn, and what the frames cost since the one before."""
        now, spent = self._clock(), self._cost()
        price, self._spent = spent - self._spent, spent
        if self._drawn is not None and self._answers(snapshot):
            self._eager_until = 0.0
        self._next_frame = now + min(SLOWEST, max(PERIOD, price / SHARE))
        self._drawn = snapshot

    def delay(self) -> float:
        """Return the seconds until the next look."""
        now = self._clock()
        return EAGER if now < self._eager_until else max(EAGER, PERIOD, self._next_frame - now)

    def _answers(self, snapshot: Snapshot) -> bool:
        """Whether the snapshot shows what a command asked for, and not merely further training."""
        old = self._drawn
        return old is None or snapshot.phase is not Phase.RUNNING or (
            (snapshot.phase, snapshot.config, snapshot.seeds, snapshot.run) != (old.phase, old.config, old.seeds, old.run)
            or snapshot.step < old.step
        )  # fmt: skip
