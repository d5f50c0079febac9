"""Words of a figure: title row, legend, and the values under the cursor. None of it covers the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from engine.contract import Axis, Figure, Series
from screens.widgets.axis_scales import Scale, place, reading
from screens.widgets.palette import Theme
from screens.widgets.plot_reduce import Floats, floats, is_curve
from screens.widgets.text_grid import TextGrid

ROOMY = 10  # rows of a view from which every second one can be a note's


@dataclass(frozen=True)
class LegendEntry:
    """One entry of a legend: how a curve is drawn and what it is."""

    glyph: str
    ink: int
    label: str


def axis_name(axis: Axis) -> str:
    """Return the name of an axis with its unit."""
    return f"{axis.label} [{axis.unit}]" if axis.unit else axis.label


def band_words(series: Sequence[Series]) -> str:
    """What the bands of some curves are, where all are the same: `quartiles of 50 draws`; without the number where a label has it.

    A range says about what, `range of 4 seeds, line: mean`, unless a label does.
    """
    bands = {item.band for item in series if item.band and item.lo is not None}
    line, _, words = bands.pop().rpartition(", ") if len(bands) == 1 else ("", "", "")
    kind, of, count = words.partition(" of ")
    words = kind if of and any(item.label.endswith(count) for item in series) else words
    told = not line or kind != "range" or any(line in item.label for item in series)
    return words if told else f"{words}, line: {line}"


def place_on(axis: Axis, at: float) -> str:
    """Name a place on an axis: `step 120`, `parameters 41.4 thousands`; `psi = d/n = 5` where the name is an equation itself.

    A place that has a name of its own, as bars have, is called by it: `bound: PAC-Bayes`.
    """
    word = next((word for tick, word in axis.ticks if math.isclose(tick, at, abs_tol=1e-9)), "")
    if word:
        return f"{axis.label}: {word}"
    return f"{axis.label}{' = ' if ' = ' in axis.label else ' '}{place(at)} {axis.unit}".rstrip()


def title_row(grid: TextGrid, figure: Figure, theme: Theme, notes: Sequence[str], x_name: str, number: int = 0, down: bool = False) -> int:
    """Write number and title, names of y and (unless empty) x where they fit whole, and at the right the first note that fits.

    down: that y begins at the top, as rows of a table do.

    The last note has room in any case; where it is empty a note stands only in what title and names leave.

    Returns where the left part ends.
    """
    notes = [theme.text(note) for note in notes]
    width = grid.width - (len(notes[-1]) + 2 if notes and notes[-1] else 0)
    title = theme.cut(numbered(figure, number), width)
    grid.write(0, 0, title, theme.strong)
    end = len(title)
    name = name_beside(figure, width - end - 4, theme)
    if name:
        name = ("v " if down else "^ ") + name if theme.ascii else ("↓ " if down else "↑ ") + name
        grid.write(0, end + 2, name, theme.quiet)
        end += 2 + len(name)
    x_name = theme.text(x_name)
    if x_name and end + len(x_name) + 4 <= width:
        grid.write(0, end + 2, ("> " if theme.ascii else "→ ") + x_name, theme.quiet)
        end += len(x_name) + 4
    for note in notes:
        if note and end + 2 + len(note) <= grid.width:
            grid.write(0, grid.width - len(note), note, theme.quiet)
            break
    return end


def numbered(figure: Figure, number: int) -> str:
    """The title of a figure behind the number that it is chosen by, where it has one."""
    return f"{number} {figure.title}" if number else figure.title


def name_beside(figure: Figure, room: int, theme: Theme) -> str:
    """The name of y that stands beside a title: with its unit where that fits; none where nothing fits or the title says it."""
    name = theme.text(axis_name(figure.y) if len(axis_name(figure.y)) <= room else figure.y.label)
    title = theme.text(figure.title).casefold()
    said = title.endswith(name.casefold()) and (len(name) == len(title) or " " + name.casefold() in title)
    return name if not said and len(name) <= room else ""


def note_rows(figure: Figure, width: int, most: int, theme: Theme, number: int, beside: bool = True) -> list[str]:
    """The rows of its own that the note of a figure takes: none where it fits beside title and name of y, or takes more than `most`.

    beside: whether it may stand there, which what was left out takes from it.
    """
    title = theme.text(numbered(figure, number))
    name = name_beside(figure, width - len(title) - 4, theme)
    left = len(title) + (4 + len(name) if name else 0)
    rows = [] if beside and left + 2 + len(theme.text(figure.note)) <= width else wrap(theme.text(figure.note), max(1, width))
    return rows if len(rows) <= most else []


def spare_rows(height: int, alone: bool) -> int:
    """How many rows a note may take of a view that stands alone on its page; none of one that shares it."""
    return max(0, (height - ROOMY) // 2) if alone else 0


def legend_rows(
    entries: Sequence[LegendEntry], width: int, rows: int, theme: Theme, extras: Sequence[LegendEntry] = ()
) -> list[list[LegendEntry]]:
    """Arrange entries in rows of a width.

    Labels are cut alike until all fit; if they still do not, the last entry counts the rest. Extras are added only where
    they fit whole.
    """
    entries = [LegendEntry(entry.glyph, entry.ink, theme.text(entry.label)) for entry in entries]
    if not entries or rows < 1:
        return []
    for count in range(len(extras), 0, -1):
        whole = _wrap([*entries, *(LegendEntry(entry.glyph, entry.ink, theme.text(entry.label)) for entry in extras[:count])], width)
        if len(whole) <= rows and all(row_length(row) <= width for row in whole):
            return whole
    for longest in range(max(4, *(len(entry.label) for entry in entries)), 3, -1):
        cut = [LegendEntry(entry.glyph, entry.ink, theme.cut(entry.label, longest)) for entry in entries]
        arranged = _wrap(cut, width)
        if len(arranged) <= rows:
            return arranged
    arranged = _wrap([LegendEntry(entry.glyph, entry.ink, theme.cut(entry.label, 4)) for entry in entries], width)
    shown = arranged[:rows]
    hidden = sum(map(len, arranged[rows:]))
    while shown[-1] and row_length(shown[-1]) + 2 + len(f"+{hidden}") > width:
        shown[-1].pop()
        hidden += 1
    shown[-1].append(LegendEntry(f"+{hidden}", theme.quiet, ""))
    return shown


def _wrap(entries: Sequence[LegendEntry], width: int) -> list[list[LegendEntry]]:
    rows: list[list[LegendEntry]] = [[]]
    for entry in entries:
        if rows[-1] and row_length([*rows[-1], entry]) > width:
            rows.append([])
        rows[-1].append(entry)
    return rows


def row_length(entries: Sequence[LegendEntry]) -> int:
    """Characters that entries take in one row."""
    return sum(len(entry.glyph) + 1 + len(entry.label) + 2 for entry in entries) - 2


def write_entries(grid: TextGrid, row: int, column: int, entries: Sequence[LegendEntry], theme: Theme) -> None:
    """Write entries of a legend, coloured glyph first."""
    for entry in entries:
        grid.write(row, column, entry.glyph, entry.ink)
        grid.write(row, column + len(entry.glyph) + 1, entry.label, theme.quiet)
        column += len(entry.glyph) + len(entry.label) + 3


def value_at(series: Series, at: float, scale: Scale) -> float:
    """Return the y of the point nearest to x = `at` on the axis' scale; NaN outside of the curve."""
    x, y = floats(series.x), floats(series.y)
    x, y = x[: y.size], y[: x.size]
    if not is_curve(x):
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
        x, y = x[np.isfinite(x)], y[np.isfinite(x)]
    if not x.size or not x[0] <= at <= x[-1]:
        return float("nan")
    right = min(int(np.searchsorted(x, at)), x.size - 1)
    left = max(0, right - 1)
    return float(y[left] if _nearer(x[[left, right]], at, scale) else y[right])


def _nearer(pair: Floats, at: float, scale: Scale) -> bool:
    """Whether the first of two x values is the nearer one."""
    a, here, b = (float(value) for value in scale.unit(np.array([pair[0], at, pair[1]])))
    return abs(here - a) < abs(b - here)


def read_out(entries: Sequence[tuple[LegendEntry, float]], figure: Figure, at: float, theme: Theme) -> list[LegendEntry]:
    """Return the cursor's x and every curve's value there, as entries of a row."""
    head = LegendEntry(theme.text(place_on(figure.x, at)), theme.strong, "")
    return [head, *(LegendEntry(entry.glyph, entry.ink, reading(value)) for entry, value in entries)]
