"""From reduced curves to dots, many at once: which rows a line, a band, points or bars cover in every column of the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screens.widgets.axis_scales import Scale
from screens.widgets.plot_reduce import Bools, Floats, Ints, Reduced, drawable

SQUARE = ((0, 0), (0, 1), (1, 0), (1, 1))  # rows down and columns right of its first dot
FAR = 1e6  # rows of dots are cut here, so that they fit integers


@dataclass(frozen=True)
class Traces:
    """Lines in dots, (lines, columns) each: top and bottom row, 0 being the highest; the row where the line enters; whether it passes."""

    top: Ints
    bottom: Ints
    entry: Ints
    drawn: Bools

    def masks(self, rows: int) -> Bools:
        """Dots of the lines, (lines, rows, columns)."""
        return between(self.top, self.bottom, self.drawn, rows)


def between(top: Ints, bottom: Ints, drawn: Bools, rows: int) -> Bools:
    """Return masks (lines, rows, columns), filled from row top to row bottom where drawn; (lines, columns) each."""
    row = np.arange(rows)[None, :, None]
    return np.asarray((row >= top[:, None]) & (row <= bottom[:, None]) & drawn[:, None])


def rows_of(y: Floats, scale: Scale, rows: int) -> Floats:
    """Rows of dots (as floats, far outside ones cut), 0 on top."""
    return np.asarray(np.clip(rows - 1 - scale.cells(y, rows), -FAR, FAR))


def trace(curves: Sequence[Reduced], scale: Scale, rows: int) -> Traces:
    """Return the lines through reduced curves: straight between columns, whole spikes inside them, broken where points were dropped."""
    place = np.stack([curve.place for curve in curves])  # (lines, columns + 2)
    joined = np.stack([curve.joined for curve in curves])
    low, high, first, last = rows_of(np.stack([curve.values for curve in curves], axis=1), scale, rows)
    has = np.isfinite(low)
    lines, width = has.shape
    every = np.arange(width)
    left = np.maximum.accumulate(np.where(has, every, -1), axis=1)
    right = np.minimum.accumulate(np.where(has, every, width)[:, ::-1], axis=1)[:, ::-1]
    inside = (left >= 0) & (right < width)
    left, right = np.where(inside, left, 0), np.where(inside, right, 0)
    gaps = np.cumsum(~joined, axis=1)  # a line passes where no break lies between the points to the left and the right
    line = np.arange(lines)[:, None]
    start, stop = place[line, left], place[line, right]
    share = (place - start) / np.where(stop > start, stop - start, 1.0)
    straight = np.floor(last[line, left] + share * (first[line, right] - last[line, left]) + 0.5)
    drawn = has | (inside & (gaps[line, right] == gaps[line, left]))
    enter, leave = np.where(has, first, straight), np.where(has, last, straight)
    top, bottom = np.where(has, high, straight), np.where(has, low, straight)
    linked = drawn[:, 1:] & drawn[:, :-1] & (joined[:, 1:] | ~has[:, 1:])
    top, bottom = _connect(top, bottom, enter, leave, linked)
    whole = [np.where(drawn, part, 0)[:, 1:-1].astype(np.int64) for part in (top, bottom, enter)]
    return Traces(whole[0], whole[1], whole[2], drawn[:, 1:-1])


def _connect(top: Floats, bottom: Floats, enter: Floats, leave: Floats, linked: Bools) -> tuple[Floats, Floats]:
    """Lengthen neighbouring columns toward each other until they touch, half the way each."""
    here, there = leave[:, :-1], enter[:, 1:]
    half = np.floor((here + there) / 2)
    down, up = linked & (there > here + 1), linked & (there < here - 1)
    none = np.inf
    bottom = bottom.copy()
    top = top.copy()
    bottom[:, :-1] = np.maximum(bottom[:, :-1], np.where(down, half, -none))
    top[:, 1:] = np.minimum(top[:, 1:], np.where(down, half + 1, none))
    top[:, :-1] = np.minimum(top[:, :-1], np.where(up, half + 1, none))
    bottom[:, 1:] = np.maximum(bottom[:, 1:], np.where(up, half, -none))
    return top, bottom


def dashes(mask: Bools, top: Ints, bottom: Ints, on: int, off: int) -> Bools:
    """Return the dots (rows, columns) of a line broken into dashes that stay in place when the line grows.

    on, off: in columns of dots, two a character; where a line is steep in pairs of rows, so that dashes end where characters do.
    """
    row, column = np.ogrid[: mask.shape[0], : mask.shape[1]]
    position = np.where(bottom - top > 1, row // 2, column)
    return np.asarray(mask & (position % (on + off) < on))


def bands(upper: Traces, lower: Traces, rows: int) -> Bools:
    """Return the dots between the edges of bands, (bands, rows, columns)."""
    return between(upper.top, lower.bottom, upper.drawn & lower.drawn, rows)


def stipple(areas: Bools, sparse: bool) -> Bools:
    """Return every second dot of areas like a chequerboard, or every fourth."""
    row, column = np.ogrid[: areas.shape[1], : areas.shape[2]]
    return np.asarray(areas & ((row % 2 == 0) & (column % 2 == 0) if sparse else (row + column) % 2 == 0))


def scatter(reduced: Reduced, scale_x: Scale, scale_y: Scale, shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """Return rows and columns of a curve's points: all of them while they are few, else the lowest and highest of each column."""
    down, across = _places(reduced, scale_x, scale_y, shape)
    rows, columns = shape
    return rows - 1 - np.floor(rows - 0.5 - down).astype(np.int64), np.floor(across + 0.5).astype(np.int64).clip(0, columns - 1)


