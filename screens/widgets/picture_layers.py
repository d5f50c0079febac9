"""Paths, lines, points and rings over a picture's plane, in braille dots and marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract import Layer
from screens.widgets.axis_scales import Scale
from screens.widgets.palette import Level, Theme, ink, ink_of
from screens.widgets.picture_cells import Floats
from screens.widgets.plot_canvas import Canvas, polyline
from screens.widgets.plot_curves import ASCII_THEORY, DASHES, EXACT
from screens.widgets.plot_legend import LegendEntry
from screens.widgets.plot_raster import SQUARE
from screens.widgets.plot_reduce import Bools, drawable

RINGS = "◉◎▣"  # the first layer of rings, the second and the others
CROWD = 40  # points of a layer from which many share a cell, and all points of the picture are squares of dots


@dataclass(frozen=True)
class StyledLayer:
    """A layer with its looks.

    xy: (k, 2) points that can be drawn; dash: dots on and off, where lines must differ without colour; exact: that points are squares of
    dots where they lie, not marks that fill their cells.
    """

    layer: Layer
    xy: Floats
    ink: int
    mark: str
    legend: str
    line: str
    dash: tuple[int, int] | None
    exact: bool = False

    @property
    def entry(self) -> LegendEntry:
        """The layer's entry of the legend."""
        return LegendEntry(self.legend, self.ink, self.layer.label)

    @property
    def lost(self) -> int:
        """How many points cannot be drawn."""
        return len(np.atleast_2d(self.layer.xy)) - len(self.xy)


def styled_layers(layers: Sequence[Layer], theme: Theme, log: bool = False) -> list[StyledLayer]:
    """Give every layer its colour and mark, by group as in the figures; `log`: of a plane where only positive points can be drawn.

    Groups without a curve take what no curve's group in this picture has, from the end of the table: curves are counted from its beginning.
    Rings around points have the points' colours, and in the legend none; rings of a group have its colour, where others of it are points.
    A line without a label looks like the line of its group before it; points without one are named with the lines of their group.
    """
    names = [layer.group or layer.label for layer in layers]
    places = _places(names, theme)
    styled: list[StyledLayer] = []
    lines: dict[tuple[str, str], int] = {}
    named: dict[str, str] = {}
    dotted = {name for layer, name in zip(layers, names, strict=True) if layer.kind == "points" and not layer.label}
    marked = any(layer.kind == "points" for layer in layers)
    crowded = _by_colour(layers, theme) and any(layer.kind == "points" and len(layer.xy) >= CROWD for layer in layers)
    rings = iter("OQ@" if theme.ascii else RINGS)
    pointed = {name for layer, name in zip(layers, names, strict=True) if layer.kind == "points"}
    for layer, name in zip(layers, names, strict=True):
        group = places[name]
        xy = np.asarray(layer.xy, dtype=np.float64).reshape(-1, 2)
        xy = xy[drawable(xy, log).all(axis=1)]
        dash, line, mark = None, "──", theme.mark(group)
        if layer.kind in ("path", "line"):
            named[name] = layer.label or named.get(name, "")
            which = lines.setdefault((name, named[name]), len(lines))
            if which and theme.level is Level.NONE:
                line, *pattern = DASHES[(which - 1) % len(DASHES)]
                dash = (int(pattern[0]), int(pattern[1]))
            glyph = ASCII_THEORY[which % len(ASCII_THEORY)] if layer.kind == "line" else mark
            line = glyph * 2 if theme.ascii else line
        else:
            glyph = mark
        ring = next(rings, RINGS[-1]) if layer.kind == "rings" else ""
        legend = {"path": line[0] + mark, "line": line[0] + mark if name in dotted else line, "points": mark, "rings": ring}[layer.kind]
        tone = theme.strong if layer.kind == "rings" and marked and name not in pointed else theme.curve(group)
        exact = layer.kind == "points" and layer.label != "" and crowded
        styled.append(StyledLayer(layer, xy, tone, ring if layer.kind == "rings" else mark, EXACT if exact else legend, glyph, dash, exact))
    return styled


def _by_colour(layers: Sequence[Layer], theme: Theme) -> bool:
    """Whether points are told apart by colour alone, and none has a ring, which takes its cell."""
    return theme.level > Level.ANSI16 and not theme.ascii and all(layer.kind != "rings" for layer in layers)


