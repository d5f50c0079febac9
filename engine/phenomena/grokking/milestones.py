"""When each setting memorised and grokked, and what was measured on the way: the history, read by setting.

Power et al. 2022, arXiv:2201.02177, Fig. 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.contract import Quantity
from engine.phenomena.grokking.settings import MAIN, MOST_LONGER, P53, Setting, Task
from engine.readings import History, Network, Readings, first_reached

if TYPE_CHECKING:
    from engine.phenomena.grokking.hindsight import Hindsight
    from engine.phenomena.grokking.omnigrok.settings import ImageSetting

MEMORISED, GROKKED = 99, 95  # per cent of the training and of the test pairs that are right when the events count
FINAL, CURRENT = "final", "current"  # key frequencies
Floats = NDArray[np.float64]
AnySetting: TypeAlias = "Setting | ImageSetting"


class Milestones(Readings[AnySetting]):
    """The measurements so far, of each setting as far as it was trained.

    Args:
        pairs: (networks,) how many pairs, or images, train-accuracy and test-accuracy are of.
        past: what the main setting's past looks like once its final model is known; None for images.
        percent: of those of test-accuracy, which count as grokked.
    """

    def __init__(
        self, history: History, networks: Sequence[Network[AnySetting]], quantities: Sequence[Quantity],
        pairs: Mapping[str, NDArray[np.int64]], past: Hindsight | None = None, percent: int = GROKKED,
    ) -> None:  # fmt: skip
        super().__init__(history, networks, quantities)
        self.pairs, self.past, self.percent = pairs, past, percent
        self._events: dict[tuple[str, tuple[int, ...], int], Floats] = {}  # what `_first` found, asked for at every look at the clock
        self._read = 0  # measurements that it was found in

    def table(self, quantity: str, setting: str = MAIN) -> tuple[Floats, Floats]:
        """Return the measured steps (k,) and values (k, seeds), as far as any seed of the setting was trained."""
        steps, values = super().table(quantity, setting)
        kept = steps <= max((self.ended(place) for place in self.columns(setting)), default=-1.0)
        return steps[kept], values[kept]

    def circuit(self, quantity: str) -> tuple[Floats, Floats, str]:
        """Return "restricted" or "excluded" loss of the main setting, steps (k,) and values (k, seeds), and whose key frequencies.

        Those of the final model when training is over; until then those that each moment's model has.
        """
        if self.past is None or not self.past.complete:
            return *self.table(quantity), CURRENT
        return *self.past.losses(quantity), FINAL

    def ended(self, place: int) -> float:
        """Return the step at which a network's training ends: its setting's last, where a brief one grokked, or where one is run on to."""
        setting = self.networks[place].setting
        if not len(self.history) or not (setting.brief or setting.read_at):
            return float(setting.steps)
        if setting.read_at:
            return float(max(setting.steps, self.run_on(setting)))
        return float(np.fmin(setting.steps, self._first("test-accuracy", [place], self.percent)[0]))

    def run_on(self, setting: AnySetting) -> int:
        """Return the step to which a setting is run on, since its last seed grokked late (but before the last step); 0 where it is not."""
        last = self._first("test-accuracy", self.columns(setting.name), self.percent).max()  # nan if a seed has not
        needed = np.ceil(setting.read_at * last)
        return int(needed) if last < setting.steps < needed <= MOST_LONGER * setting.steps else 0

    def memorised(self, setting: str = MAIN) -> Floats:
        """Return when each seed fitted 99 % of its training pairs, (seeds,); nan where it did not."""
        return self._first("train-accuracy", self.columns(setting), MEMORISED)

    def grokked(self, setting: str = MAIN) -> Floats:
        """Return when each seed answered 95 % of its test pairs (70 % of images), (seeds,); nan where it did not."""
        return self._first("test-accuracy", self.columns(setting), self.percent)

    def delay_ratio(self, setting: str = MAIN) -> Floats:
        """Return grok step / memorise step of each seed, (seeds,); nan where one has not happened. From step 0 it counts as from 1."""
        return self.grokked(setting) / np.maximum(self.memorised(setting), 1)

    def accuracy_when_memorised(self) -> Floats:
        """Return the main setting's test accuracy at the step at which each seed memorised, (seeds,); nan where it did not."""
        return values_at(*self.table("test-accuracy"), self.memorised())

    def _first(self, quantity: str, places: list[int], percent: int) -> Floats:
        """Return the first step at which each of these networks had so many per cent right, (places,); nan where none was."""
        if self._read != len(self.history):
            self._events, self._read = {}, len(self.history)
        key = quantity, tuple(places), percent
        if key not in self._events:
            self._events[key] = self._found_first(*key)
        return self._events[key]

    def _found_first(self, quantity: str, places: tuple[int, ...], percent: int) -> Floats:
        steps, accuracy = self.history.column(quantity)
        if not len(steps):
            return np.full(len(places), np.nan)
        enough = at_least(accuracy[:, places], self.pairs[quantity][list(places)], percent)
        return first_reached(steps, enough.astype(np.float64), 1.0)

    def over(self, setting: str) -> bool:
        """Whether a setting is there and every seed of it has been measured at its end."""
        places = self.columns(setting)
        return bool(places) and all(self.history.last >= self.ended(place) for place in places)

    def delays(self) -> dict[Setting, Floats]:
        """Return when the settings without intervention on the run's own modulus grokked, (seeds,) each; nan where one did not."""
        pairs = (setting for setting in self.settings.values() if isinstance(setting, Setting))
        compared = (setting for setting in pairs if setting.name != P53 and setting.speedup == "none")
        return {setting: self.grokked(setting.name) for setting in compared}


def counts(tasks: Sequence[Task]) -> dict[str, NDArray[np.int64]]:
    """Return how many pairs of each task are shown and how many are not, (networks,) each, by the quantity that is of them."""
    shown = np.array([task.train.sum() for task in tasks])
    return {"train-accuracy": shown, "test-accuracy": np.array([len(task.train) for task in tasks]) - shown}


def at_least(accuracy: Any, pairs: Any, percent: int, more: bool = False) -> NDArray[np.bool_]:
    """Whether at least (or more than) so many per cent of pairs are right, by whole pairs: a rounded share may miss what it equals."""
    right, needed = 100 * np.rint(np.multiply(accuracy, pairs)), np.multiply(percent, pairs)
    return np.asarray(right > needed if more else right >= needed)


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
