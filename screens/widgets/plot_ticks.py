"""Ticks that never overlap: decades on log axes, 1-2-5 on linear ones, words where an axis names its positions, or their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from screens.widgets.axis_scales import LEAST_EVEN, SMALLEST, Scale, nice_step, rows_apart, shorten

ALIKE = 4  # rows between ticks of a log axis from which one row more or less is not seen


@dataclass(frozen=True)
class Tick:
    """A labelled position of an axis: a cell, and where its label begins on a row of labels."""

    at: int
    label: str
    start: int = 0


def x_ticks(scale: Scale, width: int, names: Sequence[tuple[float, str]] = (), dots: int = 1) -> list[Tick]:
    """Return ticks for a row of `width` cells: labels centred under their cell, two blanks between them.

    A label may begin a little left of the row (in the gutter), but ends inside it. dots: columns of dots in a cell.
    """
    if width < 1:
        return []
    if names:
        if named_whole(scale, width, names, dots):
            return _named(scale, width, names, dots)
        numbers = [(at, str(number)) for number, (at, _) in enumerate(names, 1)]
        return _apart(_named(scale, width, numbers, dots), {scale.cell(at, width, dots): number for at, number in numbers})
    best: list[Tick] = []
    for values, labels in _with_ends(_candidates(scale)):
        ticks = _row_of(scale, width, values, labels, dots) if len(values) <= max(2, width // 3) else []
        if ticks and all(b.start - a.start - len(a.label) >= 2 for a, b in pairwise(ticks)):
            if len(ticks) >= 2:
                return ticks
            best = best or ticks
    return best


def y_ticks(scale: Scale, height: int, longest: int, dots: int = 1) -> list[Tick]:
    """Return ticks for `height` rows, row 0 on top, at least one row free between two, no label over `longest` characters.

    Three or more at equal distances are preferred to more at unequal ones, which on a log axis distances may seem to be that differ by
    one row of at least ALIKE. dots: rows of dots in a row.
    """
    best: list[Tick] = []
    uneven: list[Tick] = []
    low = scale.log and height < LEAST_EVEN  # decades have no room to be at equal distances
    least = 2 if low else 3
    for values, labels in _with_ends(_candidates(scale)):
        if len(set(labels)) < len(labels) or max(map(len, labels)) > longest or 1.5 * len(values) > max(3, height):
            continue
        at = (height - 1 - scale.text_cells(np.array(values), height, dots)).astype(int).tolist()
        if all(abs(a - b) >= rows_apart(height) for a, b in pairwise(at)):
            ticks = [Tick(row, label) for row, label in zip(at, labels, strict=True)]
            apart = [a - b for a, b in pairwise(at)]
            if len(ticks) >= least and (
                low or max(apart) == min(apart) or (scale.log and min(apart) >= ALIKE and max(apart) <= min(apart) + 1)
            ):
                return ticks
            uneven = uneven or (ticks if len(ticks) >= 2 else [])
            best = best or ticks
    return uneven or best


def _with_ends(sets: Iterable[tuple[list[float], list[str]]]) -> Iterator[tuple[list[float], list[str]]]:
    """The sets of ticks as they come, then of each only the first and the last tick, coarse sets first."""
    kept = []
    for values, labels in sets:
        kept.append(([values[0], values[-1]], [labels[0], labels[-1]]))
        yield values, labels
    yield from (pair for pair in reversed(kept) if pair[0][0] < pair[0][1])


def _row_of(scale: Scale, width: int, values: Sequence[float], labels: Sequence[str], dots: int) -> list[Tick]:
    at = scale.text_cells(np.array(values, dtype=np.float64), width, dots).astype(int).tolist()
    starts = [min(cell - (len(label) - 1) // 2, width - len(label)) for cell, label in zip(at, labels, strict=True)]
    return [Tick(*parts) for parts in zip(at, labels, starts, strict=True)]


def _apart(ticks: Sequence[Tick], numbers: Mapping[int | None, str]) -> list[Tick]:
    """Leave out what was cut, since a part of a number is another one, and every second where they would touch."""
    whole = [tick for tick in ticks if tick.label == numbers[tick.at]]
    touch = any(b.start <= a.start + len(a.label) for a, b in pairwise(whole))
    return whole[::2] if touch else whole


def named_whole(scale: Scale, width: int, names: Sequence[tuple[float, str]], dots: int = 1) -> bool:
    """Whether every named position in sight has room for its whole name; where not, ticks are numbers, which need a key."""
    seen = [word for at, word in names if scale.cell(at, width, dots) is not None]
    return sorted(tick.label for tick in _named(scale, width, names, dots)) == sorted(seen)


def _named(scale: Scale, width: int, names: Sequence[tuple[float, str]], dots: int) -> list[Tick]:
    """Ticks with words for labels (bars): each word is cut to its share of the row."""
    cells = [(cell, word) for value, word in names if (cell := scale.cell(value, width, dots)) is not None]
    cells.sort()
    ticks = []
    for index, (cell, word) in enumerate(cells):
        left = (cells[index - 1][0] + cell) // 2 + 1 if index else 0
        right = (cell + cells[index + 1][0]) // 2 if index + 1 < len(cells) else width
        word = word[: max(0, right - left)]
        start = min(max(left, cell - (len(word) - 1) // 2), right - len(word))
        if word:
            ticks.append(Tick(cell, word, start))
    return ticks


def _candidates(scale: Scale) -> Iterator[tuple[list[float], list[str]]]:
    """Sets of ticks with their labels, dense ones first."""
    if scale.log:
        for values in _log_candidates(scale):
            yield values, [power_label(value) for value in values]
        if scale.hi / scale.lo > 10:
            return
    step = nice_step((scale.hi - scale.lo) / 20)
    for _ in range(12):
        first = math.ceil(scale.lo / step - 1e-6)
        last = math.floor(scale.hi / step + 1e-6)
        if last < first:
            return
        values = [index * step for index in range(first, last + 1)]
        yield values, linear_labels(values, step)
        step = nice_step(step * 1.5)


def _log_candidates(scale: Scale) -> Iterator[list[float]]:
    low, high = math.floor(math.log10(scale.lo) - 1e-9), math.ceil(math.log10(scale.hi) + 1e-9)
    sets = [[part * 10.0**power for power in range(low, high + 1) for part in parts] for parts in ((1, 2, 5), (1, 3)) if high - low <= 4]
    sets += [[10.0**power for power in range(low, high + 1) if power % every == 0] for every in (1, 2, 3, 5, 10, 20, 50, 100, 200)]
    for index, values in enumerate(sets):
        inside = [value for value in values if scale.lo * (1 - 1e-9) <= value <= scale.hi * (1 + 1e-9)]
        if len(inside) >= (3 if index < len(sets) - 9 else 1):
            yield inside


def linear_labels(values: Sequence[float], step: float) -> list[str]:
    """Return labels of ticks a step apart with common decimals (`0.25`), or in powers of ten where those are shorter (`1.5e5`)."""
    top = max(abs(value) for value in values)
    order = math.floor(math.log10(step) + 1e-9)
    decimals = max(0, -order)
    if decimals > 6 or top >= 1e5 or top < 1e-3:
        digits = max(0, math.floor(math.log10(max(top, SMALLEST))) - order)
        return [shorten(f"{value:.{min(digits, 12)}e}") if value else "0" for value in values]
    return [f"{round(value, decimals) + 0.0:.{decimals}f}" for value in values]


def power_label(value: float) -> str:
    """Return the label of 1, 2, 3 or 5 times a power of ten: `0.05`, `100`, `2e-4`."""
    exponent = math.floor(math.log10(value) + 1e-9)
    part = round(value / 10.0**exponent)
    if -2 <= exponent <= 2:
        return f"{part * 10.0**exponent:.{max(0, -exponent)}f}"
    return f"{part}e{exponent}"
