"""Bars on their side, for a figure whose named bars have no room for their names below them: a row each, with its name and values.

Where a row holds two bars, each is half as high; without half blocks or colours the shorter one lies over the longer one. Rows go on
in a second column, or a third, where the figure is low and wide. The axis of values is across, its levels are dotted vertical lines.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.contract import Series
from screens.widgets.axis_scales import LARGEST, Scale, fit_scale, reading
from screens.widgets.palette import Level, Theme, group_name, ink, ink_of
from screens.widgets.plot_canvas import Canvas, dots_per_cell, say
from screens.widgets.plot_curves import Curve
from screens.widgets.plot_frame import FrameLayout, draw_frame
from screens.widgets.plot_legend import LegendEntry
from screens.widgets.plot_markers import draw_labels, draw_lines
from screens.widgets.plot_request import Request
from screens.widgets.plot_ticks import Tick, x_ticks
from screens.widgets.text_grid import TextGrid

LEAST_BAR = 18  # columns for the longest bar, below which decades cannot be told
MOST_BLOCKS = 3
BETWEEN = 2  # columns between blocks
UPPER, LOWER = "▀", "▄"
PLAIN_COLOUR = -1  # the terminal's own
NEAR = 0.5  # from the place of a name within which its bars stand
BELOW = 2  # rows below the bars: the axis and its labels


@dataclass(frozen=True)
class Place:
    """Where the bars of one name stand: their x, in which block, and the first of their rows."""

    at: float
    name: str
    block: int
    row: int


@dataclass(frozen=True)
class BarRows:
    """How a figure's bars lie, in `rows` by `columns` characters of canvas in every block, each name with `high` rows.

    gutter: columns for the names and the axis. values: columns for the values behind the bars.
    """

    places: tuple[Place, ...]
    rows: int
    columns: int
    high: int
    gutter: int
    values: int

    @property
    def blocks(self) -> int:
        """How many columns of rows there are."""
        return 1 + max(place.block for place in self.places)

    def left(self, block: int) -> int:
        """The first column of a block."""
        return block * (self.gutter + self.columns + self.values + BETWEEN)

    def at(self, column: int, row: int) -> float | None:
        """Return the x of the bars in whose rows a cell lies, counted from their first row; None beside them."""
        for place in self.places:
            across = column - self.left(place.block)
            if 0 <= across < self.gutter + self.columns + self.values and place.row <= row < place.row + self.high:
                return place.at
        return None


def lay(request: Request, curves: Sequence[Curve], x: Scale, width: int, height: int, theme: Theme) -> BarRows | None:
    """Lay the bars of a request on their side, in a room that holds their axis too; None where there is no room for that.

    Only figures that have nothing but bars at named places can lie, and those that have nothing yet. Several bars of a name share a row
    where it has one alone.
    """
    count = max(1, len(curves))
    shown = [(at, theme.text(word)) for at, word in request.figure.x.ticks if x.lo <= at <= x.hi]
    if not shown or any(item.style != "bars" for item in (*request.series, *request.pinned)):
        return None
    gutter = 2 + max(len(word) for _, word in shown)  # the axis, and a mark before a name
    for blocks in range(1, MOST_BLOCKS + 1):
        each = math.ceil(len(shown) / blocks)
        room = (height - BELOW) // each
        widths = _widths(curves)
        values = 1 + (max(widths, default=0) if room >= count else sum(widths) + len(widths) - 1)
        columns = (width - BETWEEN * (blocks - 1)) // blocks - gutter - values
        if columns >= LEAST_BAR and (room >= count or (room == 1 and count == 2)):
            high = min(count, room)
            pitch = min(room, high + 1)  # a free row between names where there is one
            places = tuple(Place(at, word, place // each, place % each * pitch) for place, (at, word) in enumerate(shown))
            return BarRows(places, each * pitch - (pitch - high), columns, high, gutter, values)
    return None


def _widths(curves: Sequence[Curve]) -> list[int]:
    """How wide the values behind the bars of each curve are."""
    return [max((len(reading(float(value))) for value in curve.series.y if math.isfinite(value)), default=0) for curve in curves]


def draw_bar_rows(
    grid: TextGrid, top: int, lying: BarRows, request: Request, curves: Sequence[Curve], theme: Theme
) -> tuple[Scale, list[LegendEntry]]:  # fmt: skip
    """Draw names, bars, values, levels and axes from row `top` on.

    Returns the axis of values, and labels of levels that found no free place.
    """
    y = _axis_of_values(request)
    levels = [replace(marker, axis="x") for marker in request.markers if marker.axis == "y"]
    spare: dict[str, LegendEntry] = {}
    for block in range(lying.blocks):
        canvas = Canvas(lying.rows, lying.columns, theme.ascii)
        draw_lines(canvas, levels, y, Scale(0.0, 1.0), theme)
        _draw_bars(canvas, lying, block, curves, y, theme)
        if theme.ascii or theme.level is Level.NONE:
            draw_lines(canvas, levels, y, Scale(0.0, 1.0), theme)
        else:
            _shade(canvas, [level.at for level in levels], curves, y)
        _draw_pinned(canvas, lying, block, request.pinned, curves, y, theme)
        entries = {entry.label: entry for entry in draw_labels(canvas, levels, y, Scale(0.0, 1.0), theme, from_below=True)}
        spare = entries if not block else {label: entry for label, entry in spare.items() if label in entries}
        _frame(grid, top, lying, block, y, theme)
        if not curves and not block:
            say(canvas, theme.text(request.figure.empty or "no data yet"), theme.quiet)
        canvas.onto(grid, top, lying.left(block) + lying.gutter)
        _values(grid, top, lying, block, curves)
        _mark_chosen(grid, top, lying, block, request.cursor, theme)
    return y, list(spare.values())


def _axis_of_values(request: Request) -> Scale:
    """The axis that lies across: as far as bars and levels reach, from 0 on where it is linear."""
    axis, view, log = request.figure.y, request.view, request.log_y
    found = [float(value) for item in (*request.series, *request.pinned) for value in item.y]
    found += [marker.at for marker in request.markers if marker.axis == "y"] + ([] if log else [0.0])
    found = [value for value in found if abs(value) < LARGEST and (value > 0 or not log)]
    low, high = (min(found), max(found)) if found else (math.nan, math.nan)
    return fit_scale(axis, log, low, high, (view.y0, view.y1))


def _draw_bars(canvas: Canvas, lying: BarRows, block: int, curves: Sequence[Curve], y: Scale, theme: Theme) -> None:
    """Draw the bars of a block, of each name the longest first."""
    halves = lying.high < len(curves) and not theme.ascii and theme.level is not Level.NONE
    foot = 0 if y.log else y.cell(0.0, lying.columns, 1) or 0
    for place, number, value in _found(lying, block, curves):
        if y.log and value <= 0:
            continue
        end = int(np.clip(y.text_cells(np.array([value]), lying.columns, dots_per_cell(theme.ascii)[1])[0], 0, lying.columns - 1))
        start, stop, curve = min(foot, end), max(foot, end) + 1, curves[number]
        if not halves:
            row = place.row + (number if lying.high == len(curves) else 0)
            canvas.put(row, start, curve.glyph * (stop - start), curve.ink)
            continue
        for column in range(start, stop):
            if canvas.codes[place.row, column]:
                first, second = (ink_of(curves[index].ink).fg for index in (0, 1))
                canvas.put(place.row, column, UPPER, ink(first, second))
            else:
                canvas.put(place.row, column, LOWER if number else UPPER, curve.ink)


def _draw_pinned(
    canvas: Canvas, lying: BarRows, block: int, pinned: Sequence[Series], curves: Sequence[Curve], y: Scale, theme: Theme
) -> None:
    """Mark where the bars of an earlier run end: a faint place in the bar, or beyond it."""
    numbers = {group_name(curve.series): number for number, curve in enumerate(curves)}
    plain = theme.ascii or theme.level is Level.NONE
    halves = lying.high < len(curves) and not plain
    for item in (item for item in pinned if group_name(item) in numbers):
        number = numbers[group_name(item)]
        for place in (place for place in lying.places if place.block == block):
            column = y.cell(_value_near(item, place.at), lying.columns, dots_per_cell(theme.ascii)[1])
            if column is None:
                continue
            row = place.row + (number if lying.high == len(curves) else 0)
            if halves:
                _faint_half(canvas, row, column, curves, number)
            else:
                canvas.put(row, column, ":" if plain else "█", curves[number].faint)


def _faint_half(canvas: Canvas, row: int, column: int, curves: Sequence[Curve], number: int) -> None:
    """Give one of the two bars that share a row its faint colour in a cell; the other one's half stays."""
    code, tone = chr(int(canvas.codes[row, column])), ink_of(int(canvas.inks[row, column]))
    other = {UPPER: (tone.fg, tone.bg), LOWER: (PLAIN_COLOUR, tone.fg)}.get(code, (PLAIN_COLOUR, PLAIN_COLOUR))[1 - number]
    faint = ink_of(curves[number].faint).fg
    canvas.put(row, column, LOWER if number else UPPER, ink(faint, other))


