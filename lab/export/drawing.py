"""A figure or picture drawn into axes of matplotlib, in the screen's colours and markers; importing this module is what loads it.

What a notebook draws and what is exported comes from here. Curves of theory are dashed, each in its own pattern, or whole beside points
alone, and every measured curve has a marker of its own, so that nothing rests on colour alone.
"""

from __future__ import annotations

import fnmatch
import math
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.ticker import FuncFormatter, LogFormatterSciNotation, LogLocator, NullFormatter
from rich.color import Color

from engine.contract import Axis, Figure, Marker, Picture, Series
from screens.widgets.palette import FILLED, HOLLOW, Theme, ink_of
from screens.widgets.picture_layers import StyledLayer, styled_layers
from screens.widgets.plot_curves import Curve, curves_of
from screens.widgets.plot_markers import marker_ink

MARKS = dict(zip(FILLED + HOLLOW, "o^sDv*" * 2, strict=True))  # the terminal's markers as matplotlib's
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MARKED = 8  # marks along a curve, about
LETTERS = 11  # of a title in an inch of the axes' width; a legend's are smaller, and beside its lines
MAPS = {"sequential": "viridis", "diverging": "RdBu_r", "grey": "gray"}
OFF = "0.88"  # class 0 (no, off, wrong), nearly the background, as on the terminal
CLASSES = tuple(ListedColormap([OFF, *matplotlib.color_sequences[name]]) for name in ("petroff10", "tab20"))  # few (safe) and many
DOTS = ((1, 1.6), (6, 2, 1, 2), (1, 4), (4, 1.5, 1, 1.5, 1, 1.5), (8, 3))  # of lines of markers: on, off
LINES = ("-", (0, (6, 2)), (0, (6, 2, 1, 2)), (0, (2, 1.5)))  # of the lines over a picture
SMALLEST, LARGEST, SPAN, NARROW = 1e-3, 1e5, 100.0, 6.0  # of a logarithmic axis whose ticks are plain numbers
UNNAMED = "_nolegend_"  # what matplotlib leaves out of a legend
MANY_NAMES = 24  # letters of all names of an axis that stand beside each other in an inch and a half


def draw_figure(axes: Any, figure: Figure, series: Sequence[Series], markers: Sequence[Marker], theme: Theme) -> None:
    """Draw a figure's series with bands, theory and markers; no legend, for which `legends.place` finds a place."""
    curves = curves_of(figure.draws(series), theme)
    bars = [curve for curve in curves if curve.series.style == "bars"]
    floor = _floor(curves, figure.y)
    for curve in curves:
        if curve.series.style == "bars":
            _bars(axes, curve, figure, bars)
        else:
            _curve(axes, curve, figure, floor)
    _markers(axes, [marker for marker in markers if fnmatch.fnmatchcase(figure.name, marker.figure)], theme)
    axes.set(title=broken(axes, figure.title), xlabel=broken(axes, axis_label(figure.x)), ylabel=broken(axes, axis_label(figure.y), 0.6))
    for axis, scale, limits in ((figure.x, axes.set_xscale, axes.set_xlim), (figure.y, axes.set_yscale, axes.set_ylim)):
        if axis.log:
            scale("log")
        limits(axis.lo, axis.hi)
    for axis in (axes.xaxis, axes.yaxis):
        plain_ticks(axis)
    _whole_marks(axes)
    if figure.x.ticks:
        _name_ticks(axes, figure.x)


def draw_picture(axes: Any, picture: Picture, theme: Theme) -> None:
    """Draw a picture's cells with their colours explained, and its layers; no legend."""
    if picture.values is not None:
        _cells(axes, picture)
    lines = 0
    for styled in styled_layers(picture.layers, theme, picture.log):
        if len(styled.xy):
            _layer(axes, styled, LINES[lines % len(LINES)])
            lines += styled.layer.kind == "line"
    if picture.log:
        axes.set(xscale="log", yscale="log")
    if picture.extent:
        axes.set(xlim=picture.extent[:2], ylim=picture.extent[2:])
    if picture.equal:
        axes.set_aspect("equal")
    axes.set(title=broken(axes, picture.title), xlabel=picture.x, ylabel=picture.y)


