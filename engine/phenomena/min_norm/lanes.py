"""Iterations and draws that go on side by side: each reaches its own step count at every common measuring point.

Which worker goes first, and how many steps it makes at a time, follows the clock and changes no number: workers share
nothing, and the numbers of each do not depend on how its steps are cut into calls.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import ProblemError

FIRST = 16  # steps of a worker's first slice; then as many as take about SLICE seconds
SLICE = 0.004


class Worker(Protocol):
    """Something that makes steps: an optimiser, a splitting method, draws."""

    step: int

    def advance(self, steps: int) -> None:
        """Make further steps."""

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return (arrays, JSON scalars) from which `restore` continues bit for bit."""

    def restore(self, arrays: dict[str, NDArray[Any]], scalars: dict[str, Any]) -> None:
        """Continue from what `state` returned."""


@dataclass
class Lane:
    """A worker and the step counts (points,), ascending, that it has made at the measuring points."""

    worker: Worker
    goals: NDArray[np.int64]
    pace: int = FIRST

    def reached(self, point: int) -> bool:
        """Whether the worker has made the steps that a measuring point asks for."""
        return self.worker.step >= int(self.goals[point])

    def slice(self, point: int) -> None:
        """Make steps towards a measuring point for a few milliseconds."""
        count = min(self.pace, int(self.goals[point]) - self.worker.step)
        began = perf_counter()
        self.worker.advance(count)
        taken = perf_counter() - began
        if count == self.pace and taken < SLICE / 2:
            self.pace *= 2
        elif taken > SLICE:
            self.pace = max(1, self.pace // 2)


class Lanes:
    """Named workers on the way from measuring point to measuring point."""

    def __init__(self, lanes: Mapping[str, Lane]) -> None:
        self.lanes = dict(lanes)

    def reached(self, point: int) -> bool:
        """Whether every worker has reached a measuring point."""
        return all(lane.reached(point) for lane in self.lanes.values())

    def advance(self, point: int, deadline: float) -> bool:
        """Work towards a measuring point until then or until `deadline` (of `perf_counter`); whether it is reached."""
        for lane in self.lanes.values():
            while not lane.reached(point):
                lane.slice(point)
                if perf_counter() >= deadline:
                    return self.reached(point)
        return True

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return (arrays, JSON scalars) of all workers, under `lane/array`."""
        arrays, scalars = {}, {}
        for name, lane in self.lanes.items():
            own, scalars[name] = lane.worker.state()
            arrays.update({f"{name}/{key}": values for key, values in own.items()})
        return arrays, scalars

    def restore(self, arrays: Mapping[str, NDArray[Any]], scalars: Mapping[str, Any]) -> None:
        """Continue from what `state` returned."""
        for name, lane in self.lanes.items():
            own = {key.removeprefix(f"{name}/"): values for key, values in arrays.items() if key.startswith(f"{name}/")}
            lane.worker.restore(own, scalars[name])


def in_step(grid: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Return goals (points,) of a worker with `total` steps of its own, made in proportion to the points of a grid, not to its steps."""
    last = max(1, len(grid) - 1)
    return -(-total * np.arange(len(grid)) // last)


class Tasks:
    """Computations that nothing waits for, such as lines of theory: done one after the other as time allows.

    Attributes:
        results: what is there so far; None for a task that has no result. refusals: why.
    """

    def __init__(self, tasks: Mapping[Hashable, Callable[[], Any]]) -> None:
        self._left = list(tasks.items())
        self.results: dict[Hashable, Any] = {}
        self.refusals: list[str] = []

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return not self._left

    def advance(self, deadline: float) -> None:
        """Do what is left until `deadline` (of `perf_counter`), at least one task."""
        while self._left:
            key, make = self._left.pop(0)
            try:
                self.results[key] = make()
            except ProblemError as error:
                self.results[key] = None
                self.refusals.append(error.message)
            if perf_counter() >= deadline:
                break