def _shade(canvas: Canvas, levels: Sequence[float], curves: Sequence[Curve], y: Scale) -> None:
    """Let a level be seen on the bars that cross it: there they have their faint colours."""
    faint = {ink_of(curve.ink).fg: ink_of(curve.faint).fg for curve in curves} | {PLAIN_COLOUR: PLAIN_COLOUR}
    columns = (y.cell(level, canvas.columns, dots_per_cell(False)[1]) for level in levels)
    for column in (column for column in columns if column is not None):
        for row in np.flatnonzero(canvas.codes[:, column]).tolist():
            bar = ink_of(int(canvas.inks[row, column]))
            canvas.inks[row, column] = ink(faint.get(bar.fg, bar.fg), faint.get(bar.bg, bar.bg))


def _found(lying: BarRows, block: int, curves: Sequence[Curve]) -> Iterator[tuple[Place, int, float]]:
    """The bars of a block: where each stands, which curve's it is, and its value."""
    for place in (place for place in lying.places if place.block == block):
        there = [(_value_near(curve.series, place.at), number) for number, curve in enumerate(curves)]
        for value, number in sorted((pair for pair in there if math.isfinite(pair[0])), reverse=True):
            yield place, number, value


def _value_near(series: Series, at: float) -> float:
    """The value of the bar at a place; NaN where there is none."""
    near = np.flatnonzero(np.abs(np.asarray(series.x, dtype=float) - at) < NEAR)
    return float(series.y[near[0]]) if near.size else math.nan


