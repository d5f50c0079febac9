"""One figure drawn from what a phenomenon declares and delivers: the adapter that every screen and `genlab show` go through.

Order of the layers, later ones on top: lines of markers, bands, pinned curves, bars, curves (theory dashed), their
marks, labels of markers, cursor. plotext builds the frame (`plot_frame`); the dots are our own (`plot_canvas` says why).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

import numpy as np
from rich.text import Text

from engine.contract import Figure, Marker, Series
from screens.widgets.axis_scales import LARGEST, Scale, ViewWindow, even_scale, fit_scale
from screens.widgets.bar_rows import BELOW, BarRows, draw_bar_rows, lay
from screens.widgets.palette import Theme, group_name, group_order
from screens.widgets.plot_canvas import Canvas, dots_per_cell, say
from screens.widgets.plot_curves import Curve, curves_of, draw_bands, draw_bars, draw_curves, draw_pinned, said_beside, told_together
from screens.widgets.plot_frame import LEAST_HEIGHT, LEAST_WIDTH, FrameLayout, draw_frame, name_on_axis
from screens.widgets.plot_legend import (
    LegendEntry,
    axis_name,
    band_words,
    legend_rows,
    note_rows,
    read_out,
    spare_rows,
    title_row,
    value_at,
    write_entries,
)
from screens.widgets.plot_markers import draw_cursor, draw_labels, draw_lines, draw_lines_on_bars
from screens.widgets.plot_reduce import Reduced, reduce, x_span
from screens.widgets.plot_request import Request
from screens.widgets.plot_ticks import Tick, named_whole, x_ticks, y_ticks
from screens.widgets.text_grid import TextGrid


@dataclass(frozen=True)
class Plotted:
    """A drawn figure, and the scales and the layout it was drawn with (None where it was too small for axes).

    lying: how its bars lie, from row `top` on, where they do; then there is no other layout.
    """

    grid: TextGrid
    x: Scale | None = None
    y: Scale | None = None
    layout: FrameLayout | None = None
    lying: BarRows | None = None
    top: int = 0


def draw_figure(
    figure: Figure, series: Sequence[Series], markers: Sequence[Marker] = (), *, width: int, height: int, theme: Theme | None = None,
    pinned: Sequence[Series] = (), cursor: float | None = None, view: ViewWindow | None = None,
    log_x: bool | None = None, log_y: bool | None = None,
) -> list[Text]:  # fmt: skip
    """Draw a figure as text: `height` rows of exactly `width` columns.

    Args:
        series, markers: those of a snapshot; the figure chooses its own. Their order decides colours where the theme
            names no groups, so pass all of them for colours that agree between figures.
        pinned: curves of an earlier run, drawn faintly beneath.
        cursor: an x value to be marked and read off.
        view: the window looked at.
        log_x, log_y: override the figure's scales.
    """
    theme = theme or Theme()
    theme = theme if theme.groups else replace(theme, groups=group_order(series))
    request = Request.of(figure, series, markers, pinned=pinned, cursor=cursor, view=view, log_x=log_x, log_y=log_y)
    return plot(request, width, height, theme).grid.text()


def legend_entries(series: Sequence[Series], theme: Theme) -> list[LegendEntry]:
    """Return the legend of the series of one figure: how each is drawn and what it is."""
    return [LegendEntry(curve.legend, curve.ink, curve.series.label or curve.series.name) for curve in curves_of(series, theme)]


def worth_naming(series: Sequence[Series], theme: Theme) -> list[LegendEntry]:
    """The entries of a legend that say something.

    Left out are curves that are nowhere, of whose group the points are all that there is (lower bounds alone). Dashed curves in the
    colours of measured ones ("n = 50, theory" beside "n = 50") have one entry together, where several are called alike.
    """
    entries = legend_entries(series, theme)
    alike_told = told_together(series, theme) is not None
    words = [said_beside(item, series) if alike_told else "" for item in series]
    kept: list[LegendEntry] = []
    together: dict[LegendEntry, None] = {}
    for entry, item, word in zip(entries, series, words, strict=True):
        alike = {other.glyph for other, said in zip(entries, words, strict=True) if said == word}
        if word and words.count(word) > 1 and len(alike) == 1:
            together[LegendEntry(entry.glyph, theme.quiet, word)] = None
        elif np.isfinite(item.y).any() or not _points_of(item, series):
            kept.append(entry)
    return [*kept, *together]


def _points_of(item: Series, series: Sequence[Series]) -> list[Series]:
    """The series of points that stand in the same group beside a curve."""
    return [other for other in series if other is not item and other.style == "points" and group_name(other) == group_name(item)]


def _left_out(series: Sequence[Series], reduced: Sequence[Reduced], x: Scale, lo: float | None) -> int:
    """How many measured points cannot be drawn; one whose group has a mark of its own there, such as a lower bound, is.

    A theory without a number has none there, which is no loss.
    """
    count = sum(item.dropped for item, of in zip(reduced, series, strict=True) if of.kind == "measured")
    if x.log and lo is not None:  # what lies before the declared range of the axis, such as step 0, is not meant to be seen
        count -= sum(int(np.count_nonzero(item.x <= 0)) for item in series if item.kind == "measured")
    for item in series if count > 0 else ():
        marked = [other.x[np.isfinite(other.y)] for other in _points_of(item, series)]
        if marked and item.style == "line":
            lost = item.x[~np.isfinite(item.y) & (item.x >= x.lo) & (item.x <= x.hi)]
            count -= int(np.isin(lost, np.concatenate(marked)).sum())
    return max(0, count)


def _zeros(series: Sequence[Series], x: Scale) -> int:
    """How many measured points in sight are exactly 0."""
    return sum(int(np.count_nonzero((item.y == 0) & (item.x >= x.lo) & (item.x <= x.hi))) for item in series if item.kind == "measured")


def plot(request: Request, width: int, height: int, theme: Theme) -> Plotted:
    """Draw a request on a grid of any size; below 20x5 only a sentence, or nothing."""
    grid = TextGrid(width, height)
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        if grid.height and grid.width >= 8:
            grid.write(0, 0, theme.cut(request.figure.title, grid.width), theme.quiet)
            grid.write(1, 0, theme.cut("pane too small", grid.width), theme.quiet)
        return Plotted(grid)
    return _Drawing(request, grid, theme).draw()


class _Drawing:
    """The steps of one drawing: scales, layers, frame, words."""

    def __init__(self, request: Request, grid: TextGrid, theme: Theme) -> None:
        self.request, self.grid, self.theme = request, grid, theme
        self.figure = request.figure
        self.series = request.series
        self.dots = dots_per_cell(theme.ascii)
        self.entries: list[LegendEntry] = []
        self.named: list[LegendEntry] = []
        self.note: list[str] = []  # its own rows

    def draw(self) -> Plotted:
        x, curves = self._scale_x(), curves_of(self.series, self.theme)
        self.entries = legend_entries(self.series, self.theme)
        self.named = worth_naming(self.series, self.theme)
        if (lying := self._lying(x, curves)) is not None:
            return self._lay(lying, x, curves)
        self.note = self._note_rows(x)
        layout, y, ticks, reduced = self._fit(x)
        canvas = Canvas(layout.rows, layout.columns, self.theme.ascii)
        spare = self._layers(canvas, curves, reduced, x, y)
        across = x_ticks(x, layout.columns, self.figure.x.ticks, self.dots[1])
        draw_frame(self.grid, layout, self.theme, across, ticks)
        canvas.onto(self.grid, layout.top, layout.gutter)
        placed = bool(layout.foot) or name_on_axis(self.grid, layout, self.theme, across, axis_name(self.figure.x))
        lost = _left_out(self.series, reduced, x, self.figure.x.lo)
        self._texts(layout, curves, spare, x, lost, "" if placed else axis_name(self.figure.x))
        return Plotted(self.grid, x, y, layout)

    def _lying(self, x: Scale, curves: Sequence[Curve]) -> BarRows | None:
        """How bars lie whose names have no room below them; None for every other figure."""
        width, names = self.grid.width, self.figure.x.ticks
        if not names or named_whole(x, width - 7, names, self.dots[1]):
            return None
        top = 1 + self._legend_rows(self.named if self.request.legend else [])
        return lay(self.request, curves, x, width, self.grid.height - top, self.theme)

    def _lay(self, lying: BarRows, x: Scale, curves: Sequence[Curve]) -> Plotted:
        """Draw bars on their side; a note stands below them where rows are left."""
        grid, theme = self.grid, self.theme
        rows = self._legend_rows(self.named if self.request.legend else [])
        y, spare = draw_bar_rows(grid, 1 + rows, lying, self.request, curves, theme)
        figure = replace(self.figure, y=replace(self.figure.y, label="", unit=""))
        end = title_row(grid, figure, theme, [], axis_name(self.figure.y), self.request.number)
        pinned = [LegendEntry("..", theme.faint(), self.request.pinned_label)] if self.request.pinned else []
        for index, entries in enumerate(legend_rows(self.named, grid.width, rows, theme, [*pinned, *spare])):
            write_entries(grid, 1 + index, 0, entries, theme)
        if not rows and spare:
            write_entries(grid, 0, end + 2, _whole(spare, _free(grid, end + 2)), theme)
        words = wrap(theme.text(self.figure.note), max(1, grid.width))
        below = 1 + rows + lying.rows + BELOW
        if len(words) <= grid.height - below:
            for index, line in enumerate(words, min(below + 1, grid.height - len(words))):
                grid.write(index, 0, line, theme.quiet)
        return Plotted(grid, x, y, lying=lying, top=1 + rows)

    def _scale_x(self) -> Scale:
        request = self.request
        spans = [x_span(item.x, request.log_x) for item in (*self.series, *request.pinned)]
        values = [value for span in spans for value in span]
        values += [marker.at for marker in request.markers if marker.axis == "x" and (marker.at > 0 or not request.log_x)]
        low, high = _range(values)
        if any(item.style == "bars" for item in self.series) and not request.log_x:
            axis = replace(self.figure.x, lo=low - 0.6, hi=high + 0.6)
            return fit_scale(axis, False, low, high, (request.view.x0, request.view.x1))
        return fit_scale(self.figure.x, request.log_x, low, high, (request.view.x0, request.view.x1))

    def _fit(self, x: Scale) -> tuple[FrameLayout, Scale, list[Tick], list[Reduced]]:
        """Find the scale of y, which depends on the columns, and a layout whose gutter holds its labels."""
        width, height = self.grid.width, self.grid.height
        entries = self.named if self.request.legend else []
        wanted = self._legend_rows(entries)
        for longest in (5 if width < 60 else 6, 8, 11, 14):
            layout = FrameLayout.of(
                width, height, wanted, longest, len(self._key(x, width - longest - 1, len(self.figure.x.ticks))), len(self.note)
            )
            columns = layout.columns * self.dots[1]
            reduced = [reduce(item.x, item.y, x, columns, self.request.log_y) for item in self.series]
            y = self._scale_y(x, columns, reduced)
            view, axis = self.request.view, self.figure.y
            if view.y0 is None and view.y1 is None:
                y = even_scale(y, layout.rows, (axis.lo is None, axis.hi is None), self.dots[0])
            ticks = y_ticks(y, layout.rows, longest, self.dots[0])
            if len(ticks) >= 2:
                break
        return layout, y, ticks, reduced

    def _note_rows(self, x: Scale) -> list[str]:
        """The rows of the figure's note where it has its own."""
        most = spare_rows(self.grid.height, self.request.alone)
        if not self.figure.note or not most:
            return []
        columns = self.grid.width * self.dots[1]
        reduced = [reduce(item.x, item.y, x, columns, self.request.log_y) for item in self.series]
        lost = _left_out(self.series, reduced, x, self.figure.x.lo)
        return note_rows(self.figure, self.grid.width, most, self.theme, self.request.number, beside=not lost)

    def _legend_rows(self, entries: Sequence[LegendEntry]) -> int:
        """How many rows a legend takes: one of a low figure, else up to three, and one more where only then no label is cut."""
        width, height = self.grid.width, self.grid.height
        for most in (1,) if height < 12 else (3, 4):
            rows = legend_rows(entries, width, most, self.theme)
            if [entry.label for row in rows for entry in row] == [self.theme.text(entry.label) for entry in entries]:
                return len(rows)
        return min(len(rows), 3)

    def _key(self, x: Scale, columns: int, rows: int) -> list[list[LegendEntry]]:
        """Return at most so many rows that say what the numbers on x stand for, where names have no room."""
        names = self.figure.x.ticks
        if named_whole(x, columns, names, self.dots[1]):
            return []
        seen = [(number, word) for number, (at, word) in enumerate(names, 1) if x.cell(at, columns, self.dots[1]) is not None]
        entries = [LegendEntry(str(number), self.theme.strong, word) for number, word in seen]
        return legend_rows(entries, self.grid.width, rows, self.theme)

    def _scale_y(self, x: Scale, columns: int, reduced: Sequence[Reduced]) -> Scale:
        log = self.request.log_y
        spans = [item.span for item in reduced]
        edges = [(item.x, edge) for item in self.series for edge in (item.lo, item.hi) if edge is not None]
        edges += [(item.x, item.y) for item in self.request.pinned]
        spans += [reduce(across, edge, x, columns, log).span for across, edge in edges]
        values = [value for span in spans for value in span]
        values += [marker.at for marker in self.request.markers if marker.axis == "y" and (marker.at > 0 or not log)]
        if any(item.style == "bars" for item in self.series) and not log:
            values.append(0.0)
        low, high = _range(values)
        return fit_scale(self.figure.y, log, low, high, (self.request.view.y0, self.request.view.y1))

    def _layers(self, canvas: Canvas, curves: Sequence[Curve], reduced: Sequence[Reduced], x: Scale, y: Scale) -> list[LegendEntry]:
        """Draw everything inside the axes. Returns labels of markers that found no free place."""
        theme, request = self.theme, self.request
        draw_lines(canvas, request.markers, x, y, theme)
        draw_bands(canvas, curves, x, y, theme)
        draw_pinned(canvas, request.pinned, x, y, theme, bool(self.figure.x.ticks))
        draw_bars(canvas, curves, reduced, x, y)
        draw_lines_on_bars(canvas, request.markers, y, theme)
        draw_curves(canvas, curves, reduced, x, y, theme, [marker.at for marker in request.markers if marker.axis == "y"])
        if not request.pinned and not any(np.isfinite(item.values).any() for item in reduced):
            words = "nothing to draw here" if any(item.x.size for item in self.series) else self.figure.empty or "no data yet"
            say(canvas, theme.text(words), theme.quiet)
        spare = draw_labels(canvas, request.markers, x, y, theme)
        if request.cursor is not None:
            draw_cursor(canvas, request.cursor, x, theme)
        return spare

    def _texts(
        self, layout: FrameLayout, curves: Sequence[Curve], spare: Sequence[LegendEntry], x: Scale, dropped: int, x_name: str
    ) -> None:
        """Write title, legend, name of x or the cursor's values, and what was left out."""
        grid, theme, request = self.grid, self.theme, self.request
        why = "not finite or not positive" if request.log_x or request.log_y else "not finite"
        count = f"{dropped} point{'s' * (dropped != 1)}"
        left_out = [f"{count} {why}, left out", f"{count} left out", f"{dropped} left out", f"{dropped} out"]
        if request.log_y and dropped == _zeros(self.series, x):
            left_out = [f"{count} at 0, below the axis", f"{dropped} at 0"]
        note = self.figure.note if not self.note else ""
        end = title_row(grid, self.figure, theme, left_out if dropped else [note, ""], x_name, request.number)
        for index, words in enumerate(self.note):
            grid.write(1 + index, 0, words, theme.quiet)
        pinned = [LegendEntry("..", theme.faint(), request.pinned_label)] if request.pinned else []
        if request.legend:
            bands = [LegendEntry("..", theme.faint(), words) for words in (band_words(self.series),) if words]
            rows = legend_rows(self.named, grid.width, max(1, layout.legend), theme, [*pinned, *spare, *bands])
        else:
            rows = [list(spare)] if spare else []
        if request.cursor is not None:
            values = [(entry, value_at(curve.series, request.cursor, x)) for entry, curve in zip(self.entries, curves, strict=True)]
            readings = read_out(values, self.figure, request.cursor, theme)
            if layout.foot:
                shown = _whole(readings, grid.width)
                if len(shown) < len(readings):
                    shown = [*_whole(readings, grid.width - 2), LegendEntry("~" if theme.ascii else "…", theme.quiet, "")]
                write_entries(grid, grid.height - 1, 0, shown, theme)
            else:
                rows = legend_rows(readings, grid.width, max(1, layout.legend), theme)
        elif layout.foot:
            name = theme.cut(axis_name(self.figure.x), layout.columns)
            grid.write(grid.height - 1, layout.gutter + (layout.columns - len(name)) // 2, name, theme.quiet)
        for index, entries in enumerate(self._key(x, layout.columns, layout.key)):
            write_entries(grid, layout.top + layout.rows + 2 + index, 0, entries, theme)
        for index, entries in enumerate(rows[: layout.legend]):
            write_entries(grid, 1 + layout.note + index, 0, entries, theme)
        if not layout.legend and rows:
            room, entries = _free(grid, end + 2), rows[0]
            if not request.legend and len(_whole(entries, room)) < len(entries):  # labels of markers: a short one is not cut further
                briefs = {theme.text(marker.brief) for marker in request.markers}
                entries = [item if item.label in briefs else replace(item, label=item.label.partition(" ")[0]) for item in entries]
            write_entries(grid, 0, end + 2, _whole(entries, room), theme)


def _free(grid: TextGrid, column: int) -> int:
    """Return how many cells of the title row are free from a column on, two blanks before what follows."""
    written = np.flatnonzero(grid.codes[0, column:] != ord(" "))
    return int(written[0]) - 2 if written.size else grid.width - column


def _whole(entries: Sequence[LegendEntry], width: int) -> list[LegendEntry]:
    """Return as many entries as fit whole."""
    kept: list[LegendEntry] = []
    for entry in entries:
        if sum(len(item.glyph) + len(item.label) + 3 for item in [*kept, entry]) - 2 <= width:
            kept.append(entry)
    return kept


def _range(values: Sequence[float]) -> tuple[float, float]:
    finite = [value for value in values if abs(value) < LARGEST]
    return (min(finite), max(finite)) if finite else (float("nan"), float("nan"))
