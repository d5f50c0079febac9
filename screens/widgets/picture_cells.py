"""Values of a picture brought to the cells of a pane: averaged or outvoted where there are too many, repeated where there are too few."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NOTHING = -1  # level of a cell without a value


def numbers(values: NDArray[Any]) -> Floats:
    """Return values as a (rows, columns) float64 array; what is not finite becomes NaN, a vector becomes one row."""
    array = np.atleast_2d(np.asarray(values, dtype=np.float64))
    array = array.reshape(array.shape[0], math.prod(array.shape[1:]))
    return np.where(np.isfinite(array), array, np.nan)


def fitted(shape: tuple[int, int], room: tuple[int, int], equal: bool) -> tuple[int, int]:
    """Return the cells (rows, columns) that a picture of a shape takes in a room: a whole multiple of it, or what the room has.

    equal: whether both directions are scaled alike.
    """
    if not min(*shape, *room):
        return 0, 0
    scales = [have / need for have, need in zip(room, shape, strict=True)]
    if equal:
        scales = [min(scales)] * 2
    return tuple(  # type: ignore[return-value]
        min(have, need * int(scale)) if scale >= 1 else max(1, min(have, round(need * scale)))
        for need, have, scale in zip(shape, room, scales, strict=True)
    )


def resample(values: Floats, shape: tuple[int, int], classes: bool) -> Floats:
    """Return values (rows, columns) at another shape: means of areas (their middles, for classes) downward, repetition upward."""
    if not values.size or not min(shape):
        return np.full(shape, np.nan)
    starts = [_starts(have, min(have, want)) for have, want in zip(values.shape, shape, strict=True)]
    small = _middles(values, starts) if classes else _mean(values, starts)
    rows, columns = (np.arange(want) * have // want for have, want in zip(small.shape, shape, strict=True))
    return small[np.ix_(rows, columns)]


def _starts(have: int, want: int) -> Ints:
    """First index of each of `want` stretches of nearly equal length."""
    return np.arange(want) * have // want


def _sums(values: Floats, starts: list[Ints]) -> Floats:
    return np.asarray(np.add.reduceat(np.add.reduceat(values, starts[0], axis=0), starts[1], axis=1))


def _mean(values: Floats, starts: list[Ints]) -> Floats:
    if (len(starts[0]), len(starts[1])) == values.shape:
        return values
    known = ~np.isnan(values)
    scale = max(float(np.nanmax(np.abs(values))), 1e-300) if known.any() else 1.0  # sums of large values must not overflow
    sums, counts = _sums(np.where(known, values, 0.0) / scale, starts), _sums(known.astype(np.float64), starts)
    return np.where(counts > 0, sums / np.maximum(counts, 1) * scale, np.nan)


def _middles(values: Floats, starts: list[Ints]) -> Floats:
    """The class in the middle of each block: a sample, so that a rare class keeps its share where a majority would hide it."""
    if (len(starts[0]), len(starts[1])) == values.shape:
        return values
    ends = [np.append(start[1:], have) for start, have in zip(starts, values.shape, strict=True)]
    rows, columns = ((start + end - 1) // 2 for start, end in zip(starts, ends, strict=True))
    return values[np.ix_(rows, columns)]


def value_range(values: Floats, lo: float | None, hi: float | None, symmetric: bool) -> tuple[float, float]:
    """Return the values of the lowest and the highest colour: the given ones, else the data's; around 0 for diverging colours."""
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if symmetric:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    return (low if lo is None or not math.isfinite(lo) else float(lo)), (high if hi is None or not math.isfinite(hi) else float(hi))


def levels(values: Floats, low: float, high: float, count: int) -> Ints:
    """Return which of `count` colours each value takes; values beyond the range take the last, absent ones `NOTHING`."""
    span = high / 2 - low / 2  # halves, so that the difference of large values does not overflow
    with np.errstate(invalid="ignore", over="ignore"):
        share = (values / 2 - low / 2) / span if span > 0 else np.where(np.isnan(values), np.nan, 0.5)
        index = np.clip(np.floor(share * count), 0, count - 1)
    return np.where(np.isnan(index), NOTHING, index).astype(np.int64)


def class_levels(values: Floats, count: int) -> Ints:
    """Return which of `count` colours each class takes; classes beyond them begin again with the second."""
    index = np.where(np.isnan(values), NOTHING, np.clip(values, NOTHING, 1e9)).astype(np.int64)
    return np.where(index >= count, 1 + (index - 1) % max(1, count - 1), np.maximum(index, NOTHING))


def outlines(level: Ints) -> NDArray[np.bool_]:
    """Return where a level differs from the one to the right or below: contour lines."""
    edge = np.zeros(level.shape, dtype=bool)
    edge[:, :-1] |= level[:, :-1] != level[:, 1:]
    edge[:-1] |= level[:-1] != level[1:]
    return np.asarray(edge & (level != NOTHING))
