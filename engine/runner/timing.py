"""Clocks of the runner: how often a costly thing may be done, and how fast a run goes."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator

STATE_SHARE = 0.02  # of the time, for what is drawn and saved of a run in case somebody looks into its folder, or it is killed
SNAPSHOT_SECONDS = 0.5  # between snapshots left for watchers: what they show is at most a second old, if it is quickly drawn
_SMOOTHING = 2.0  # seconds over which the rate forgets
_SETTLED = 1.0  # seconds of counting before the rate says how much time is left: the first steps fill caches


class Throttle:
    """Allows a thing at most every `interval` seconds, and at most a `share` of the time however long it takes.

    forgiving: only what takes long twice in a row counts against the share: the first time imports and fills caches.
    """

    def __init__(self, interval: float, share: float = 1.0, *, at_once: bool = False, forgiving: bool = False) -> None:
        self.interval = interval
        self.share = share
        self._forgiving, self._before = forgiving, 0.0
        self._next = 0.0 if at_once else time.monotonic() + interval

    def due(self) -> bool:
        """Whether it may be done now."""
        return time.monotonic() >= self._next

    @contextlib.contextmanager
    def spending(self) -> Iterator[None]:
        """Time the thing that is done within the block."""
        began = time.monotonic()
        try:
            yield
        finally:
            now = time.monotonic()
            cost = now - began
            counted = min(cost, self._before) if self._forgiving else cost
            self._before = cost
            self._next = now + max(self.interval, counted / self.share)


class Meter:
    """Steps per second, smoothed, and the seconds of work so far; time spent in a pause does not count."""

    def __init__(self, elapsed: float = 0.0) -> None:
        self.elapsed = elapsed
        self.rate = 0.0
        self._weight = 0.0
        self._last: tuple[float, int] | None = None

    def go(self, step: int) -> None:
        """Begin to count at a step."""
        self._last = (time.monotonic(), step)

    def tick(self, step: int) -> None:
        """Count up to a step."""
        if self._last is None:
            return
        now = time.monotonic()
        seconds, steps = now - self._last[0], step - self._last[1]
        if seconds <= 0:
            return
        self._last = (now, step)
        self.elapsed += seconds
        keep = math.exp(-seconds / _SMOOTHING)
        self._weight = keep * self._weight + 1 - keep
        self.rate += (steps / seconds - self.rate) * (1 - keep) / self._weight

    def hold(self, step: int) -> None:
        """Stop counting."""
        self.tick(step)
        self._last = None

    def eta(self, step: int, total: int | None) -> float | None:
        """Seconds left at the present rate, or None where nobody can say, as in the first second."""
        if total is None or self.rate <= 0 or self._weight < 1 - math.exp(-_SETTLED / _SMOOTHING):
            return None
        return max(0, total - step) / self.rate
