"""Figures and pictures as svg or png, drawn by matplotlib in the screen's colours and markers; importing this module is what loads it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure as Drawing
from rich.color import Color

from engine.contract import Axis, Figure, Marker, Picture, Series, Snapshot
from engine.registry import spec
from lab.export.text_figures import with_points
from screens.widgets.palette import FILLED, HOLLOW, Level, Theme, groups_of, ink_of
from screens.widgets.picture_layers import StyledLayer, styled_layers
from screens.widgets.plot_curves import Curve, curves_of
from screens.widgets.plot_markers import marker_ink

SIZE = (6.4, 4.2)  # inches
DOTS = 160  # per inch, of a png
MARKS = dict(zip(FILLED + HOLLOW, "o^sDv*" * 2, strict=True))  # the terminal's markers as matplotlib's
MARKED = 8  # marks along a curve, about
MAPS = {"sequential": "viridis", "diverging": "RdBu_r", "grey": "gray", "classes": "tab10"}


def write_figures(snapshot: Snapshot, name: str, place: Path, kind: str) -> Iterator[Path]:
    """Write every figure and picture that has content; yields `NAME-FIGURE.svg`."""
    declared = spec(snapshot.phenomenon)
    theme = Theme(Level.ANSI256, dark=False, groups=groups_of(snapshot))
    with matplotlib.rc_context({"svg.hashsalt": name, "font.size": 9}):
        for figure in declared.figures:
            chosen = with_points(figure, snapshot.series)
            if chosen:
                markers = [marker for marker in snapshot.markers if fnmatch.fnmatchcase(figure.name, marker.figure)]
                yield _saved(_plot(figure, chosen, markers, theme), place / _file(name, figure.name, kind))
        for picture in snapshot.pictures:
            yield _saved(_image(picture, theme), place / _file(name, picture.name, kind))


def colour_of(ink: int) -> str:
    """The colour of an ink as matplotlib takes it."""
    return Color.from_ansi(ink_of(ink).fg).get_truecolor().hex


def _look(curve: Curve | StyledLayer, glyph: str) -> dict[str, Any]:
    """Colour and marker of a curve or a layer; hollow where the screen's is."""
    colour = colour_of(curve.ink)
    fill = "none" if glyph in HOLLOW else colour
    return {"color": colour, "marker": MARKS.get(glyph, "o"), "markerfacecolor": fill, "markersize": 4}


def _file(run: str, figure: str, kind: str) -> str:
    return f"{run}-{figure.replace('/', '-')}.{kind}"


def _saved(drawing: Any, path: Path) -> Path:
    metadata = {"Date": None} if path.suffix == ".svg" else None  # the same run gives the same file
    drawing.savefig(path, dpi=DOTS, metadata=metadata)
    return path


def _canvas() -> tuple[Any, Any]:
    drawing = Drawing(figsize=SIZE, layout="constrained")
    return drawing, drawing.add_subplot()


def _plot(figure: Figure, series: Sequence[Series], markers: Sequence[Marker], theme: Theme) -> Any:
    drawing, axes = _canvas()
    for curve in curves_of(series, theme):
        _curve(axes, curve, figure)
    for marker in markers:
        line = axes.axvline if marker.axis == "x" else axes.axhline
        line(marker.at, color=colour_of(marker_ink(marker, theme)), linestyle=":", linewidth=1, label=marker.label)
    axes.set(title=figure.title, xlabel=_label(figure.x), ylabel=_label(figure.y))
    for axis, scale, limits in ((figure.x, axes.set_xscale, axes.set_xlim), (figure.y, axes.set_yscale, axes.set_ylim)):
        if axis.log:
            scale("log")
        limits(axis.lo, axis.hi)
    if figure.x.ticks:
        axes.set_xticks([at for at, _ in figure.x.ticks], [name for _, name in figure.x.ticks])
    axes.legend(fontsize="small")
    return drawing


