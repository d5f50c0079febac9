"""Reads the grokking experiment's history: curves with bands, and when members memorised and grokked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series
from engine.phenomena.grokking.arms import MAIN, Arm, Member
from engine.readings import History

if TYPE_CHECKING:
    from engine.phenomena.grokking.hindsight import Hindsight

MEMORISED, GROKKED = 0.99, 0.95  # train and test accuracy at which the events count
FINAL, CURRENT = "final model's", "current top"  # key frequencies
PROGRESS = ("restricted", "excluded", "margin", "share", "gini")
Floats = NDArray[np.float64]


class Readings:
    """The measurements so far; those of `PROGRESS` hold one value per seed of the main arm, all others one per member."""

    def __init__(self, history: History, arms: Sequence[Arm], members: Sequence[Member], hindsight: Hindsight | None = None) -> None:
        self.history, self.arms, self.members = history, {arm.name: arm for arm in arms}, list(members)
        self.hindsight = hindsight

    def places(self, arm: str) -> list[int]:
        """Return the members of an arm; none for an arm that is not there."""
        return [place for place, member in enumerate(self.members) if member.arm.name == arm]

    def table(self, quantity: str, arm: str = MAIN) -> tuple[Floats, Floats]:
        """Return the measured steps (k,) and values (k, seeds), as far as any seed of the arm was trained."""
        places = self.places(arm)
        steps, values = self.history.column(quantity)
        if not len(steps) or not places:
            return np.empty(0), np.empty((0, max(1, len(places))))
        kept = steps <= max(self.ended(place) for place in places)
        return steps[kept], values[kept] if quantity in PROGRESS else values[kept][:, places]

    def circuit(self, quantity: str) -> tuple[Floats, Floats, str]:
        """Return "restricted" or "excluded" loss of the main arm, steps (k,) and values (k, seeds), and whose key frequencies.

        Those of the final model when training is over; until then those that each moment's model has.
        """
        if self.hindsight is not None and self.hindsight.complete:
            return *self.hindsight.table(quantity), FINAL
        return *self.table(quantity), CURRENT

    def ended(self, place: int) -> float:
        """Return the step at which a member's training ended: the arm's last, or where a brief one had grokked."""
        arm = self.members[place].arm
        if not arm.brief:
            return float(arm.steps)
        steps, values = self.history.column("test-accuracy")
        there = steps[values[:, place] >= GROKKED] if len(steps) else steps
        return float(min(arm.steps, there[0])) if len(there) else float(arm.steps)

    def first_step(self, quantity: str, arm: str, threshold: float) -> Floats:
        """Return the first measured step at which the quantity is at least the threshold, (seeds,); nan where it never was."""
        steps, values = self.table(quantity, arm)
        found = np.full(values.shape[1], np.nan)
        there = values >= threshold
        for seed in np.flatnonzero(there.any(axis=0)):
            found[seed] = steps[there[:, seed].argmax()]
        return found

    def memorised(self, arm: str = MAIN) -> Floats:
        """Return when each seed fitted 99 % of its training pairs, (seeds,); nan where it did not."""
        return self.first_step("train-accuracy", arm, MEMORISED)

    def grokked(self, arm: str = MAIN) -> Floats:
        """Return when each seed answered 95 % of its test pairs, (seeds,); nan where it did not."""
        return self.first_step("test-accuracy", arm, GROKKED)

    def over(self, arm: str) -> bool:
        """Whether an arm is there and every seed of it has been measured at its end."""
        places, reached = self.places(arm), self.history.steps[-1] if self.history.steps else -1
        return bool(places) and all(reached >= self.ended(place) for place in places)

    def at(self, quantity: str, steps: Floats, arm: str = MAIN) -> Floats:
        """Return each seed's value at its own step, (seeds,); nan where the step is nan."""
        return values_at(*self.table(quantity, arm), steps)

    def curve(self, quantity: str, arm: str, name: str, label: str, group: str = "", scale: bool = False) -> Series:
        """Return the mean over seeds against the step, with their range as band; `scale`: over its largest."""
        steps, values = self.table(quantity, arm)
        if scale and len(values):
            values = values / values.max(axis=0)
        return banded(name, label, steps, values, group or arm)


def values_at(times: Floats, values: Floats, steps: Floats) -> Floats:
    """Return each seed's value at its own step or, where that was not measured, at the next one, (seeds,); nan where the step is nan.

    times: (k,) ascending; values: (k, seeds); steps: (seeds,), none beyond the last time.
    """
    found = np.full(len(steps), np.nan)
    for seed in np.flatnonzero(np.isfinite(steps)):
        found[seed] = values[np.searchsorted(times, steps[seed]), seed]
    return found


def banded(name: str, label: str, x: Floats, values: Floats, group: str = "", style: str = "line") -> Series:
    """Return a measured series of values (k, seeds): their mean, and their range where there is more than one seed."""
    several = values.shape[1] > 1
    low, high = (values.min(axis=1), values.max(axis=1)) if several else (None, None)
    band = f"range of {values.shape[1]} seeds" if several else ""
    kind = "points" if style == "points" else "line"
    return Series(name, label, np.asarray(x, dtype=np.float64), values.mean(axis=1), low, high, band, group=group, style=kind)  # type: ignore[arg-type]
