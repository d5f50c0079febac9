"""When each setting memorised and grokked, and what was measured on the way: the history, read by setting.

Power et al. 2022, arXiv:2201.02177, Fig. 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Quantity
from engine.phenomena.grokking.settings import MAIN, P53, Setting
from engine.readings import History, Network, Readings, first_reached

if TYPE_CHECKING:
    from engine.phenomena.grokking.hindsight import Hindsight

MEMORISED, GROKKED = 0.99, 0.95  # train and test accuracy at which the events count
FINAL, CURRENT = "final model's", "current top"  # key frequencies
Floats = NDArray[np.float64]


class Milestones(Readings[Setting]):
    """The measurements so far, of each setting as far as it was trained."""

    def __init__(self, history: History, networks: Sequence[Network[Setting]], quantities: Sequence[Quantity], past: Hindsight) -> None:
        super().__init__(history, networks, quantities)
        self.past = past

    def table(self, quantity: str, setting: str = MAIN) -> tuple[Floats, Floats]:
        """Return the measured steps (k,) and values (k, seeds), as far as any seed of the setting was trained."""
        steps, values = super().table(quantity, setting)
        kept = steps <= max((self.ended(place) for place in self.columns(setting)), default=-1.0)
        return steps[kept], values[kept]

    def circuit(self, quantity: str) -> tuple[Floats, Floats, str]:
        """Return "restricted" or "excluded" loss of the main setting, steps (k,) and values (k, seeds), and whose key frequencies.

        Those of the final model when training is over; until then those that each moment's model has.
        """
        return (*self.past.losses(quantity), FINAL) if self.past.complete else (*self.table(quantity), CURRENT)

    def ended(self, place: int) -> float:
        """Return the step at which a network's training ended: its setting's last, or where a brief one had grokked."""
        setting = self.networks[place].setting
        if not setting.brief or not len(self.history):
            return float(setting.steps)
        steps, accuracy = self.history.column("test-accuracy")
        return float(np.fmin(setting.steps, first_reached(steps, accuracy[:, [place]], GROKKED)[0]))

    def memorised(self, setting: str = MAIN) -> Floats:
        """Return when each seed fitted 99 % of its training pairs, (seeds,); nan where it did not."""
        return self.first_step("train-accuracy", setting, MEMORISED)

    def grokked(self, setting: str = MAIN) -> Floats:
        """Return when each seed answered 95 % of its test pairs, (seeds,); nan where it did not."""
        return self.first_step("test-accuracy", setting, GROKKED)

    def over(self, setting: str) -> bool:
        """Whether a setting is there and every seed of it has been measured at its end."""
        places = self.columns(setting)
        return bool(places) and all(self.history.last >= self.ended(place) for place in places)

    def delays(self) -> dict[Setting, Floats]:
        """Return when the settings without intervention on the run's own modulus grokked, (seeds,) each; nan where one did not."""
        compared = (setting for setting in self.settings.values() if setting.name != P53 and setting.speedup == "none")
        return {setting: self.grokked(setting.name) for setting in compared}


def all_reached(steps: Floats) -> bool:
    """Whether an event happened in every seed; steps: (seeds,), nan where it did not."""
    return bool(len(steps)) and bool(np.isfinite(steps).all())


def values_at(times: Floats, values: Floats, steps: Floats) -> Floats:
    """Return each seed's value at its own step or, where that was not measured, at the next one, (seeds,); nan where the step is nan.

    times: (k,) ascending; values: (k, seeds); steps: (seeds,), none beyond the last time.
    """
    found = np.full(len(steps), np.nan)
    for seed in np.flatnonzero(np.isfinite(steps)):
        found[seed] = values[np.searchsorted(times, steps[seed]), seed]
    return found