def _curve(axes: Any, curve: Curve, figure: Figure) -> None:
    item, colour = curve.series, colour_of(curve.ink)
    x, y = _drawable(item.x, figure.x), _drawable(item.y, figure.y)
    if item.style == "bars":
        axes.bar(x, y, color=colour, label=item.label, width=0.8 * _spacing(x))
    elif item.style == "points":
        axes.plot(x, y, linestyle="none", label=item.label, **_look(curve, curve.glyph))
    elif item.kind == "theory":
        axes.plot(x, y, "--", color=colour, linewidth=1.3, label=item.label)
    else:
        axes.plot(x, y, "-", linewidth=1.3, markevery=max(1, len(x) // MARKED), label=item.label, **_look(curve, curve.glyph))
    if item.lo is not None and item.hi is not None:
        axes.fill_between(x, _drawable(item.lo, figure.y), _drawable(item.hi, figure.y), color=colour, alpha=0.2, linewidth=0)


def _image(picture: Picture, theme: Theme) -> Any:
    drawing, axes = _canvas()
    if picture.values is not None:
        _cells(drawing, axes, picture)
    for styled in styled_layers(picture.layers, theme, picture.log):
        if len(styled.xy):
            _layer(axes, styled)
    if picture.log:
        axes.set(xscale="log", yscale="log")
    if picture.extent:
        axes.set(xlim=picture.extent[:2], ylim=picture.extent[2:])
    else:
        axes.set(xticks=[], yticks=[])
    if picture.equal:
        axes.set_aspect("equal")
    axes.set(title=picture.title, xlabel=picture.x, ylabel=picture.y)
    if picture.layers or picture.legend:
        axes.legend(fontsize="small")
    return drawing


def _layer(axes: Any, styled: StyledLayer) -> None:
    x, y = styled.xy.T
    look = _look(styled, styled.mark)
    if styled.layer.kind == "rings":
        look |= {"marker": "o", "markerfacecolor": "none", "markersize": 8}
    elif styled.layer.kind == "line":
        look["marker"] = ""
    elif styled.layer.kind == "path":
        look["markevery"] = [-1]  # where it ends, as on the screen
    axes.plot(x, y, linestyle="-" if styled.layer.kind in ("path", "line") else "none", label=styled.layer.label, **look)


def _cells(drawing: Any, axes: Any, picture: Picture) -> None:
    classes = picture.palette == "classes"
    colours = matplotlib.colormaps["tab20" if classes and len(picture.legend) > 10 else MAPS[picture.palette]]
    limits = (-0.5, colours.N - 0.5) if classes else (picture.lo, picture.hi)
    cells = np.asarray(picture.values)
    values = np.ma.masked_less(cells, 0) if classes else cells  # a class below 0 is no class: nothing is drawn
    if picture.log and picture.extent:
        x, y = (np.geomspace(*ends, count + 1) for ends, count in zip(_ends(picture.extent), values.shape[::-1], strict=True))
        shown = axes.pcolormesh(x, y[::-1], values, cmap=colours, vmin=limits[0], vmax=limits[1])
    else:
        place: dict[str, Any] = {"extent": picture.extent} if picture.extent else {}
        shown = axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto", interpolation="nearest", **place)
    if not classes:
        drawing.colorbar(shown)
    for index, name in enumerate(picture.legend if classes else ()):
        axes.plot([], [], "s", color=colours(index), label=name)


def _ends(extent: tuple[float, float, float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
    return extent[:2], extent[2:]


def _label(axis: Axis) -> str:
    return f"{axis.label} ({axis.unit})" if axis.unit else axis.label


def _drawable(values: Any, axis: Axis) -> Any:
    kept = np.isfinite(values) & ((values > 0) if axis.log else True)
    return np.where(kept, values, np.nan)


def _spacing(x: Any) -> float:
    gaps = np.diff(np.unique(x[np.isfinite(x)]))
    return float(gaps.min()) if len(gaps) else 1.0
