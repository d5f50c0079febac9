"""What the series of a figure look like inside its axes: bands, pinned curves, bars, curves with their marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series
from screens.widgets.axis_scales import Scale
from screens.widgets.palette import PLAIN, Level, Theme, brightness, group_name, ink, ink_of, repeats
from screens.widgets.plot_canvas import Canvas, dots_per_cell
from screens.widgets.plot_raster import Traces, bands, bar_heights, dashes, knots, scatter, squares, stipple, tips, trace
from screens.widgets.plot_reduce import Bools, Floats, Ints, Reduced, above_zero, reduce

LEGIBLE = 0.2  # difference in brightness from which dots are seen on a bar
DASHES = (("╌╌", 6, 4), ("┈┈", 1, 2), ("─╌", 8, 2))  # how theory looks in a legend, and its dots: on, off
WHOLE = ("──", 1, 0)  # theory beside points or bars
ASCII_THEORY = "=~^:"
EIGHTHS = " ▁▂▃▄▅▆▇█"
EXACT = "⠶"  # a square of four dots
FEW_EXACT = 1  # points that are marks of something, such as a minimum
NODES = 5  # columns between the measured points of a line from which each is seen as a square
FEW = 8  # points that have marks however close they are, and whatever the width
MIDDLE = (1, 2)  # rows of dots, of the four of a character, between which a mark has its middle
APART = 4  # columns from one mark to the next in a row of many points
TOUCHING = 2  # and in one of few
LITTLE = 0.25  # of a row by which a bar may seem to begin lower than it does
HISTOGRAM = 4  # columns from one bar to the next below which bars of one series have no gaps
MOSTLY = [ord(block) for block in EIGHTHS[4:]]  # blocks that fill half of their cell or more, behind which a bar goes on
SHADES = "█▒░"  # bars where there is no colour to tell them apart


@dataclass(frozen=True)
class Curve:
    """A series with its looks.

    glyph: its marker, or its line's character in ASCII; legend: the same as the legend shows it. exact: that points have no markers, but
    squares of four dots where they lie.
    """

    series: Series
    group: int
    ink: int
    faint: int
    glyph: str
    legend: str
    dash: tuple[int, int] | None = None
    exact: bool = False


def _exact(item: Series, theme: Theme) -> bool:
    """Whether points are drawn as small squares where they lie: where colours tell the groups apart.

    A marker fills its row and column, and would seem to be off by up to half of one; few of them are marks of their own meaning.
    """
    if item.kind != "measured" or item.style != "points" or theme.ascii or theme.level < Level.ANSI256:
        return False
    return int(np.isfinite(item.y).sum()) > FEW_EXACT


def curves_of(series: Sequence[Series], theme: Theme) -> list[Curve]:
    """Give every series its colour and marker (measured) or dashes (theory).

    Theory curves of one colour differ in their dashes; where there are more of them than dashes, what says the same of several measured
    curves has the same. The first has none beside points or bars alone, for which a line cannot be taken.
    """
    curves: list[Curve] = []
    theories: dict[int, int] = {}
    alike = told_together(series, theme)
    beside = {item.style for item in series if item.kind == "measured"}
    whole = bool(beside) and "line" not in beside
    for item, repeat in zip(series, repeats(series), strict=True):
        group = theme.group(group_name(item))
        if item.kind == "measured":
            glyph = theme.mark(group, repeat)
            if item.style == "bars":
                shade = SHADES[sum(curve.series.style == "bars" for curve in curves) % len(SHADES)]
                glyph = glyph if theme.ascii else shade if theme.level is Level.NONE else SHADES[0]
            exact = not repeat and _exact(item, theme)
            legend = glyph * 2 if item.style == "bars" else EXACT if exact else glyph
            curves.append(Curve(item, group, theme.curve(group), theme.faint(group), glyph, legend, exact=exact))
            continue
        like = group if theme.level > Level.ANSI16 else -1
        new = theories.get(like, -1) + 1
        index = alike.setdefault(said_beside(item, series) or item.label, len(alike)) if alike is not None and like < 0 else new
        theories[like] = index
        words, on, off = WHOLE if whole and not index else DASHES[index % len(DASHES)]
        glyph = ASCII_THEORY[index % len(ASCII_THEORY)]
        curves.append(Curve(item, group, theme.theory(group), theme.faint(group), glyph, glyph * 2 if theme.ascii else words, (on, off)))
    return curves


def told_together(series: Sequence[Series], theme: Theme) -> dict[str, int] | None:
    """Return the dashes, none given yet, by what theory curves say, if they are told apart by that and not each by its own; else None."""
    few = theme.level <= Level.ANSI16 and sum(item.kind == "theory" for item in series) <= len(DASHES)
    return None if few else {}


def said_beside(item: Series, series: Sequence[Series]) -> str:
    """What the label of a theory curve says beyond that of a measured one of its group; empty where there is none."""
    if item.kind == "theory":
        for other in series:
            if other.kind == "measured" and group_name(other) == group_name(item) and item.label.startswith(f"{other.label}, "):
                return item.label.removeprefix(f"{other.label}, ")
    return ""


def draw_bands(canvas: Canvas, curves: Sequence[Curve], x: Scale, y: Scale, theme: Theme) -> None:
    """Shade the bands with faint dots: they show an edge to a quarter of a row, where a background shows whole cells only."""
    rows, columns = canvas.fine
    upper, lower, tones = [], [], []
    for curve in curves:
        low, high = curve.series.lo, curve.series.hi
        if low is None or high is None:
            continue
        low, high = (above_zero(low), above_zero(high)) if y.log else (low, high)  # a band that reaches 0 goes down to the axis
        upper.append(reduce(curve.series.x, high, x, columns, y.log))
        lower.append(reduce(curve.series.x, low, x, columns, y.log))
        tones.append(curve.faint)
    if tones:
        areas = bands(trace(upper, y, rows), trace(lower, y, rows), rows)
        canvas.share(stipple(areas, theme.level is Level.NONE and not canvas.ascii), tones, "." * len(tones))


def draw_pinned(canvas: Canvas, pinned: Sequence[Series], x: Scale, y: Scale, theme: Theme, named: bool = False) -> None:
    """Draw the curves of an earlier run faintly; points by themselves, and so the ends of bars at named places (named)."""
    if not pinned:
        return
    rows, columns = canvas.fine
    reduced = [reduce(item.x, item.y, x, columns, y.log) for item in pinned]
    lines = trace(reduced, y, rows)
    masks = lines.masks(rows)
    for place, (item, points) in enumerate(zip(pinned, reduced, strict=True)):
        if item.style == "points" or (item.style == "bars" and named):
            masks[place] = False
            masks[place][scatter(points, x, y, canvas.fine)] = True
            masks[place] |= False if canvas.ascii else squares(points, x, y, canvas.fine)
        elif theme.level is Level.NONE and not canvas.ascii:
            masks[place] = dashes(masks[place], lines.top[place], lines.bottom[place], 1, 2)
    canvas.share(masks, [theme.faint(theme.group(group_name(item))) for item in pinned], "," * len(pinned))


def draw_bars(canvas: Canvas, curves: Sequence[Curve], reduced: Sequence[Reduced], x: Scale, y: Scale) -> None:
    """Draw bars side by side around their x, to an eighth of a row."""
    seen = [(curve, points) for curve, points in zip(curves, reduced, strict=True) if curve.series.style == "bars"]
    bars = [(curve, *tips(points, x, canvas.columns, dots_per_cell(canvas.ascii)[1])) for curve, points in seen]
    at = np.unique(np.concatenate([cells for _, cells, _ in bars])) if bars else np.empty(0)
    if not at.size:
        return
    room = float(np.diff(at).min()) if at.size > 1 else canvas.columns / 2
    if len(bars) == 1 and at.size > 1 and 1 <= room < HISTOGRAM:
        _histogram(canvas, *bars[0], y)
        return
    wide = max(1, int((room - 1) // len(bars)))
    for index, (curve, cells, values) in enumerate(bars):
        heights, foot = bar_heights(values, y, canvas.rows, dots_per_cell(canvas.ascii)[0])
        left = cells - wide * len(bars) // 2 + index * wide
        longest: dict[int, float] = {}  # of bars that share a column only the longest is drawn
        for column, height in zip(left.astype(int).tolist(), heights.tolist(), strict=True):
            if np.isfinite(height) and abs(height - foot) >= abs(longest.get(column, foot) - foot):
                longest[column] = height
        for column, height in longest.items():
            _bar(canvas, column, wide - (wide > 2), height, foot, curve)


def _histogram(canvas: Canvas, curve: Curve, cells: Floats, values: Floats, y: Scale) -> None:
    """Draw bars without gaps, each as far as half the way to its neighbours: gaps of 0 to 2 columns would look like values."""
    order = np.argsort(cells, kind="stable")
    cells, values = cells[order], values[order]
    heights, foot = bar_heights(values, y, canvas.rows, dots_per_cell(canvas.ascii)[0])
    middles = (cells[1:] + cells[:-1]) / 2
    edges = np.concatenate([[2 * cells[0] - middles[0]], middles, [2 * cells[-1] - middles[-1]]])
    columns = np.floor(edges + 0.5).astype(int).tolist()
    for left, right, height in zip(columns[:-1], columns[1:], heights.tolist(), strict=True):
        if np.isfinite(height):
            _bar(canvas, left, right - left, height, foot, curve)


def _bar(canvas: Canvas, left: int, wide: int, height: float, foot: float, curve: Curve) -> None:
    """Draw one bar between its foot and its height, in rows from the bottom; one of no height is a thin line at its foot."""
    low, high = sorted((height, foot))
    for row in range(canvas.rows):
        base = canvas.rows - 1 - row
        filled = min(1.0, max(0.0, high - base)) if low < base + 1 - 1e-9 else 0.0
        if filled <= 0 or (curve.glyph != SHADES[0] and filled < 0.5 and not canvas.ascii):  # in ASCII heights lie in the middle of a row
            continue
        glyph = EIGHTHS[max(1, round(8 * filled))] if curve.glyph == SHADES[0] else curve.glyph
        if curve.glyph == SHADES[0] and base < foot < base + 1 and height >= foot and foot - base > LITTLE:
            glyph = "▀" if high >= base + 1 else "─"  # no block begins within a cell but these
        canvas.put(row, left, glyph * wide, curve.ink)


def draw_curves(
    canvas: Canvas, curves: Sequence[Curve], reduced: Sequence[Reduced], x: Scale, y: Scale, theme: Theme, levels: Sequence[float] = ()
) -> None:
    """Draw lines and points, then the marks that tell them apart without colour. levels: where horizontal lines lie, in data."""
    rows, _ = canvas.fine
    seen = [(curve, points) for curve, points in zip(curves, reduced, strict=True) if curve.series.style != "bars"]
    if not seen:
        return
    lines = trace([points for _, points in seen], y, rows)
    masks = lines.masks(rows)
    for index, (curve, points) in enumerate(seen):
        if curve.series.style == "points":
            masks[index] = False
            if not curve.exact:
                masks[index][scatter(points, x, y, canvas.fine)] = True
        elif curve.dash is not None and not canvas.ascii:
            masks[index] = dashes(masks[index], lines.top[index], lines.bottom[index], *curve.dash)
    bars = np.where(np.isin(canvas.codes, MOSTLY), canvas.inks, PLAIN)
    for dashed in (False, True):  # a dash takes its cells whole, so that a curve under it shows as regularly between the dashes
        these = [index for index, (curve, _) in enumerate(seen) if (curve.dash is not None) is dashed]
        canvas.share(masks[these], [seen[index][0].ink for index in these], [seen[index][0].glyph for index in these])
    _over_bars(canvas, bars, theme)
    if not canvas.ascii:
        _marks(canvas, seen, lines, x, y, theme, levels)
    exact = [(curve, squares(points, x, y, canvas.fine)) for curve, points in seen if curve.exact]
    if theme.level > Level.ANSI16 and not canvas.ascii:
        canvas.add([(knots(points, x, y, canvas.fine), curve.ink) for curve, points in seen if _knotted(curve, points, canvas.columns)])
    canvas.share(
        np.array([mask for _, mask in exact]), [curve.ink for curve, _ in exact], [curve.glyph for curve, _ in exact], scattered=True
    )
    _over_bars(canvas, bars, theme)


def _knotted(curve: Curve, points: Reduced, columns: int) -> bool:
    """Whether a measured line has so few points that each can be seen."""
    if curve.series.kind != "measured" or curve.series.style != "line" or points.few is None:
        return False
    return 2 < points.few[0].size <= columns // NODES


def _over_bars(canvas: Canvas, bars: NDArray[np.int32], theme: Theme) -> None:
    """Let a bar go on behind the curves that cross it. bars: (rows, columns), the ink of blocks that stood there."""
    for row, column in np.argwhere((bars != PLAIN) & (canvas.dots > 0)).tolist():
        over, below = ink_of(int(canvas.inks[row, column])).fg, ink_of(int(bars[row, column])).fg
        seen = over if abs(brightness(over) - brightness(below)) > LEGIBLE else theme.shades.background
        canvas.inks[row, column] = ink(seen, below)


def _marks(
    canvas: Canvas, seen: Sequence[tuple[Curve, Reduced]], lines: Traces, x: Scale, y: Scale, theme: Theme, levels: Sequence[float]
) -> None:
    """Put marks onto measured curves: at the points while they are few, else at fixed columns, shifted from curve to curve.

    A mark fills its row, so where a level passes through that row beside the curve it would seem to lie on the level: it is left out,
    unless it is the curve's only one.
    """
    fine = [canvas.fine[0] - 1 - row for row in (y.cell(level, canvas.fine[0]) for level in levels) if row is not None]
    measured = [index for index, (curve, _) in enumerate(seen) if curve.series.kind == "measured" and not curve.exact]
    taken = np.zeros((canvas.rows, canvas.columns), dtype=bool)
    sparse = 2 if theme.level is Level.NONE else 4  # without colour the marks alone tell curves apart
    spacing = max(3 * sparse, sparse * len(measured))
    few = [
        _few(points, canvas.columns, len(measured)) for curve, points in (seen[index] for index in measured) if curve.series.style == "line"
    ]
    for turn, index in enumerate(measured):
        curve, points = seen[index]
        scattered = curve.series.style == "points"
        here = np.isfinite(points.low) if scattered else lines.drawn[index]
        rows = np.where(here, lines.entry[index] // 4, -1)[::2]  # per character, -1 where nothing is
        if points.few is not None and (_few(points, 2 * canvas.columns, len(measured)) if scattered else all(few)):
            down, across = scatter(points, x, y, canvas.fine)
            places = list(_pairs(down // 4, across // 2))
            dots = dict(zip(places, down.tolist(), strict=True))
            many = len(places) > max(FEW, canvas.columns * TOUCHING // 5)
            if not scattered and many:  # where the line is in the middle of its row, as the mark will be
                middle = [place for place in places if dots[place] % 4 in MIDDLE]
                places = middle or sorted(places, key=lambda place: abs(dots[place] % 4 - 1.5))[:1]
            cells = list(_thinned(places, APART if many or (scattered and len(places) > FEW) else TOUCHING))
        else:
            cells = list(_along(rows, lines.entry[index][::2], turn * spacing // len(measured), spacing))
            dots = {(row, column): int(lines.entry[index][2 * column]) for row, column in cells}
        apart = [cell for cell in cells if not any(level // 4 == cell[0] and level != dots[cell] for level in fine)]
        for row, column in apart or cells[:1]:
            _mark(canvas, taken, row, column, curve, rows)


def _few(points: Reduced, columns: int, curves: int) -> bool:
    """Whether so many curves with as many points leave room for marks at their points; lines of a figure have theirs alike."""
    return points.few is not None and points.few[0].size * curves <= columns


def _thinned(cells: Sequence[tuple[int, int]], apart: int) -> Iterator[tuple[int, int]]:
    """Cells of points without those nearer than `apart` columns to others, whose dots stay: a row of marks would hide what lies under it.

    The ends, the highest and the lowest come first, then the others from the left; few that may touch are kept all.
    """
    if len(cells) <= FEW and apart <= TOUCHING:
        return iter(cells)
    order = sorted(cells, key=lambda cell: cell[1])
    kept: list[tuple[int, int]] = []
    for row, column in (order[0], order[-1], min(order), max(order), *order):
        if all(abs(row - other[0]) > 1 or abs(column - other[1]) >= apart for other in kept):
            kept.append((row, column))
    return iter(kept)


def _along(rows: Ints, dots: Ints, phase: int, spacing: int) -> Iterator[tuple[int, int]]:
    """Cells of a line at fixed columns, or its last cell where it is too short for any. rows: (columns,); dots: rows of dots there.

    Each moves to the nearest column within a third of the spacing where the line is in the middle of its row, as the mark will be:
    elsewhere it would seem to be off. A line that nowhere is has one all the same.
    """
    middle = (rows >= 0) & np.isin(dots % 4, MIDDLE)
    found: list[int] = []
    for column in range(phase, rows.size, spacing):
        near = np.arange(max(0, column - spacing // 3), min(rows.size, column + spacing // 3 + 1))
        near = near[middle[near]]
        found += [int(near[np.abs(near - column).argmin()])] if near.size else []
    columns = np.array(found, dtype=np.int64)
    if not columns.size:
        columns = np.flatnonzero(middle if middle.any() else rows >= 0)[-1:]
    return _pairs(rows[columns], columns)


def _pairs(rows: Ints, columns: Ints) -> Iterator[tuple[int, int]]:
    return zip(rows.tolist(), columns.tolist(), strict=True)


def _mark(canvas: Canvas, taken: Bools, row: int, column: int, curve: Curve, rows: Ints) -> None:
    """Put one mark; where another curve's mark stands already, a cell to the side, on the line."""
    for shift in (0, 1, -1, 2, -2):
        place = column + shift
        if not 0 <= place < canvas.columns:
            continue
        if shift and curve.series.style == "line":
            row = int(rows[place])
        if 0 <= row < canvas.rows and not taken[row, place]:
            taken[row, place] = True
            canvas.put(row, place, curve.glyph, curve.ink)
            return