def plain_ticks(axis: Any) -> None:
    """Write the ticks of a logarithmic axis that spans few decades as numbers, 1, 2, 5, 10: powers of ten alone would be one or two."""
    lo, hi = axis.get_view_interval()
    if axis.get_scale() == "log" and SMALLEST <= lo < hi <= LARGEST and hi / lo < SPAN:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if hi / lo > NARROW else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    elif axis.get_scale() == "log":
        axis.set_major_formatter(Powers())
        axis.set_minor_formatter(Powers(labelOnlyBase=False))


class Powers(LogFormatterSciNotation):
    """Labels such as 10⁻³ and 2×10⁻⁸ in plain letters: as formulas they take a third of the time that a figure does."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Label what matplotlib would label."""
        if not super().__call__(x, pos):
            return ""
        power = math.floor(math.log10(x) + 1e-9)
        factor = x / 10.0**power
        return ("" if abs(factor - 1) < 1e-6 else f"{factor:.3g}×") + "10" + f"{power}".translate(RAISED)


def colour_of(ink: int) -> str:
    """The colour of an ink as matplotlib takes it."""
    return Color.from_ansi(ink_of(ink).fg).get_truecolor().hex


def axis_label(axis: Axis) -> str:
    """An axis' label with its unit."""
    return f"{axis.label} ({axis.unit})" if axis.unit else axis.label


def broken(axes: Any, words: str, share: float = 1.0) -> str:
    """Words, broken where they would be wider than a share of their axes."""
    inches = axes.get_position().width * axes.figure.get_figwidth()
    return textwrap.fill(words, max(16, int(LETTERS * inches * share)))


def _look(curve: Curve | StyledLayer, glyph: str) -> dict[str, Any]:
    """Colour and marker of a curve or a layer; hollow where the screen's is."""
    colour = colour_of(curve.ink)
    fill = "none" if glyph in HOLLOW else colour
    return {"color": colour, "marker": MARKS.get(glyph, "o"), "markerfacecolor": fill, "markersize": 4}


