"""A sweep's figures as svg, pdf or png: values against a knob with bands over seeds, heat maps with contours; by matplotlib."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure as Drawing

from engine.contract import Picture
from engine.contract.sweep import SweepMap, SweepSnapshot
from lab.export.drawing import broken, draw_figure, plain_ticks
from lab.export.image_files import WIDTH, canvas, finished, looks, save, theme_of
from lab.export.provenance import Provenance
from lab.export.text_figures import with_points

LEVELS = 6  # contours, about


def write_figures(sweep: SweepSnapshot, known: Provenance, place: Path, kind: str, width: float = WIDTH) -> Iterator[Path]:
    """Write every figure and heat map that has content; yields `NAME-FIGURE.svg`. width: inches across."""
    for name, drawing in drawings(sweep, known, width):
        path = place / f"{sweep.name}-{name}.{kind}"
        save(drawing, path, known)
        yield path


def drawings(sweep: SweepSnapshot, known: Provenance, width: float = WIDTH) -> Iterator[tuple[str, Drawing]]:
    """Draw every figure and heat map that has content, by name."""
    theme = theme_of(sweep.drawn)
    for figure in sweep.declared.figures:
        chosen = with_points(figure, sweep.drawn.series)
        if any(np.isfinite(item.y).any() for item in chosen):
            with looks():
                drawing, axes = canvas(width)
                draw_figure(axes, figure, chosen, (), theme)
                finished(drawing, axes, known, chosen)
            yield figure.name, drawing
    for picture in sweep.drawn.pictures:
        with looks():
            drawing, axes = canvas(width)
            draw_map(axes, picture, sweep.maps[picture.name])
            finished(drawing, axes, known)
        yield picture.name, drawing


def draw_map(axes: Any, picture: Picture, cells: SweepMap) -> None:
    """Draw a heat map on its knobs' own axes, with contours and with lower bounds marked."""
    norm = LogNorm() if cells.log else None
    scales = [("log" if _log(values) else "linear") for values in (cells.x, cells.y)]
    edges = [_edges(values, scale == "log") for values, scale in zip((cells.x, cells.y), scales, strict=True)]
    shown = axes.pcolormesh(*edges, np.ma.masked_invalid(cells.values), norm=norm, cmap="viridis", rasterized=True)
    axes.set(xscale=scales[0], yscale=scales[1], title=broken(axes, picture.title), xlabel=cells.x_label, ylabel=cells.y_label)
    for axis in (axes.xaxis, axes.yaxis):
        plain_ticks(axis)
    there = cells.values[np.isfinite(cells.values)]
    if len(there) > 1 and there.max() > there.min():
        lines = axes.contour(cells.x, cells.y, cells.values, levels=_levels(there, cells.log), colors="white", linewidths=0.8)
        axes.clabel(lines, fontsize="x-small", fmt=lambda level: f"{level:.3g}")
    rows, columns = np.nonzero(cells.bound)
    if len(rows):
        axes.plot(cells.x[columns], cells.y[rows], "o", mfc="none", mec="white", ms=7, label="lower bound: the run ended before the event")
    axes.figure.colorbar(shown, cax=axes.inset_axes((1.03, 0, 0.04, 1)), label=cells.unit or None)


def _log(values: Any) -> bool:
    return bool(values.min() > 0 and values.max() >= 10 * values.min())


def _edges(values: Any, log: bool) -> Any:
    """The edges of cells around values, half way to their neighbours."""
    at = np.log(values) if log else values
    middle = (at[1:] + at[:-1]) / 2
    edges = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return np.exp(edges) if log else edges


def _levels(values: Any, log: bool) -> Any:
    low, high = values.min(), values.max()
    return np.geomspace(low, high, LEVELS + 2)[1:-1] if log else np.linspace(low, high, LEVELS + 2)[1:-1]