def _places(names: Sequence[str], theme: Theme) -> dict[str, int]:
    """Return the place of each group in the table of colours."""
    places = {name: theme.group(name) for name in names if name in theme.groups}
    others = dict.fromkeys(name for name in names if name not in theme.groups)
    table = range(len(theme.shades.full))
    taken = {place % len(table) for place in places.values()}
    free = [place for place in (reversed(table) if theme.groups else table) if place not in taken] or list(table)
    free = [*free[::2], *free[1::2]]  # the last two are greens
    return places | {name: free[index % len(free)] for index, name in enumerate(others)}


def plane(styled: Sequence[StyledLayer]) -> tuple[float, float, float, float]:
    """Return the extent of all layers with a margin, for pictures that do not give one; NaN without points."""
    points = np.concatenate([item.xy for item in styled]) if styled else np.empty((0, 2))
    if not len(points):
        return (float("nan"),) * 4
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * np.array([x1 - x0, y1 - y0])
    return float(x0 - margin[0]), float(x1 + margin[0]), float(y0 - margin[1]), float(y1 + margin[1])


def draw_layers(canvas: Canvas, styled: Sequence[StyledLayer], x: Scale, y: Scale) -> None:
    """Draw lines first, then the ends of paths, points and rings."""
    rows, columns = canvas.fine
    lines = [item for item in styled if item.layer.kind in ("path", "line") and len(item.xy)]
    masks = np.zeros((len(lines), rows, columns), dtype=bool)
    for mask, item in zip(masks, lines, strict=True):
        across, down = _dots(item.xy, x, y, rows, columns)
        mask[:] = polyline(across, down, (rows, columns))
        if item.dash is not None and not canvas.ascii:
            row, column = np.ogrid[:rows, :columns]
            mask &= (row + 2 * column) % sum(item.dash) < item.dash[0]
    canvas.share(masks, [item.ink for item in lines], [item.line for item in lines])
    exact = [item for item in styled if item.exact]
    canvas.share(np.array([_squares(canvas, item.xy, x, y) for item in exact]), [item.ink for item in exact], [item.mark for item in exact])
    for item in lines:
        if item.layer.kind == "path":
            _marks(canvas, item, item.xy[-1:], x, y)
    for kind in ("points", "rings"):
        for item in styled:
            if item.layer.kind == kind and len(item.xy) and not item.exact:
                _marks(canvas, item, item.xy, x, y)


def _dots(xy: Floats, x: Scale, y: Scale, rows: int, columns: int) -> tuple[Floats, Floats]:
    across = (columns - 1) * x.unit(xy[:, 0])
    down = (rows - 1) * (1 - y.unit(xy[:, 1]))
    return np.clip(across, -1e6, 1e6), np.clip(down, -1e6, 1e6)


def _squares(canvas: Canvas, xy: Floats, x: Scale, y: Scale) -> Bools:
    """The dots (rows, columns) of points, each a square of four about where it lies."""
    rows, columns = canvas.fine
    across, down = (np.floor(part).astype(np.int64) for part in _dots(xy, x, y, rows, columns))
    inside = (across >= 0) & (across < columns - 1) & (down >= 0) & (down < rows - 1)
    mask = np.zeros(canvas.fine, dtype=bool)
    for row, column in SQUARE:
        mask[down[inside] + row, across[inside] + column] = True
    return mask


def _marks(canvas: Canvas, item: StyledLayer, xy: Floats, x: Scale, y: Scale) -> None:
    rows, columns = canvas.fine
    across, down = (np.floor(part + 0.5).astype(np.int64) for part in _dots(xy, x, y, rows, columns))
    inside = (across >= 0) & (across < columns) & (down >= 0) & (down < rows)
    cells = np.unique(np.stack([down[inside] * canvas.rows // rows, across[inside] * canvas.columns // columns]), axis=1)
    for row, column in cells.T.tolist():
        tone = item.ink
        if item.layer.kind == "rings" and canvas.codes[row, column]:
            tone = ink(ink_of(int(canvas.inks[row, column])).fg, bold=True)  # the ring keeps its point's colour
        canvas.put(row, column, item.mark, tone)