def _curve(axes: Any, curve: Curve, figure: Figure, floor: float) -> None:
    item, colour, label = curve.series, colour_of(curve.ink), broken(axes, curve.series.label)
    if not np.isfinite(item.y).any():
        label = UNNAMED
    x, y = _drawable(item.x, figure.x), _drawable(item.y, figure.y)
    if item.style == "points":
        axes.plot(x, y, linestyle="none", label=label, **_look(curve, curve.glyph))
    elif item.kind == "theory":
        axes.plot(x, y, linestyle=(0, curve.dash or (4, 3)), color=colour, linewidth=1.4, label=label)
    else:
        axes.plot(x, y, "-", linewidth=1.3, markevery=max(1, len(x) // MARKED), label=label, **_look(curve, curve.glyph))
    if item.lo is None or item.hi is None:
        return
    lo, hi = (np.maximum(edge, floor) if figure.y.log else np.asarray(edge) for edge in (item.lo, item.hi))
    if item.style == "points":
        axes.vlines(x, lo, hi, color=colour, linewidth=0.8, alpha=0.6)
    else:
        axes.fill_between(x, _drawable(lo, figure.y), _drawable(hi, figure.y), color=colour, alpha=0.2, linewidth=0)


def _whole_marks(axes: Any) -> None:
    """Let marks on the very edge of the axes stand whole, of lines that are within them with every point."""
    (left, right), (bottom, top) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    for line in axes.lines:
        if line.get_marker() in ("None", "none", "", None):
            continue
        x, y = (part[np.isfinite(part)] for part in map(np.asarray, line.get_data()))
        within = ((x >= left) & (x <= right)).all() and ((y >= bottom) & (y <= top)).all()
        on_edge = np.isin(x, (left, right)).any() or np.isin(y, (bottom, top)).any()
        if within and on_edge:
            line.set(clip_on=False, zorder=3)  # above the axes' own lines


def _markers(axes: Any, markers: Sequence[Marker], theme: Theme) -> None:
    """Draw lines of events and constants; those of one colour and direction differ in their dots."""
    seen: dict[tuple[str, str], int] = {}
    for marker in markers:
        colour = colour_of(marker_ink(marker, theme))
        place = seen[marker.axis, colour] = seen.get((marker.axis, colour), -1) + 1
        line = axes.axvline if marker.axis == "x" else axes.axhline
        line(marker.at, color=colour, linestyle=(0, DOTS[place % len(DOTS)]), linewidth=1, label=broken(axes, marker.label))


def _floor(curves: Sequence[Curve], y: Axis) -> float:
    """The smallest number that a logarithmic figure draws: bands that reach 0 or below end there."""
    if not y.log:
        return 0.0
    drawn = [edge for curve in curves for edge in (curve.series.y, curve.series.lo) if edge is not None]
    values = np.concatenate([np.ravel(edge) for edge in drawn]) if drawn else np.ones(1)
    return float(np.min(values, where=np.isfinite(values) & (values > 0), initial=np.inf))


def _bars(axes: Any, curve: Curve, figure: Figure, bars: Sequence[Curve]) -> None:
    """Draw bars, those of several series side by side around their x."""
    x, y = _drawable(curve.series.x, figure.x), _drawable(curve.series.y, figure.y)
    room = 0.8 * min(_spacing(np.asarray(other.series.x, dtype=float)) for other in bars)
    wide = room / len(bars)
    at = x + wide * (bars.index(curve) - (len(bars) - 1) / 2)
    axes.bar(at, y, color=colour_of(curve.ink), label=broken(axes, curve.series.label), width=wide)
    if curve.series.lo is not None and curve.series.hi is not None:
        axes.vlines(at, curve.series.lo, curve.series.hi, color="black", linewidth=0.8)


def _name_ticks(axes: Any, axis: Axis) -> None:
    names = [name for _, name in axis.ticks]
    inches = axes.get_position().width * axes.figure.get_figwidth()
    slanted = sum(map(len, names)) > MANY_NAMES / 1.5 * inches * 0.8
    looks: dict[str, Any] = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if slanted else {}
    axes.set_xticks([at for at, _ in axis.ticks], names, **looks)


def _layer(axes: Any, styled: StyledLayer, pattern: Any) -> None:
    """Draw a layer; pattern: of a line, which has no marker that would tell it from others."""
    x, y = styled.xy.T
    look = _look(styled, styled.mark)
    if styled.layer.kind == "rings":
        look |= {"marker": "o", "markerfacecolor": "none", "markersize": 8}
    elif styled.layer.kind == "line":
        look["marker"] = ""
    elif styled.layer.kind == "path":
        look["markevery"] = [-1]  # where it ends, as on the screen
    line = {"line": pattern, "path": "-"}.get(styled.layer.kind, "none")
    axes.plot(x, y, linestyle=line, linewidth=1.3, label=broken(axes, styled.layer.label), **look)


def _cells(axes: Any, picture: Picture) -> None:
    classes = picture.palette == "classes"
    colours = CLASSES[len(picture.legend) > 10] if classes else matplotlib.colormaps[MAPS[picture.palette]]
    limits = (-0.5, colours.N - 0.5) if classes else (picture.lo, picture.hi)
    cells = np.asarray(picture.values)
    values = np.ma.masked_less(cells, 0) if classes else cells  # a class below 0 is no class: nothing is drawn
    if picture.log and picture.extent:
        ends = picture.extent[:2], picture.extent[2:]
        x, y = (np.geomspace(*pair, count + 1) for pair, count in zip(ends, values.shape[::-1], strict=True))
        shown = axes.pcolormesh(x, y[::-1], values, cmap=colours, vmin=limits[0], vmax=limits[1], rasterized=True)
    else:
        place: dict[str, Any] = {"extent": picture.extent} if picture.extent else {}
        shown = axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto", interpolation="nearest", **place)
    if picture.extent is None:
        _name_cells(axes, picture, cells.shape)
    if not classes:
        beside = axes.inset_axes((1.03, 0, 0.04, 1))  # as high as the axes, whatever their shape
        axes.figure.colorbar(shown, cax=beside, label=picture.shade)
    for index, name in enumerate(picture.legend if classes else ()):
        axes.plot([], [], "s", color=colours(index), label=broken(axes, name))


def _name_cells(axes: Any, picture: Picture, shape: tuple[int, ...]) -> None:
    """Name rows and columns of cells at the middles of equal parts; what has no names has no ticks."""
    for names, count, set_ticks in ((picture.rows, shape[0], axes.set_yticks), (picture.columns, shape[1], axes.set_xticks)):
        set_ticks([(place + 0.5) * count / len(names) - 0.5 for place in range(len(names))], names)


def _drawable(values: Any, axis: Axis) -> Any:
    values = np.asarray(values, dtype=float)
    return np.where(np.isfinite(values) & ((values > 0) if axis.log else True), values, np.nan)


def _spacing(x: Any) -> float:
    gaps = np.diff(np.unique(x[np.isfinite(x)]))
    return float(gaps.min()) if len(gaps) else 1.0
