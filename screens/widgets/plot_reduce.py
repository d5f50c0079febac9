"""Reduction of a curve to its lowest and highest point per column, so that drawing costs what the pane is, not what the history is.

A column is one column of the canvas (half a character with braille dots). Minimum and maximum keep every spike; the first
and the last point of a column, which cost nothing to look up, tell where the line enters and leaves it. Points that are
not finite, or not positive on a log axis, are dropped, counted, and break the line.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from screens.widgets.axis_scales import LARGEST, SMALLEST, Scale

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
T = TypeVar("T")
BLOCK = 1 << 16  # 512 kB of float64


@dataclass(frozen=True)
class Reduced:
    """A curve in a window, by columns.

    place: (columns + 2,) where each entry lies, in columns: the canvas' own, and before and after them the nearest points
    outside of it. values: (4, columns + 2) lowest, highest, first and last y in data, NaN where there is no point.
    joined: (columns + 2,) whether no point was dropped since the one before. few: x and y of the points themselves,
    (j,) each, or None where they are more than the columns. dropped: points of the window that cannot be drawn.
    """

    place: Floats
    values: Floats
    joined: Bools
    few: tuple[Floats, Floats] | None
    dropped: int

    @property
    def low(self) -> Floats:
        """Lowest y of each column of the canvas, (columns,), NaN without points."""
        return self.values[0, 1:-1]

    @property
    def high(self) -> Floats:
        """Highest y of each column of the canvas, (columns,), NaN without points."""
        return self.values[1, 1:-1]

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest y inside the window; NaN without points."""
        return float(np.fmin.reduce(self.low, initial=np.nan)), float(np.fmax.reduce(self.high, initial=np.nan))


