"""A scalar over two knobs as a picture: a cell per point, with the places where it crosses round levels, and lower bounds marked."""

from __future__ import annotations

import numpy as np

from engine.contract import Layer, Picture, Scalar
from engine.contract.sweep import SweepMap
from engine.sweeps.layout import Floats, Grid, is_numeric, spans_decades, title
from engine.sweeps.manifest import AxisOf

MANY = 4  # values of both knobs from which a map says more than curves
LEVELS = 4  # crossings that are drawn, about
EVEN = 0.02  # by how much the steps of an axis may differ and count as even; values are rounded to four digits


def enough_for_map(grid: Grid) -> AxisOf | None:
    """Return the second knob of a map: numeric as the first, both with many values, and nothing else varies."""
    if len(grid.others) != 1 or not (is_numeric(grid.x) and is_numeric(grid.others[0])):
        return None
    return grid.others[0] if min(len(grid.x.values), len(grid.others[0].values)) >= MANY else None


def map_of(scalar: Scalar, grid: Grid, y: AxisOf) -> SweepMap | None:
    """Return the medians of a scalar over the two knobs; None while there is none."""
    across, up = np.array(sorted(grid.x.values), dtype=float), np.array(sorted(y.values), dtype=float)
    values, bound = np.full((len(up), len(across)), np.nan), np.zeros((len(up), len(across)), dtype=bool)
    for point in grid.points:
        found = point.values.get(scalar.name)
        if found is not None:
            place = int(np.searchsorted(up, float(point.knobs[y.knob]))), int(np.searchsorted(across, float(point.knobs[grid.x.knob])))
            values[place], bound[place] = found.value, found.value_censored
    if not np.isfinite(values).any():
        return None
    return SweepMap(across, up, values, bound, grid.x.label, y.label, scalar.unit, spans_decades(values[np.isfinite(values)]))


def heat_map(scalar: Scalar, grid: Grid, y: AxisOf, cells: SweepMap) -> Picture:
    """Return the picture: on the knobs' own axes where their values are even there, else on the numbers of their values."""
    across, up, values, bound, log = cells.x, cells.y, cells.values, cells.bound, cells.log
    shown = np.log10(np.where(values > 0, values, np.nan)) if log else values
    even_log = all(len(axis) > 1 and axis.min() > 0 and _even(np.log(axis)) for axis in (across, up))
    plain = not even_log and _even(across) and _even(up)
    if not (even_log or plain):
        numbered = [np.arange(1.0, len(axis) + 1) for axis in (across, up)]
        names = [f"{label}: {', '.join(f'{value:g}' for value in axis)}" for label, axis in ((grid.x.label, across), (y.label, up))]
    else:
        numbered, names = [across, up], [grid.x.label, y.label]
    edges = [_edges(axis, even_log) for axis in numbered]
    layers = list(_crossings(shown, *numbered, log=even_log, decades=log))
    if bound.any():
        rows, columns = np.nonzero(bound)
        layers.append(Layer("rings", np.stack([numbered[0][columns], numbered[1][rows]], axis=1), "lower bound"))
    unit = f", {scalar.unit}" if scalar.unit else ""
    return Picture(
        f"map-{scalar.name}", f"{title(scalar, grid)} and {y.label}{' (log10' + unit + ')' if log else ''}", shown[::-1],
        tuple(layers), (*edges[0], *edges[1]), x=names[0], y=names[1], log=even_log,
    )  # fmt: skip


def _even(values: Floats) -> bool:
    steps = np.diff(values)
    return len(steps) > 0 and bool(steps.min() > 0) and bool(steps.max() - steps.min() <= EVEN * steps.max())


def _edges(values: Floats, log: bool) -> tuple[float, float]:
    """The outer edges of cells around values that are even, or so in the logarithm."""
    at = np.log(values) if log else values
    half = (at[-1] - at[0]) / max(1, len(at) - 1) / 2
    ends = (at[0] - half, at[-1] + half)
    return (float(np.exp(ends[0])), float(np.exp(ends[1]))) if log else (float(ends[0]), float(ends[1]))


def levels_of(values: Floats) -> Floats:
    """Round numbers within the range of values, a few of them."""
    there = values[np.isfinite(values)]
    if len(there) < 2 or there.max() <= there.min():
        return np.empty(0)
    rough = float(there.max() - there.min()) / (LEVELS + 1)
    size = 10.0 ** np.floor(np.log10(rough))
    step = size * min((1.0, 2.0, 5.0, 10.0), key=lambda factor: abs(np.log(factor * size / rough)))
    first = np.ceil(there.min() / step) * step
    levels = np.arange(first, there.max(), step)
    return np.asarray(levels[(levels > there.min()) & (levels < there.max())][: 2 * LEVELS])


def _crossings(values: Floats, x: Floats, y: Floats, *, log: bool, decades: bool) -> list[Layer]:
    """Where a level lies between neighbouring points, interpolated along the line between them."""
    across, up = (np.log(x), np.log(y)) if log else (x, y)
    layers = []
    for level in levels_of(values):
        found = [*_between(values, across, up, level), *((b, a) for a, b in _between(values.T, up, across, level))]
        if found:
            xy = np.array(found)
            label = f"{10.0**level:.3g}" if decades else f"{level:.4g}"
            layers.append(Layer("points", np.exp(xy) if log else xy, label))
    return layers


def _between(values: Floats, across: Floats, up: Floats, level: float) -> list[tuple[float, float]]:
    left, right = values[:, :-1], values[:, 1:]
    with np.errstate(invalid="ignore"):
        rows, columns = np.nonzero((left - level) * (right - level) < 0)
    share = (level - left[rows, columns]) / (right[rows, columns] - left[rows, columns])
    xs = across[columns] + share * (across[columns + 1] - across[columns])
    return list(zip(xs.tolist(), up[rows].tolist(), strict=True))
