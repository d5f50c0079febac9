"""One picture drawn from what a phenomenon delivers: values as cells, layers over them in braille, axes where there is a plane.

A cell of text holds two values, one above the other (foreground and background of a half block). Without colour a value
is one character, and under layers the values are contour lines.
"""

from __future__ import annotations

import math
from textwrap import wrap

import numpy as np
from rich.text import Text

from engine.contract import Axis, Figure, Picture
from screens.widgets.axis_scales import Scale, even_scale, fit_scale
from screens.widgets.palette import PLAIN, Theme, brightness, ink, ink_of
from screens.widgets.picture_heatmap import HeatMap
from screens.widgets.picture_layers import StyledLayer, draw_layers, plane, styled_layers
from screens.widgets.picture_names import draw_named, legible_on, names_width
from screens.widgets.plot_canvas import Canvas, dots_per_cell
from screens.widgets.plot_frame import FrameLayout, draw_frame, fits_on_axis, name_on_axis
from screens.widgets.plot_legend import LegendEntry, legend_rows, note_rows, numbered, row_length, spare_rows, title_row, write_entries
from screens.widgets.plot_ticks import x_ticks, y_ticks
from screens.widgets.text_grid import TextGrid

LEAST_WIDTH, LEAST_HEIGHT = 8, 3  # below this a picture is a sentence
AXES_WIDTH, AXES_HEIGHT = 30, 9  # below this a plane has no axes
MOST_ROWS, ROWS_EACH = 3, 5  # a legend takes at most so many rows, and one for each so many of the picture
FOOT_HEIGHT = 12  # from which the name of x has a row of its own where its axis has no room for it
GUTTER = 7  # columns of y labels and their axis


def draw_picture(picture: Picture, *, width: int, height: int, theme: Theme | None = None) -> list[Text]:
    """Draw a picture as text: `height` rows of exactly `width` columns."""
    return picture_grid(picture, width, height, theme or Theme()).text()


