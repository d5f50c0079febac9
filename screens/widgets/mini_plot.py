"""A figure in a few cells, without axes and words: what cards and lists show of a run beside its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.text import Text

from engine.contract import Figure, Series, Snapshot, Spec
from screens.listed_run import MainFigure
from screens.widgets.axis_scales import Scale, fit_scale
from screens.widgets.palette import Theme, groups_of
from screens.widgets.plot_canvas import Canvas
from screens.widgets.plot_curves import EIGHTHS, curves_of, draw_bars
from screens.widgets.plot_raster import dashes, scatter, squares, trace
from screens.widgets.plot_reduce import Floats, Reduced, drawable, floats, reduce, x_span
from screens.widgets.text_grid import TextGrid

ASCII_HEIGHTS = " _.-=^"
HEIGHTS = EIGHTHS[:-1]  # a full block would touch the row above
FEW = 2  # points that make a curve


def main_figure(spec: Spec, snapshot: Snapshot) -> MainFigure | None:
    """Return the first of a phenomenon's figures in which a run has something measured, else the first in which it has anything."""
    fallback = None
    for figure in spec.figures:
        drawn = tuple(item for item in figure.draws(snapshot.series) if _has_curve(figure, item))
        if not drawn:
            continue
        found = MainFigure(figure, drawn, groups_of(snapshot), spec.asked(snapshot.config))
        if any(item.kind == "measured" for item in drawn):
            return found
        fallback = fallback or found
    return fallback


def _has_curve(figure: Figure, item: Series) -> bool:
    x, y = floats(item.x), floats(item.y)
    good = drawable(x[: y.size], figure.x.log) & drawable(y[: x.size], figure.y.log)
    return int(good.sum()) >= FEW


def _scales(mini: MainFigure, columns: int) -> tuple[Scale, Scale, list[Reduced]]:
    figure, series = mini.figure, mini.series
    spans = [value for item in series for value in x_span(item.x, figure.x.log)]
    bars = any(item.style == "bars" for item in series)
    low, high = _range(spans)
    axis = replace(figure.x, lo=low - 0.6, hi=high + 0.6) if bars else replace(figure.x, lo=low, hi=high)
    x = fit_scale(axis, figure.x.log and not bars, low, high)
    reduced = [reduce(item.x, item.y, x, columns, figure.y.log) for item in series]
    values = [value for item in reduced for value in item.span] + ([0.0] if bars and not figure.y.log else [])
    return x, fit_scale(figure.y, figure.y.log, *_range(values)), reduced


def _range(values: Sequence[float]) -> tuple[float, float]:
    there = [value for value in values if np.isfinite(value)]
    return (min(there), max(there)) if there else (float("nan"), float("nan"))


def mini_plot(mini: MainFigure, width: int, height: int, theme: Theme) -> list[Text]:
    """Draw curves as dots in so many cells; those from theory faintly below the measured ones."""
    grid = TextGrid(width, height)
    if width < 2 or height < 1:
        return grid.text()
    theme = replace(theme, groups=mini.groups)
    canvas = Canvas(height, width, theme.ascii)
    rows, columns = canvas.fine
    x, y, reduced = _scales(mini, columns)
    curves = curves_of(mini.series, theme)
    draw_bars(canvas, curves, reduced, x, y)
    for kind in ("theory", "measured"):
        chosen = [(curve, points) for curve, points in zip(curves, reduced, strict=True) if curve.series.kind == kind]
        chosen = [pair for pair in chosen if pair[0].series.style != "bars"]
        if not chosen:
            continue
        lines = trace([points for _, points in chosen], y, rows)
        masks = lines.masks(rows)
        for place, (curve, points) in enumerate(chosen):
            if curve.series.style == "points" and not theme.ascii:
                masks[place] = squares(points, x, y, canvas.fine)  # a dot alone is hardly seen
            elif curve.series.style == "points":
                masks[place] = False
                masks[place][scatter(points, x, y, canvas.fine)] = True
            elif kind == "theory" and not theme.ascii:
                masks[place] = dashes(masks[place], lines.top[place], lines.bottom[place], 1, 2)
        canvas.share(masks, [curve.faint if kind == "theory" else curve.ink for curve, _ in chosen], [curve.glyph for curve, _ in chosen])
    canvas.onto(grid, 0, 0)
    return grid.text()


def sparkline(mini: MainFigure, width: int, theme: Theme) -> str:
    """Draw the first measured curve in one row: each cell as high as the last value in it."""
    measured = [item for item in mini.series if item.kind == "measured"]
    item = (measured or list(mini.series))[0]
    alone = replace(mini, series=(item,))
    _, y, (points,) = _scales(alone, width)
    heights = ASCII_HEIGHTS if theme.ascii else HEIGHTS
    share = y.unit(_filled(points.values[3, 1:-1]))
    steps = np.where(np.isfinite(share), 1 + np.round(np.clip(share, 0, 1) * (len(heights) - 2)), 0)
    return "".join(heights[int(step)] for step in steps)


def _filled(values: Floats) -> Floats:
    """Carry values on to the columns between points, so that a curve of few points has no holes."""
    there = np.isfinite(values)
    last = np.maximum.accumulate(np.where(there, np.arange(values.size), -1))
    end = int(np.flatnonzero(there)[-1]) if there.any() else -1
    carried = np.where(last >= 0, values[np.maximum(last, 0)], np.nan)
    return np.asarray(np.where(np.arange(values.size) <= end, carried, np.nan))
