"""The linked cursor: one x value that every figure with the same x axis shows, moved from point to point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from engine.contract import Figure, Layer, Series
from screens.widgets.axis_scales import Scale, place, reading
from screens.widgets.plot_legend import place_on, value_at

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cursor:
    """A place on the x axes of one label."""

    axis: str
    at: float

    def on(self, axis: str) -> float | None:
        """Return the place on an axis, None on another one."""
        return self.at if axis == self.axis else None


def stops(series: Sequence[Series]) -> Floats:
    """Return every x at which a series has a finite point, sorted. Shape (k,)."""
    parts = [item.x[np.isfinite(item.x) & np.isfinite(item.y)] for item in series]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0)


def frame_stops(layers: Sequence[Layer]) -> Floats:
    """Return every position for which a layer has a frame, sorted. Shape (k,)."""
    parts = [layer.at for layer in layers if layer.at is not None]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0)


def moved(points: Floats, at: float | None, count: int) -> float | None:
    """Return the point `count` points on (negative: back), at most the last; an end where there is no cursor; None without points."""
    if len(points) == 0:
        return None
    if at is None:
        return float(points[-1] if count < 0 else points[0])
    place = (
        int(np.searchsorted(points, at, side="right")) - 1 + count if count > 0 else int(np.searchsorted(points, at, side="left")) + count
    )
    return float(points[min(max(place, 0), len(points) - 1)])


def end(points: Floats, direction: int) -> float | None:
    """Return the first (direction -1) or the last point; None without points."""
    return float(points[-1 if direction > 0 else 0]) if len(points) else None


def nearest(points: Floats, at: float, log: bool) -> float | None:
    """Return the point nearest to a place on a linear or logarithmic axis; None without points."""
    if len(points) == 0:
        return None
    scale = Scale(1.0, 10.0, log and at > 0)
    with np.errstate(invalid="ignore"):
        distance = np.abs(scale.unit(points) - scale.unit(np.array([at])))
    return float(points[int(np.nanargmin(distance))]) if np.isfinite(distance).any() else float(points[0])


def readout(figure: Figure, series: Sequence[Series], at: float, axis: Scale) -> Text:
    """Return what the curves of a figure say at the cursor: `step 120: true labels = 0.98; random labels = 0.41`.

    Where a label is an equation itself, a colon follows it: `2/eta = 10: 1.35`.

    A curve that has no point there says from where the value is: `median = 0.957 at 0.75`.
    axis: the x axis as it is drawn; it decides which point is the nearest.
    """
    text = Text.assemble((f"{place_on(figure.x, at)}: ", "bold"))
    values = [(item, value) for item in series if math.isfinite(value := value_at(item, at, axis))]
    words = [f"{item.label}{':' if '=' in item.label else ' ='} {reading(value)}{elsewhere(item, at, axis)}" for item, value in values]
    text.append("; ".join(words) or "no curve here")
    if values and figure.y.unit:
        text.append(f" {figure.y.unit}")
    return text


def elsewhere(series: Series, at: float, axis: Scale) -> str:
    """Where the point is whose value a measured curve has at the cursor; nothing where it is at the cursor itself."""
    if series.kind != "measured":
        return ""
    there = place(value_at(replace(series, y=np.asarray(series.x, dtype=np.float64), lo=None, hi=None, band=""), at, axis))
    return "" if there in (place(at), "-") else f" at {there}"