def _frame(grid: TextGrid, top: int, lying: BarRows, block: int, y: Scale, theme: Theme) -> None:
    """Write the axes of a block, names on the left one."""
    width = lying.gutter + lying.columns
    layout = FrameLayout(width, lying.rows + 3, lying.gutter, 0, 0)
    part = TextGrid(width, lying.rows + 3)
    names = [Tick(place.row, place.name) for place in lying.places if place.block == block]
    draw_frame(part, layout, theme, x_ticks(y, lying.columns, (), dots_per_cell(theme.ascii)[1]), names)
    height, left = min(lying.rows + BELOW, grid.height - top), lying.left(block)
    grid.codes[top : top + height, left : left + width] = part.codes[layout.top : layout.top + height]
    grid.inks[top : top + height, left : left + width] = part.inks[layout.top : layout.top + height]


def _values(grid: TextGrid, top: int, lying: BarRows, block: int, curves: Sequence[Curve]) -> None:
    """Write the values behind the bars, each in the colour of its curve."""
    column = lying.left(block) + lying.gutter + lying.columns + 1
    for number, (curve, width) in enumerate(zip(curves, _widths(curves), strict=True)):
        for place in (place for place in lying.places if place.block == block):
            value = _value_near(curve.series, place.at)
            row = top + place.row + (number if lying.high == len(curves) else 0)
            if math.isfinite(value):
                grid.write(row, column, reading(value).rjust(width), curve.ink)
        column += 0 if lying.high == len(curves) else width + 1


def _mark_chosen(grid: TextGrid, top: int, lying: BarRows, block: int, cursor: float | None, theme: Theme) -> None:
    """Write the name that the cursor is at strongly."""
    for place in lying.places:
        if cursor is not None and place.block == block and abs(place.at - cursor) < NEAR:
            name = f"{'>' if theme.ascii else '▶'}{place.name}"
            grid.write(top + place.row, lying.left(block) + lying.gutter - 1 - len(name), name, theme.strong)
