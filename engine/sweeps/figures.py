"""What is drawn of a sweep: each scalar against a knob with a curve per value of the others, and a heat map over two knobs.

Points whose run ended before the awaited event are lower bounds: they stand apart, as open marks, and no line goes through them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.config import Config
from engine.contract import Axis, Figure, Phase, PictureSpec, Scalar, ScalarValue, Series, Snapshot, Spec
from engine.contract.sweep import SweepMap, SweepPoint
from engine.sweeps.heat_map import enough_for_map, heat_map, map_of
from engine.sweeps.layout import DECADE, Floats, Grid, spans_decades, title
from engine.sweeps.manifest import SweepManifest
from engine.sweeps.plan import FEW

MOST_CURVES = 8  # of one figure
BOUND = "lower bound"
ALONE = "points"  # the group of curves that no other knob tells apart


def drawn(
    name: str, manifest: SweepManifest, points: Sequence[SweepPoint], scalars: Sequence[Scalar], spec: Spec | None
) -> tuple[Spec, Snapshot, dict[str, SweepMap]]:
    """Return the figures of a sweep as a phenomenon would declare them, what stands in them now, and the numbers behind the pictures."""
    grid, alone = Grid.of(manifest, points), _alone(manifest.seeds)
    figures, series = [], []
    flat = unvarying(manifest, points, scalars, spec)
    scalars = [scalar for scalar in _filled(scalars, points) if scalar.name not in flat]
    for scalar in scalars:
        curves = list(_curves(scalar, grid, alone))
        series += curves
        figures.append(_figure(scalar, grid, curves))
    y = enough_for_map(grid)
    maps = {scalar.name: cells for scalar in scalars if y is not None and (cells := map_of(scalar, grid, y)) is not None}
    pictures = [heat_map(scalar, grid, y, maps[scalar.name]) for scalar in scalars if y is not None and scalar.name in maps]
    declared = Spec(
        name=manifest.phenomenon, title=f"Sweep of {spec.title if spec else manifest.phenomenon}", question="", config=Config, presets=(),
        figures=tuple(figures), claims=(), notes="", references=(),
        pictures=tuple(PictureSpec(f"map-{scalar.name}", title(scalar, grid)) for scalar in scalars if y is not None),
    )  # fmt: skip
    shown = Snapshot(
        phenomenon=manifest.phenomenon, run=name, preset=manifest.preset, config=dict(manifest.given), seeds=manifest.seeds,
        phase=Phase.FINISHED if all(point.ended for point in points) else Phase.STOPPED, sentence="",
        series=tuple(series), pictures=tuple(pictures),
        groups=tuple(label or ALONE for label, _ in grid.curves()),
    )  # fmt: skip
    return declared, shown, {f"map-{name}": cells for name, cells in maps.items()}


def _alone(seeds: Sequence[int]) -> str:
    """What the only curve of a figure is called: its title and axis say already of what it is."""
    return f"median of {len(seeds)} seeds" if len(seeds) > 1 else f"seed {seeds[0]}"


def without_values(scalars: Sequence[Scalar], points: Sequence[SweepPoint]) -> dict[str, str]:
    """Return the scalars that no point has, once all have ended, each with the reason that all give."""
    if not points or not all(point.ended for point in points):
        return {}
    said = {scalar.name: {point.values[scalar.name].reason for point in points if scalar.name in point.values} for scalar in scalars}
    return {name: reasons.pop() for name, reasons in said.items() if len(reasons) == 1 and "" not in reasons}


def _filled(scalars: Sequence[Scalar], points: Sequence[SweepPoint]) -> Sequence[Scalar]:
    """Leave out what no point has, so that it takes no room; all stay where none has anything."""
    empty = without_values(scalars, points)
    return [scalar for scalar in scalars if scalar.name not in empty] or scalars


def unvarying(
    manifest: SweepManifest, points: Sequence[SweepPoint], scalars: Sequence[Scalar], spec: Spec | None
) -> tuple[str, ...]:  # fmt: skip
    """Return the scalars that do not depend on x: each seed's number is the same at all of its values, for all values of the others.

    Of a collection that somebody chose none is among them, nor while points compute, nor where it would leave no figure.
    """
    usual = [scalar.name for scalar in spec.scalars[:FEW]] if spec is not None else []
    if [item.name for item in manifest.collect] != usual or not all(point.ended for point in points):
        return ()
    grid, names = Grid.of(manifest, points), [scalar.name for scalar in _filled(scalars, points)]
    found = tuple(name for name in names if _is_flat(name, grid))
    return found if len(found) < len(names) else ()


def _is_flat(name: str, grid: Grid) -> bool:
    several = False
    for _, along in grid.curves():
        values = [point.values[name] for point in along.values() if name in point.values and not point.values[name].reason]
        several = several or len(values) > 1
        answers = {repr((value.seeds, value.censored)) for value in values}  # written, since a seed without a number equals nothing
        if len(answers) > 1 or len(values) < len(along):
            return False
    return several


def _figure(scalar: Scalar, grid: Grid, curves: Sequence[Series]) -> Figure:
    values = np.concatenate([item.y[np.isfinite(item.y)] for item in curves]) if curves else np.empty(0)
    positive = not len(values) or bool(values.min() > 0)
    log = positive and (scalar.log or spans_decades(values, DECADE**2))
    notes = [f"open mark: {BOUND}, the run ended before the event"] if any(item.style == "points" for item in curves) else []
    left_out = _left_out(grid)
    notes += [f"{MOST_CURVES} of {left_out} curves are drawn"] if left_out else []
    reason = _reason(scalar, grid)
    return Figure(
        scalar.name, title(scalar, grid), grid.axis, Axis(scalar.label, log=log, unit=scalar.unit),
        (f"{scalar.name}/*", f"{scalar.name}>/*"), note="; ".join(notes), empty=reason or "fills as points end",
    )  # fmt: skip


def _reason(scalar: Scalar, grid: Grid) -> str:
    """Why no point has the scalar, where all that ended say the same."""
    said = {point.values[scalar.name].reason for point in grid.points if point.ended and scalar.name in point.values}
    return said.pop() if len(said) == 1 else ""


def _left_out(grid: Grid) -> int:
    count = 1
    for axis in grid.others:
        count *= len(axis.values)
    return count if count > MOST_CURVES else 0


def _curves(scalar: Scalar, grid: Grid, alone: str) -> Iterator[Series]:
    found = list(grid.curves())
    if len(found) > MOST_CURVES:
        found = [found[place] for place in np.unique(np.linspace(0, len(found) - 1, MOST_CURVES).round().astype(int)).tolist()]
    x = grid.places
    for label, points in found:
        values = [points[place].values.get(scalar.name) if place in points else None for place in x.tolist()]
        yield from _curve(scalar, label, alone, x, values)


def _curve(scalar: Scalar, combination: str, alone: str, x: Floats, values: Sequence[ScalarValue | None]) -> Iterator[Series]:
    label, group = combination or alone, combination or ALONE
    middle, lo, hi = (np.array([getattr(value, name) if value else np.nan for value in values]) for name in ("value", "lo", "hi"))
    bound = np.array([bool(value and value.value_censored) for value in values])
    replicates = max((len(value.seeds) for value in values if value), default=1)
    band: dict[str, Any] = {}
    if replicates > 1:
        band = {"lo": np.where(bound, np.nan, lo), "hi": np.where(bound, np.nan, hi), "band": f"median, range of {replicates} seeds"}
    if np.isfinite(middle).any():  # also where all are bounds: their marks are open because there is a curve
        yield Series(f"{scalar.name}/{label}", label, x, np.where(bound, np.nan, middle), group=group, **band)
    if bound.any():
        yield Series(f"{scalar.name}>/{label}", f"{label}: {BOUND}", x[bound], middle[bound], group=group, style="points")