def squares(reduced: Reduced, scale_x: Scale, scale_y: Scale, shape: tuple[int, int]) -> Bools:
    """Return the dots (rows, columns) of the points that `scatter` gives, each a square of four around where it lies."""
    mask = np.zeros(shape, dtype=bool)
    places = _places(reduced, scale_x, scale_y, shape)
    down, across = (np.floor(part).astype(np.int64).clip(0, size - 2) for part, size in zip(places, shape, strict=True))
    for row, column in SQUARE:
        mask[down + row, across + column] = True
    return mask


def knots(reduced: Reduced, scale_x: Scale, scale_y: Scale, shape: tuple[int, int]) -> Bools:
    """Return the dots (rows, columns) of the points that `scatter` gives, each the square of its character that holds its dot.

    So a mark at the point covers it whole: what went over into the next character would seem to be the line, a row from the mark.
    """
    mask = np.zeros(shape, dtype=bool)
    down, across = (part // 2 * 2 for part in scatter(reduced, scale_x, scale_y, shape))
    for row, column in SQUARE:
        mask[down + row, across + column] = True
    return mask


def _places(reduced: Reduced, scale_x: Scale, scale_y: Scale, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Where points lie that are in the window, in dots from the top and from the left, not rounded."""
    rows, columns = shape
    if reduced.few is not None:
        x, y = reduced.few
        across = (columns - 1) * scale_x.unit(x)
    else:
        y, across = np.concatenate([reduced.low, reduced.high]), np.tile(np.arange(columns, dtype=np.float64), 2)
    down = np.where(drawable(y, scale_y.log), (rows - 1) * (1 - scale_y.unit(y)), np.nan)
    with np.errstate(invalid="ignore"):
        inside = (across >= -0.5) & (across < columns - 0.5) & (down > -0.5) & (down <= rows - 0.5)
    return down[inside], across[inside]


def tips(reduced: Reduced, scale: Scale, columns: int, dots: int) -> tuple[Floats, Floats]:
    """Return the column of characters and the value of every bar; of more bars than columns the highest in each.

    dots: columns of dots in a column of characters.
    """
    if reduced.few is None:
        y = reduced.high
        at = np.arange(y.size) * columns // y.size
        return at[np.isfinite(y)].astype(np.float64), y[np.isfinite(y)]
    x, y = reduced.few
    good = drawable(y, False)
    return scale.text_cells(x[good], columns, dots), y[good]


def bar_heights(y: Floats, scale: Scale, rows: int, dots: int) -> tuple[NDArray[np.float64], float]:
    """Return how high bars reach and where they stand, in rows from the bottom (eighths are drawn); both within 0..rows.

    They reach to the middle of the dot of their value, as a curve or a tick does. dots: rows of dots in each of the `rows`.
    """
    heights, foot = (
        ((rows * dots - 1) * np.clip(scale.unit(part), 0, 1) + 0.5) / dots for part in (y, np.zeros(1) if not scale.log else np.ones(1))
    )
    return heights, 0.0 if scale.log else float(foot[0])