def picture_grid(picture: Picture, width: int, height: int, theme: Theme, number: int = 0, alone: bool = False) -> TextGrid:
    """Draw a picture on a grid of any size; below 8x3 only its title, or nothing.

    number: stands before the title. alone: it shares its page with no other view, so that its note may take rows of its own.
    """
    grid = TextGrid(width, height)
    figure = Figure(picture.name, picture.title, Axis(picture.x), Axis(picture.y or picture.title), (), picture.note)
    if grid.width < LEAST_WIDTH or grid.height < LEAST_HEIGHT:
        grid.write(0, 0, theme.cut(numbered(figure, number), grid.width), theme.quiet)
        return grid
    heat_map, styled = HeatMap(picture, theme), styled_layers(picture.layers, theme, picture.log)
    entries: list[LegendEntry] = [*heat_map.class_entries(), *(item.entry for item in styled if item.layer.label and len(item.xy))]
    lost = sum(item.lost for item in styled)
    own = note_rows(figure, grid.width, spare_rows(grid.height, alone), theme, number, beside=not lost)
    for index, words in enumerate(own):
        grid.write(1 + index, 0, words, theme.quiet)
    top = 1 + len(own)
    aside = _beside(grid, top, heat_map, styled, entries, theme)
    top += 0 if aside else _legend(grid, top, heat_map, entries, theme)
    x_name = picture.x
    named = not styled and picture.extent is None
    if heat_map.empty and not styled:
        grid.write(grid.height // 2, 0, theme.cut("no data yet", grid.width), theme.quiet)
    elif named:
        if draw_named(grid, top, heat_map):
            x_name = ""
    elif _plane(grid, top, heat_map, styled, theme):
        x_name = ""
    count = f"{lost} point{'s' * (lost != 1)}"
    left_out = [f"{count} not finite, left out", f"{count} left out", f"{lost} left out", f"{lost} out"]
    thinned = heat_map.thinned
    if thinned and _in_free_columns(grid, top, f"shown: {thinned[0]}", theme):
        thinned = ()
    note = picture.note if not own else ""
    usual = [f"{thinned[0]}; {note}" if note else "", *thinned] if thinned else [note, ""]
    if len(theme.text(numbered(figure, number))) + 2 + len(usual[-1]) > grid.width:
        usual.append("")  # the title is not cut for it
    title_row(grid, figure, theme, left_out if lost else usual, x_name, number, down=named)
    return grid


def _in_free_columns(grid: TextGrid, top: int, words: str, theme: Theme) -> bool:
    """Write words to the right of everything below the row `top`, at the foot, in columns where nothing stands; says whether they fit."""
    part = (grid.codes[top:] != ord(" ")) | (grid.inks[top:] != PLAIN)
    left = int(np.flatnonzero(part.any(axis=0)).max(initial=-1)) + 3
    kept = words.replace(" of ", "\u00a0of\u00a0")  # a count is not broken
    rows = [row.replace("\u00a0", " ") for row in wrap(kept, max(1, grid.width - left))]
    if len(rows) > grid.height - top or max(map(len, rows)) > grid.width - left:
        return False
    for index, row in enumerate(rows):
        grid.write(grid.height - len(rows) + index, left, row, theme.quiet)
    return True


def _beside(grid: TextGrid, top: int, heat_map: HeatMap, styled: list[StyledLayer], entries: list[LegendEntry], theme: Theme) -> bool:
    """Write the legend to the right of a picture that leaves room there; says whether it did."""
    scale = heat_map.scale_width()
    rows = grid.height - top
    if not heat_map.picture.equal or not (entries or scale) or len(entries) + bool(scale) > rows - 1:
        return False
    if styled or heat_map.picture.extent is not None:
        axes = _has_axes(grid)
        left = GUTTER * axes + _scales(heat_map.picture, styled, rows - 2 * axes, grid.width - GUTTER * axes)[3]
    else:
        left = heat_map.columns(rows, grid.width)
    room = grid.width - left - 3
    if room < max(scale, *(min(20, len(entry.glyph) + 1 + len(entry.label)) for entry in entries), 0):
        return False
    if scale:
        heat_map.write_scale(grid, top + 1, left + 3, named=heat_map.scale_width(named=True) <= room)
    for index, entry in enumerate(entries):
        words = theme.cut(entry.label, room - len(entry.glyph) - 1)
        write_entries(grid, top + 1 + bool(scale) + index, left + 3, [LegendEntry(entry.glyph, entry.ink, words)], theme)
    return True


def _legend(grid: TextGrid, top: int, heat_map: HeatMap, entries: list[LegendEntry], theme: Theme) -> int:
    """Write the scale of the values, the classes and the layers from the row `top` on. Returns how many rows that took."""
    if grid.height < 5:
        return 0
    scale = heat_map.scale_width() if heat_map.scale_width() <= grid.width else 0
    if scale:
        named, beside, whole = _with_scale(grid, heat_map, entries, theme)
        if whole or grid.height >= AXES_HEIGHT:
            scale = heat_map.scale_width(named)
            indent = 0 if entries else max(0, min(names_width(heat_map, grid.width), grid.width - scale))
            heat_map.write_scale(grid, top, indent, named)
            write_entries(grid, top, scale + 3, beside[0] if whole and beside else [], theme)
        else:
            scale = 0
        if whole:
            return 1
    rows = legend_rows(entries, grid.width, max(1, min(MOST_ROWS, grid.height // ROWS_EACH) - bool(scale)), theme)
    for index, row in enumerate(rows):
        write_entries(grid, top + bool(scale) + index, 0, row, theme)
    return bool(scale) + len(rows)


def _with_scale(
    grid: TextGrid, heat_map: HeatMap, entries: list[LegendEntry], theme: Theme
) -> tuple[bool, list[list[LegendEntry]], bool]:  # fmt: skip
    """Return whether the scale has room for what its values are, the entries beside it, and whether they stand there whole."""
    for named in (True, False):
        room = grid.width - heat_map.scale_width(named)
        beside = legend_rows(entries, room - 3, 1, theme)
        whole = [len(entry.label) for row in beside for entry in row] == [len(theme.text(entry.label)) for entry in entries]
        if whole and all(row_length(row) <= room - 3 for row in beside if row):
            return named, beside, True
    return heat_map.scale_width(named=True) <= grid.width, beside, False


def _has_axes(grid: TextGrid) -> bool:
    return grid.width >= AXES_WIDTH and grid.height >= AXES_HEIGHT


def _plane(grid: TextGrid, top: int, heat_map: HeatMap, styled: list[StyledLayer], theme: Theme) -> bool:
    """Draw values and layers in data coordinates, with axes where there is room; says whether the axis of x has its name."""
    axes = _has_axes(grid)
    gutter = GUTTER if axes else 0
    dots_down, dots_across = dots_per_cell(theme.ascii)
    x, y, rows, columns = _scales(heat_map.picture, styled, grid.height - top - 2 * axes, grid.width - gutter, dots_down)
    named = False
    if axes:
        across, name = x_ticks(x, columns, dots=dots_across), theme.text(heat_map.picture.x)
        if not fits_on_axis(across, columns, name) and len(name) <= columns and grid.height >= FOOT_HEIGHT:
            x, y, rows, columns = _scales(heat_map.picture, styled, grid.height - top - 3, grid.width - gutter, dots_down)
            across = x_ticks(x, columns, dots=dots_across)
            grid.write(top + rows + 2, gutter + max(0, columns - len(name)) // 2, name, theme.quiet)
            named = True
        layout = FrameLayout(gutter + columns, rows + top + 2, gutter, top - 1, 0)
        draw_frame(grid, layout, theme, across, y_ticks(y, rows, gutter - 1, dots_down))
        named = named or name_on_axis(grid, layout, theme, across, heat_map.picture.x)
    canvas = Canvas(rows, columns, theme.ascii)
    if heat_map.contours:
        heat_map.outline(canvas)
    elif not heat_map.empty:
        heat_map.draw(grid, top, gutter, rows, columns, fill=True)
    draw_layers(canvas, styled, x, y)
    _lay(grid, canvas, top, gutter, theme)
    return named


def _scales(picture: Picture, styled: list[StyledLayer], rows: int, columns: int, dots: int = 4) -> tuple[Scale, Scale, int, int]:
    """Return the scales of the plane, and the rows and columns of characters it takes: fewer where units must be equal.

    dots: rows of dots in each row.
    """
    x0, x1, y0, y1 = picture.extent or plane(styled)
    x, y = (fit_scale(Axis("", lo=low, hi=high), picture.log, low, high) for low, high in ((x0, x1), (y0, y1)))
    if picture.values is None and not (picture.equal or picture.log):
        y = even_scale(y, rows, (True, True), dots)
    if picture.equal:
        across, along = x.hi - x.lo, y.hi - y.lo
        unit = max(across / columns, along / (2 * rows))  # data per half block, which is as wide as high
        columns, rows = min(columns, max(2, round(across / unit))), min(rows, max(1, math.ceil(along / unit / 2 - 0.25)))
    return x, y, rows, columns


def _lay(grid: TextGrid, canvas: Canvas, top: int, left: int, theme: Theme) -> None:
    """Copy the layers onto the grid; the colour beneath becomes their background."""
    place = (slice(top, top + canvas.rows), slice(left, left + canvas.columns))
    below = grid.inks[place].copy()
    canvas.onto(grid, top, left)
    inks = grid.inks[place]
    for row, column in np.argwhere((canvas.codes > 0) | (canvas.dots > 0)).tolist():
        under, over = ink_of(int(below[row, column])), ink_of(int(inks[row, column]))
        if under.bg >= 0:  # plain characters have no background, so ASCII and NO_COLOR stay as they are
            inks[row, column] = ink(_legible(over.fg, under.bg, theme), under.bg, over.bold, over.dim)


def _legible(colour: int, behind: int, theme: Theme) -> int:
    """Return a colour that can be seen on another one."""
    if colour != behind and abs(brightness(colour) - brightness(behind)) > 0.2:
        return colour
    return legible_on(behind, theme)
