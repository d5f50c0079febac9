"""From measurements to curves: the history of records, the networks that they are of, and the one way replicates become a band.

A record holds, by quantity, a number of the run, one per seed, or one per network; networks are settings times seeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.contract import Quantity, Series, Summary

Floats = NDArray[np.float64]


class History:
    """The measurements so far: one record per measured step, each a mapping from a quantity to a number or a list."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.records: list[dict[str, Any]] = []
        self._columns: dict[str, tuple[int, Floats, Floats]] = {}  # by quantity, with how many records it was made of

    def append(self, step: int, values: Mapping[str, Any]) -> None:
        """Add the record of a step (steps must grow)."""
        self.steps.append(step)
        self.records.append(dict(values))

    @property
    def last(self) -> int:
        """The step measured last, -1 before the first."""
        return self.steps[-1] if self.steps else -1

    def column(self, name: str) -> tuple[Floats, Floats]:
        """Return (steps (k,), values (k,) or (k, members)) of the records that hold the quantity; to be read, not written into."""
        known = self._columns.get(name)
        if known is None or known[0] != len(self.records):
            known = self._columns[name] = (len(self.records), *self._column(name))
        return known[1:]

    def _column(self, name: str) -> tuple[Floats, Floats]:
        rows = [(step, record[name]) for step, record in zip(self.steps, self.records, strict=True) if name in record]
        if not rows:
            return np.empty(0), np.empty(0)
        steps, values = zip(*rows, strict=True)
        return np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)

    def __len__(self) -> int:
        return len(self.steps)


class Setting(Protocol):
    """What the networks of one curve have in common: labels, width, optimiser, ... `name` is unique, `label` is for legends."""

    @property
    def name(self) -> str:
        """Its key, unique within the experiment; also the group that decides colour and marker."""

    @property
    def label(self) -> str:
        """What a legend calls it."""


S = TypeVar("S", bound=Setting)


@dataclass(frozen=True)
class Network(Generic[S]):
    """One training run: a setting with a seed."""

    setting: S
    seed: int


class Readings(Generic[S]):
    """Reads a history by setting.

    Args:
        history: the records.
        networks: what the lists of per-network quantities are indexed by.
        quantities: what is measured, as the spec declares it.
    """

    def __init__(self, history: History, networks: Sequence[Network[S]], quantities: Sequence[Quantity] = ()) -> None:
        self.history, self.networks = history, list(networks)
        self.quantities = {quantity.name: quantity for quantity in quantities}
        self.settings = {network.setting.name: network.setting for network in networks}

    def columns(self, setting: str) -> list[int]:
        """Return the places of a setting's networks, one per seed; none for a setting that is not there."""
        return [place for place, network in enumerate(self.networks) if network.setting.name == setting]

    def table(self, quantity: str, setting: str = "") -> tuple[Floats, Floats]:
        """Return the measured steps (k,) and the values (k, replicates) of a quantity, of one setting where it is per network."""
        steps, values = self.history.column(quantity)
        known = self.quantities.get(quantity)
        if known is None or known.per == "network":
            places = self.columns(setting)
            return steps, values[:, places] if values.ndim == 2 else np.empty((0, len(places)))
        return steps, values.reshape(len(steps), -1) if len(steps) else np.empty((0, 1))

    def latest(self, quantity: str, setting: str = "") -> Floats:
        """Return the last values, (replicates,); nan before the first measurement."""
        _, values = self.table(quantity, setting)
        return values[-1] if len(values) else np.full(values.shape[1], np.nan)

    def first_step(self, quantity: str, setting: str, threshold: float) -> Floats:
        """Return the first measured step at which the quantity is at least `threshold`, (replicates,); nan where it never was."""
        steps, values = self.table(quantity, setting)
        return first_reached(steps, values, threshold)

    def curve(self, quantity: str, setting: str = "", label: str = "", *, name: str = "", group: str = "", from_step: int = 0) -> Series:
        """Return a quantity of one setting against the step, as the quantity says how: by default series `quantity/setting`."""
        steps, values = self.table(quantity, setting)
        kept, known = steps >= from_step, self.quantities.get(quantity, Quantity(quantity))
        label = label or (self.settings[setting].label if setting in self.settings else known.label)
        name = name or (f"{quantity}/{setting}" if setting else quantity)
        return summarised(name, label, steps[kept], values[kept], known.summary, group=group or setting or quantity)

    def curves(self) -> Iterator[Series]:
        """Every declared quantity that a figure draws against the step, setting by setting where it is per network."""
        for quantity in self.quantities.values():
            if quantity.figure:
                for setting in self.settings if quantity.per == "network" else ("",):
                    yield self.curve(quantity.name, setting)


def first_reached(steps: Floats, values: Floats, threshold: float) -> Floats:
    """Return the first of the steps (k,) at which each column of values (k, replicates) is at least `threshold`; nan where none is."""
    there = values >= threshold
    found = np.full(values.shape[1], np.nan)
    for place in np.flatnonzero(there.any(axis=0)):
        found[place] = steps[there[:, place].argmax()]
    return found


def summarised(
    name: str, label: str, x: Any, values: Floats, summary: Summary = Summary.MEAN_RANGE, of: str = "seeds", *, present: bool = False,
    **looks: Any,
) -> Series:  # fmt: skip
    """Return the curve of values (k, replicates) over x (k,), with the band that `summary` names; one replicate has no band.

    of: what the replicates are. present: leave out the places where a replicate has no finite value. looks: kind, basis, style, group.
    """
    x = np.asarray(x, dtype=np.float64)
    if present:
        there = np.isfinite(values).all(axis=1)
        x, values = x[there], values[there]
    count = values.shape[1]
    if count == 1:
        return Series(name, label, x, values[:, 0], **looks)
    y, lo, hi = _SUMMARIES[summary](values)
    return Series(name, label, x, y, lo, hi, summary.format(n=f"{count} {of}"), **looks)


def _mean_range(values: Floats) -> tuple[Floats, Floats, Floats]:
    return values.mean(axis=1), values.min(axis=1), values.max(axis=1)


def _mean_error(values: Floats) -> tuple[Floats, Floats, Floats]:
    mean, error = values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
    return mean, mean - error, mean + error


def _median_range(values: Floats) -> tuple[Floats, Floats, Floats]:
    return np.asarray(np.median(values, axis=1)), values.min(axis=1), values.max(axis=1)


def _median_quartiles(values: Floats) -> tuple[Floats, Floats, Floats]:
    low, high = np.percentile(values, (25, 75), axis=1, method="inverted_cdf")  # values that occurred: some may be infinite
    return np.asarray(np.median(values, axis=1)), low, high


_SUMMARIES = {
    Summary.MEAN_RANGE: _mean_range, Summary.MEAN_ERROR: _mean_error, Summary.MEDIAN_RANGE: _median_range,
    Summary.MEDIAN_QUARTILES: _median_quartiles,
}  # fmt: skip
