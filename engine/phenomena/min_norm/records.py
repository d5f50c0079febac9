"""Measurements of all seeds and arms, as they go into the run's records and as they come out again.

A record holds, for every part (linear, network, matrix) and every reading, one flat list: seeds, then arms, then directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.theory.implicit_bias.interpolators import Order, min_norm_interpolator, norm
from engine.theory.inputs import Floats
from engine.theory.linear_models.min_norm import LeastSquares

LARGEST_PROGRAMME = 200_000
"""Entries of X up to which the l1 and l_inf minima are sought: beyond, a linear programme takes many seconds."""

GONE = 1e3
"""Relative distance from X^+ y at which an arm counts as diverged; its curves end there."""


class Part(Protocol):
    """What linear, network and matrix have in common."""

    arms: tuple[str, ...]

    def measure(self) -> dict[str, Floats]:
        """Return readings, each (arms,) or (arms, directions)."""


def record(parts: Mapping[str, Sequence[Part]]) -> dict[str, list[float]]:
    """Measure every seed of every part."""
    found: dict[str, list[float]] = {}
    for name, seeds in parts.items():
        readings = [part.measure() for part in seeds]
        for quantity in readings[0]:
            found[f"{name}/{quantity}"] = np.stack([reading[quantity] for reading in readings]).ravel().tolist()
    return found


class Records:
    """What was measured so far. column: a quantity's steps (k,) and flat values (k, ...)."""

    def __init__(self, column: Callable[[str], tuple[Floats, Floats]], seeds: int, arms: Mapping[str, tuple[str, ...]]) -> None:
        self._column, self.seeds, self.arms = column, seeds, arms

    def flat(self, part: str, quantity: str) -> tuple[Floats, Floats]:
        """Return steps (k,) and values (k, seeds, entries)."""
        steps, values = self._column(f"{part}/{quantity}")
        return steps, values.reshape(len(steps), self.seeds, -1) if len(steps) else np.zeros((0, self.seeds, 0))

    def of(self, part: str, quantity: str, arm: str) -> Floats:
        """Return one arm's values (k, seeds)."""
        values: Floats = self.directions(part, quantity, arm)[:, :, 0]
        return values

    def directions(self, part: str, quantity: str, arm: str) -> Floats:
        """Return one arm's values (k, seeds, directions)."""
        _, values = self.flat(part, quantity)
        arms = self.arms[part]
        return (
            values.reshape(len(values), self.seeds, len(arms), -1)[:, :, arms.index(arm)] if len(values) else np.zeros((0, self.seeds, 1))
        )

    def steps(self, part: str) -> Floats:
        """Return the measured steps (k,) of gradient descent."""
        return self.flat(part, "distance")[0]

    def end(self, part: str, arm: str) -> int | None:
        """Index of the first measurement at which an arm has diverged in some seed, or None."""
        lost = (self.of(part, "distance", arm) > GONE).any(axis=1)
        return int(np.argmax(lost)) if lost.any() else None


def least_norm(problem: LeastSquares, order: Order) -> float | None:
    """Return the smallest norm of an interpolator, by linear programming for l1 and l_inf; None where that would take too long."""
    if order == "l2":
        return float(norm(problem.solution, "l2"))
    if problem.X.size > LARGEST_PROGRAMME:
        return None
    return _least(problem.X.shape, problem.X.tobytes(), problem.y.tobytes(), order)


@lru_cache(maxsize=32)
def _least(shape: tuple[int, ...], X: bytes, y: bytes, order: Order) -> float:
    matrix: NDArray[Any] = np.frombuffer(X).reshape(shape)
    return float(norm(min_norm_interpolator(matrix, np.frombuffer(y), order), order))