class ArrayCache:
    """Results that belong to arrays, kept while the arrays live (the arrays themselves are not kept alive)."""

    def __init__(self, size: int = 512) -> None:
        self.size = size
        self.entries: OrderedDict[tuple[object, ...], tuple[tuple[weakref.ref[Floats], ...], object]] = OrderedDict()

    def get(self, arrays: tuple[Floats, ...], key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return the result of `make` for these arrays and this key."""
        full = (*(id(array) for array in arrays), *key)
        entry = self.entries.get(full)
        if entry is not None and all(ref() is array for ref, array in zip(entry[0], arrays, strict=True)):
            self.entries.move_to_end(full)
            return entry[1]  # type: ignore[return-value]
        value = make()
        self.entries[full] = (tuple(weakref.ref(array) for array in arrays), value)
        while len(self.entries) > self.size:
            self.entries.popitem(last=False)
        return value


CACHE = ArrayCache()


def floats(values: Floats) -> Floats:
    """Return a flat float64 array; the array itself where it is one already, so that caches recognise it."""
    array = np.asarray(values)
    return array if array.dtype == np.float64 and array.ndim == 1 else array.astype(np.float64).ravel()


def drawable(values: Floats, positive: bool) -> Bools:
    """Whether values can be drawn: finite, and positive on a log axis."""
    with np.errstate(invalid="ignore"):
        return np.asarray((values < LARGEST) & (values >= SMALLEST if positive else values > -LARGEST))


def above_zero(values: Floats) -> Floats:
    """Return values with the smallest positive number that is drawn for all that are below it."""
    values = floats(values)
    return CACHE.get((values,), ("above zero",), lambda: np.maximum(values, SMALLEST))


def is_curve(x: Floats) -> bool:
    """Whether x never falls and is finite throughout, as steps are."""
    return CACHE.get((x,), ("curve",), lambda: bool((x[1:] >= x[:-1]).all()) and (x.size == 0 or bool(np.isfinite(x[[0, -1]]).all())))


def x_span(x: Floats, log: bool) -> tuple[float, float]:
    """Lowest and highest x that can be drawn; NaN without any."""
    x = floats(x)
    if is_curve(x):
        x = x[np.searchsorted(x, SMALLEST if log else -LARGEST) : np.searchsorted(x, LARGEST, "right")]
        return (float(x[0]), float(x[-1])) if x.size else (float("nan"), float("nan"))
    kept = x[drawable(x, log)]
    return (float(kept.min()), float(kept.max())) if kept.size else (float("nan"), float("nan"))


@dataclass(frozen=True)
class Bins:
    """Which points of a sorted x fall into which column: bounds (columns + 1,); the columns that hold some, (m,), with
    their first index and the one after their last; and where the points next to the window lie, in columns, NaN without.
    """

    bounds: Ints
    at: Ints
    starts: Ints
    stops: Ints
    before: float
    after: float


def bins_of(x: Floats, scale: Scale, columns: int) -> Bins:
    """Sort the points of a curve into columns; x never falls."""
    return CACHE.get((x,), (scale, columns), lambda: _bins_of(x, scale, columns))


def _bins_of(x: Floats, scale: Scale, columns: int) -> Bins:
    bounds = np.searchsorted(x, scale.edges(columns))
    at = np.flatnonzero(bounds[1:] > bounds[:-1])
    before, after = (
        float(np.clip(0.5 + (columns - 1) * scale.unit(x[index : index + 1])[0], -1e6, 1e6)) if 0 <= index < x.size else np.nan
        for index in (int(bounds[0]) - 1, int(bounds[-1]))
    )
    return Bins(bounds, at, bounds[at], bounds[at + 1], before, after)


def reduce(x: Floats, y: Floats, scale: Scale, columns: int, positive: bool) -> Reduced:
    """Reduce a curve to at most two points (and the line's ends) a column.

    Args:
        x, y: (k,) of any values; points are taken in the order of x. The shorter one counts.
        scale: the window of x.
        columns: how many columns the canvas has.
        positive: whether y is drawn on a log axis.
    """
    x, y = floats(x), floats(y)
    return CACHE.get((x, y), (scale, columns, positive), lambda: _reduce(x, y, scale, columns, positive))


def _reduce(x: Floats, y: Floats, scale: Scale, columns: int, positive: bool) -> Reduced:
    lost = 0
    if x.size != y.size:
        x, y = x[: min(x.size, y.size)], y[: min(x.size, y.size)]
    if not is_curve(x):
        kept = drawable(x, scale.log)
        lost = int(x.size - kept.sum())
        x, y = x[kept], y[kept]
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    elif scale.log and x.size and x[0] < SMALLEST:
        lost = int(np.searchsorted(x, SMALLEST))
        x, y = x[lost:], y[lost:]
    bins = bins_of(x, scale, columns)
    values, joined = np.full((4, columns + 2), np.nan), np.ones(columns + 2, dtype=bool)
    inside = y[: bins.bounds[-1]]
    values[0, bins.at + 1], values[1, bins.at + 1] = _extremes(inside, bins.starts)
    values[2, bins.at + 1], values[3, bins.at + 1] = y[bins.starts], y[bins.stops - 1]
    place = np.arange(-1.0, columns + 1)
    for index, where, side in ((int(bins.bounds[0]) - 1, bins.before, 0), (int(bins.bounds[-1]), bins.after, columns + 1)):
        if np.isfinite(where):
            place[side], values[:, side] = where, y[index]
    lost += _drop(y, bins, values, joined, positive)
    few = bins.bounds[-1] - bins.bounds[0] <= columns
    window = slice(int(bins.bounds[0]), int(bins.bounds[-1]))
    return Reduced(place, values, joined, (x[window].copy(), y[window].copy()) if few else None, lost)


def _extremes(y: Floats, starts: Ints) -> tuple[Floats, Floats]:
    """Lowest and highest of each stretch of y, in blocks that stay in the processor's cache between the two passes."""
    low, high = np.empty(starts.size), np.empty(starts.size)
    begin = 0
    with np.errstate(invalid="ignore"):
        while begin < starts.size:
            end = max(begin + 1, int(np.searchsorted(starts, starts[begin] + BLOCK)))
            part = y[starts[begin] : starts[end] if end < starts.size else y.size]
            low[begin:end] = np.minimum.reduceat(part, starts[begin:end] - starts[begin])
            high[begin:end] = np.maximum.reduceat(part, starts[begin:end] - starts[begin])
            begin = end
    return low, high


def _drop(y: Floats, bins: Bins, values: Floats, joined: Bools, positive: bool) -> int:
    """Take points that cannot be drawn out of the columns that have some, and break the line there. Returns how many."""
    lost = 0
    fine = drawable(values[0], positive) & drawable(values[1], positive)
    empty = np.ones(fine.size, dtype=bool)
    empty[bins.at + 1] = False
    for side in (0, -1):
        if not fine[side]:
            values[:, side], joined[side] = np.nan, False
    for column in np.flatnonzero(~fine & ~empty).tolist():
        if column in (0, fine.size - 1):
            continue
        part = y[bins.bounds[column - 1] : bins.bounds[column]]
        good = drawable(part, positive)
        lost += int(part.size - good.sum())
        kept = part[good]
        values[:, column] = (kept.min(), kept.max(), kept[0], kept[-1]) if kept.size else np.nan
        joined[column] &= bool(good[0])
        if not good[-1]:
            joined[column + 1] = False
    return lost
