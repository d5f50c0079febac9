"""How a sweep is laid out for drawing: which knob goes along x, which tell curves apart, and where values stand on an axis."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Scalar
from engine.contract.sweep import SweepPoint
from engine.sweeps.manifest import AxisOf, SweepManifest

Floats = NDArray[np.float64]
LONGEST = 60  # letters of a description that an axis has room for
NARROWEST, BETWEEN = 28, 2  # cells of an axis from which figures are drawn side by side; cells between two ticks
DECADE = 10.0  # an axis whose values are positive and span so much is logarithmic


@dataclass(frozen=True)
class Grid:
    """The varied knobs of a sweep in their roles: along the x axis, and those whose values tell curves apart."""

    x: AxisOf
    others: tuple[AxisOf, ...]
    points: tuple[SweepPoint, ...]

    @classmethod
    def of(cls, manifest: SweepManifest, points: Sequence[SweepPoint]) -> Grid:
        """Put the numeric knob with the most values along x, or the first one where none is numeric."""
        varied = [axis for axis in manifest.axes if len(axis.values) > 1] or list(manifest.axes)
        if not varied:
            varied = [AxisOf(knob="", label="point", values=(0,))]
        numeric = [axis for axis in varied if is_numeric(axis)]
        x = max(numeric, key=lambda axis: len(axis.values)) if numeric else varied[0]
        return cls(x, tuple(axis for axis in varied if axis is not x), tuple(points))

    @property
    def places(self) -> Floats:
        """The x of every value: itself, or its number where it is no number. (k,)"""
        return np.array(sorted(self.x.values) if is_numeric(self.x) else range(len(self.x.values)), dtype=np.float64)

    @property
    def axis(self) -> Axis:
        """The x axis."""
        label = axis_label(self.x)
        if is_numeric(self.x):
            unit = "" if self.x.unit == self.x.label else self.x.unit
            return Axis(label, log=spans_decades(self.places), unit=unit, ticks=value_ticks(sorted(self.x.values)))
        return Axis(label, ticks=tuple((float(place), written(value)) for place, value in enumerate(self.x.values)))

    def curves(self) -> Iterator[tuple[str, dict[float, SweepPoint]]]:
        """The points of each combination of the other knobs' values, by x, with what tells it apart: `fraction 0.3`."""
        order = {repr(value): place for place, value in enumerate(self.x.values)}
        for chosen in itertools.product(*(axis.values for axis in self.others)):
            wanted = {axis.knob: value for axis, value in zip(self.others, chosen, strict=True)}
            label = ", ".join(f"{axis.label} {written(value)}" for axis, value in zip(self.others, chosen, strict=True))
            here: dict[float, SweepPoint] = {}
            for point in self.points:
                if all(same(point.knobs.get(name), value) for name, value in wanted.items()):
                    value = point.knobs.get(self.x.knob, 0)
                    here[float(value) if is_numeric(self.x) else float(order.get(repr(_plain(value)), 0))] = point
            yield label, here


def value_ticks(values: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """Ticks at numbers in rising order, where they are few enough to have room on the narrowest axis; none where they are not."""
    places, words = np.array(values, dtype=np.float64), [written(value) for value in values]
    at = np.log(places) if spans_decades(places) else places
    gaps = NARROWEST * np.diff(at) / (np.ptp(at) or 1.0)
    needed = [(len(one) + len(other)) / 2 + BETWEEN for one, other in itertools.pairwise(words)]
    return tuple(zip(places.tolist(), words, strict=True)) if len(words) > 1 and bool((gaps >= needed).all()) else ()


def title(scalar: Scalar, grid: Grid) -> str:
    """`grok_step against weight decay`: the word of the table's column, since what it is may be long and stands along the axis."""
    return f"{scalar.name} against {grid.x.label}"


def axis_label(axis: AxisOf) -> str:
    """`weight decay (wd)`; of a knob that is called by a letter what it is: `sigma: standard deviation of the label noise`."""
    word = axis.knob.replace("_", "-")
    if axis.label.replace(" ", "-") != word:
        return f"{axis.label} ({word})"
    return f"{axis.label}: {axis.text}" if 0 < len(axis.text) <= LONGEST else axis.label


def is_numeric(axis: AxisOf) -> bool:
    """Whether all values of a knob are numbers."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in axis.values)


def spans_decades(values: Floats, least: float = DECADE) -> bool:
    """Whether numbers that are all positive span so much that an axis of them is logarithmic."""
    there = values[np.isfinite(values)]
    return len(there) > 1 and bool(there.min() > 0) and bool(there.max() >= least * there.min())


def written(value: Any) -> str:
    """A knob's value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ",".join(map(written, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def same(one: Any, other: Any) -> bool:
    """Whether two values of a knob are equal; a list that was stored equals the tuple that it was."""
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value
