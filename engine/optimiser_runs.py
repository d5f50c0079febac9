"""Optimiser runs side by side: each makes its own number of steps by every common measurement.

Which one goes first, and how many steps it makes at a time, follows the clock and changes no number: runs share nothing, and what
each computes does not depend on how its steps are cut into calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.state import State, Stateful

Steps = NDArray[np.int64]
FIRST = 16  # steps of a run's first slice; then as many as take about SLICE seconds
SLICE = 0.004


class Stepper(Stateful, Protocol):
    """What makes steps: an optimiser, a splitting method, draws."""

    step: int

    def advance(self, steps: int) -> None:
        """Make further steps."""


S = TypeVar("S", bound=Stepper)


class OptimiserRun(Generic[S]):
    """A stepper on its way. goals: (measurements,) ascending, the steps that it has made at each measurement."""

    def __init__(self, stepper: S, goals: Steps) -> None:
        self.stepper, self.goals = stepper, goals
        self._pace = FIRST

    def reached(self, place: int) -> bool:
        """Whether the steps are made that a measurement asks for."""
        return bool(self.stepper.step >= self.goals[place])

    def advance(self, place: int) -> None:
        """Make steps towards a measurement for a few milliseconds."""
        count = min(self._pace, int(self.goals[place]) - self.stepper.step)
        began = perf_counter()
        self.stepper.advance(count)
        taken = perf_counter() - began
        if count == self._pace and taken < SLICE / 2:
            self._pace *= 2
        elif taken > SLICE:
            self._pace = max(1, self._pace // 2)

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""
        return self.stepper.state()

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        self.stepper.restore(state)


def bring(runs: Iterable[OptimiserRun[Any]], place: int) -> Iterator[None]:
    """Bring every run to a measurement, a few milliseconds at a time."""
    for run in runs:
        while not run.reached(place):
            run.advance(place)
            yield


def proportional_goals(grid: Steps, total: int) -> Steps:
    """Return the goals of a run of `total` steps, made in proportion to the measurements on a grid, not to the grid's steps."""
    return -(-total * np.arange(len(grid)) // max(1, len(grid) - 1))
