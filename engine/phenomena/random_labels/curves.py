"""Reads a history whose records hold a number per member, arms times seeds: curves with bands, and when things happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series
from engine.readings import History

Floats = NDArray[np.float64]


class Curves:
    """The measurements of some arms, each with one member per seed; member `arm * seeds + seed`."""

    def __init__(self, history: History, arms: Sequence[str], seeds: int) -> None:
        self.history, self.arms, self.seeds = history, list(arms), seeds

    @property
    def band(self) -> str:
        """What `lo` and `hi` of the curves are."""
        return f"range of {self.seeds} seeds" if self.seeds > 1 else ""

    def members(self, arm: str) -> list[int]:
        """Return the members of an arm, one per seed; none for an arm that is not there."""
        if arm not in self.arms:
            return []
        first = self.arms.index(arm) * self.seeds
        return list(range(first, first + self.seeds))

    def table(self, quantity: str, arm: str) -> tuple[Floats, Floats]:
        """Return the measured steps (k,) and the values (k, seeds)."""
        steps, values = self.history.column(quantity)
        return steps, values[:, self.members(arm)] if len(values) else np.empty((0, self.seeds))

    def latest(self, quantity: str, arm: str) -> Floats:
        """Return the last values, (seeds,); nan before the first measurement."""
        _, values = self.table(quantity, arm)
        return values[-1] if len(values) else np.full(self.seeds, np.nan)

    def first_step(self, quantity: str, arm: str, threshold: float) -> Floats:
        """Return the first measured step at which the quantity is at least `threshold`, (seeds,); nan where it never was."""
        steps, values = self.table(quantity, arm)
        there = values >= threshold
        found = np.full(self.seeds, np.nan)
        for seed in np.flatnonzero(there.any(axis=0)):
            found[seed] = steps[there[:, seed].argmax()]
        return found

    def curve(self, quantity: str, arm: str, label: str, from_step: int = 0) -> Series:
        """Return the mean over seeds against the step, with the range of the seeds as band."""
        steps, values = self.table(quantity, arm)
        kept = steps >= from_step
        return self.banded(f"{quantity}/{arm}", label, steps[kept], values[kept], group=arm)

    def banded(
        self, name: str, label: str, x: Floats, values: Floats, group: str = "", style: Literal["line", "points"] = "line"
    ) -> Series:
        """Return a measured series of values (k, seeds): their mean, and their range where there is more than one seed."""
        low, high = (values.min(axis=1), values.max(axis=1)) if self.seeds > 1 else (None, None)
        return Series(name, label, np.asarray(x, dtype=np.float64), values.mean(axis=1), low, high, self.band, group=group, style=style)
