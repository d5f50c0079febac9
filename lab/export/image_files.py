"""Figures and pictures as svg or png, drawn by matplotlib; importing this module is what loads it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure as Drawing

from engine.contract import Axis, Figure, Marker, Picture, Series, Snapshot
from engine.registry import spec
from lab.export.text_figures import with_points

SIZE = (6.4, 4.2)  # inches
DOTS = 160  # per inch, of a png
MAPS = {"sequential": "viridis", "diverging": "RdBu_r", "grey": "gray", "classes": "tab10"}


def write_figures(snapshot: Snapshot, name: str, place: Path, kind: str) -> Iterator[Path]:
    """Write every figure and picture that has content; yields `NAME-FIGURE.svg`."""
    declared = spec(snapshot.phenomenon)
    colours = palette([series.group or series.name for series in snapshot.series])
    with matplotlib.rc_context({"svg.hashsalt": name, "font.size": 9}):
        for figure in declared.figures:
            chosen = with_points(figure, snapshot.series)
            if chosen:
                markers = [marker for marker in snapshot.markers if fnmatch.fnmatchcase(figure.name, marker.figure)]
                yield _saved(_plot(figure, chosen, markers, colours), place / _file(name, figure.name, kind))
        for picture in snapshot.pictures:
            yield _saved(_image(picture), place / _file(name, picture.name, kind))


def palette(groups: Sequence[str]) -> dict[str, str]:
    """A colour for each group, the same in every figure."""
    return {group: f"C{index % 10}" for index, group in enumerate(dict.fromkeys(groups))}


def _file(run: str, figure: str, kind: str) -> str:
    return f"{run}-{figure.replace('/', '-')}.{kind}"


def _saved(drawing: Any, path: Path) -> Path:
    metadata = {"Date": None} if path.suffix == ".svg" else None  # the same run gives the same file
    drawing.savefig(path, dpi=DOTS, metadata=metadata)
    return path


def _canvas() -> tuple[Any, Any]:
    drawing = Drawing(figsize=SIZE, layout="constrained")
    return drawing, drawing.add_subplot()


def _plot(figure: Figure, series: Sequence[Series], markers: Sequence[Marker], colours: dict[str, str]) -> Any:
    drawing, axes = _canvas()
    for item in series:
        _curve(axes, item, figure, colours[item.group or item.name])
    for marker in markers:
        line = axes.axvline if marker.axis == "x" else axes.axhline
        line(marker.at, color=colours.get(marker.group, "0.5"), linestyle=":", linewidth=1, label=marker.label)
    axes.set(title=figure.title, xlabel=_label(figure.x), ylabel=_label(figure.y))
    for axis, scale, limits in ((figure.x, axes.set_xscale, axes.set_xlim), (figure.y, axes.set_yscale, axes.set_ylim)):
        if axis.log:
            scale("log")
        limits(axis.lo, axis.hi)
    if figure.x.ticks:
        axes.set_xticks([at for at, _ in figure.x.ticks], [name for _, name in figure.x.ticks])
    axes.legend(fontsize="small")
    return drawing


def _curve(axes: Any, item: Series, figure: Figure, colour: str) -> None:
    x, y = _drawable(item.x, figure.x), _drawable(item.y, figure.y)
    if item.style == "bars":
        axes.bar(x, y, color=colour, label=item.label, width=0.8 * _spacing(x))
    elif item.style == "points":
        axes.plot(x, y, "o", color=colour, markersize=3, label=item.label)
    else:
        axes.plot(x, y, "--" if item.kind == "theory" else "-", color=colour, linewidth=1.3, label=item.label)
    if item.lo is not None and item.hi is not None:
        axes.fill_between(x, _drawable(item.lo, figure.y), _drawable(item.hi, figure.y), color=colour, alpha=0.2, linewidth=0)


def _image(picture: Picture) -> Any:
    drawing, axes = _canvas()
    if picture.values is not None:
        _cells(drawing, axes, picture)
    for index, layer in enumerate(picture.layers):
        style = {"path": ".-", "line": "-", "points": "o", "rings": "o"}[layer.kind]
        fill = "none" if layer.kind == "rings" else f"C{index % 10}"
        axes.plot(layer.xy[:, 0], layer.xy[:, 1], style, color=f"C{index % 10}", markerfacecolor=fill, markersize=4, label=layer.label)
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
