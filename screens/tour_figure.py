"""The figure of a stop: before the answer what is given with the question and what the person draws, afterwards the run with it.

Theory, markers and every other curve of the run stay hidden until the answer.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np

from engine.contract import Axis, Figure, Marker, Series, Snapshot, Spec
from engine.contract.tour import Answer, Number, Sketch, Stop, written
from screens.widgets.palette import Theme, group_name, groups_of
from screens.widgets.plot_view import PlotView

YOURS = "your prediction"
LIKED = 5  # the place among the colours that the prediction has before and after the answer, unless a curve beside it has it
Drawn = tuple[Figure, list[Series], list[Marker]]


def figure_of(spec: Spec, stop: Stop) -> Figure:
    """Return the figure of a stop as it is declared; one that it joins of several has their x axis."""
    figure = next(figure for figure in spec.figures if figure.name == stop.figure)
    if stop.joined is None:
        return figure
    parts = tuple(part.series for part in stop.joined.parts)
    return replace(figure, title=stop.joined.title, y=stop.joined.y, series=parts, note="")


def before(figure: Figure, stop: Stop, snapshot: Snapshot, heights: Sequence[float]) -> Drawn:
    """Return a figure and its curves while the question stands: measured curves that are given, and a sketch over the axes.

    Its title may tell the answer, and is left out.
    """
    given = [item for item in figure.draws(snapshot.series) if item.kind == "measured" and _matches(item, stop.given)]
    question = stop.question
    if isinstance(question, Sketch):
        x = replace(figure.x, lo=question.at[0], hi=question.at[-1])
        y = replace(figure.y, label=question.what or figure.y.label, lo=question.lo, hi=question.hi, log=question.log)
        figure, given = replace(figure, x=x, y=y), [*given, sketched(question, heights)]
    return replace(figure, title=figure.y.label, series=(*stop.given, YOURS), note=""), given, []


def after(figure: Figure, stop: Stop, snapshot: Snapshot, answer: Answer) -> Drawn:
    """Return a figure with what the run shows, and the prediction: a curve of its own, or a line where a number lies.

    Markers of curves that are not shown would puzzle. Which stops show only some of them goes by their labels.
    """
    snapshot = _joined(snapshot, stop)
    shown = [item for item in figure.draws(snapshot.series) if not stop.shown or _matches(item, stop.shown)]
    hidden = {item.group for item in figure.draws(snapshot.series)} - {item.group for item in shown}
    markers = [named for item in snapshot.markers if item.group not in hidden for named in _named(item, stop.marked)]
    question = stop.question
    if isinstance(question, Sketch) and isinstance(answer, tuple):
        shown.append(sketched(question, answer))
        figure = replace(figure, x=_reaching(figure.x, question.at), y=_reaching(replace(figure.y, log=question.log), answer))
    elif isinstance(question, Number) and question.axis and not isinstance(answer, tuple):
        lines = _line(figure, question, answer, snapshot)
        markers += lines
        at = [line.at for line in lines]
        figure = replace(figure, x=_reaching(figure.x, at)) if question.axis == "x" else replace(figure, y=_reaching(figure.y, at))
    if stop.bars:
        figure, shown = _some_bars(figure, shown, stop.bars)
    return replace(figure, series=tuple(item.name for item in shown)), shown, markers


def _reaching(axis: Axis, values: Iterable[float]) -> Axis:
    """Return an axis on which a prediction is in sight: one whose range is fixed reaches as far as it does."""
    there = [value for value in values if value > 0 or not axis.log]
    lo = axis.lo if axis.lo is None else min((axis.lo, *there))
    hi = axis.hi if axis.hi is None else max((axis.hi, *there))
    return replace(axis, lo=lo, hi=hi)


def _line(figure: Figure, question: Number, answer: float, snapshot: Snapshot) -> list[Marker]:
    """Return the line of a number on its axis; none while the run has not what it is a multiple of."""
    unit = next((item.value for item in snapshot.scalars if item.scalar.name == question.per and not item.reason), math.nan)
    at = answer * (unit if question.per else 1.0)
    return [Marker(figure.name, question.axis or "y", at, f"you: {written(answer)}", YOURS, brief="you")] if math.isfinite(at) else []


def _joined(snapshot: Snapshot, stop: Stop) -> Snapshot:
    """Return a snapshot in which the curves and markers that a stop joins are those of its figure, each part a group under its label."""
    if stop.joined is None:
        return snapshot
    series, markers = [], []
    for part in stop.joined.parts:
        lent = [item for item in snapshot.series if fnmatchcase(item.name, part.series)]
        series += [replace(item, group=part.label, label=part.label + (", theory" if item.kind == "theory" else "")) for item in lent]
        markers += [replace(item, figure=stop.figure) for item in snapshot.markers if fnmatchcase(part.figure, item.figure)]
    return replace(snapshot, series=tuple(series), markers=tuple(markers))


def _some_bars(figure: Figure, series: Sequence[Series], names: Sequence[str]) -> tuple[Figure, list[Series]]:
    """Return a figure of some of its bars, side by side, and what stands at them."""
    places = {name: at for at, name in figure.x.ticks}
    kept = []
    for item in series:
        parts = [(place, np.abs(item.x - places[name]) < 0.5) for place, name in enumerate(names)]
        there = np.concatenate([np.flatnonzero(near) for _, near in parts])
        x = np.concatenate([item.x[near] - places[names[place]] + place for place, near in parts])
        lo, hi = (None if edge is None else edge[there] for edge in (item.lo, item.hi))
        if there.size:
            kept.append(replace(item, x=x, y=item.y[there], lo=lo, hi=hi))
    return replace(figure, x=replace(figure.x, lo=-0.6, hi=len(names) - 0.4, ticks=tuple(enumerate(names)))), kept


def sketched(question: Sketch, heights: Sequence[float]) -> Series:
    """Return the curve that a person drew."""
    return Series(YOURS, YOURS, np.asarray(question.at, dtype=float), np.asarray(heights, dtype=float), group=YOURS)


def anything(figure: Figure, stop: Stop, snapshot: Snapshot) -> bool:
    """Whether there is something to see with the question."""
    return isinstance(stop.question, Sketch) or bool(before(figure, stop, snapshot, ())[1])


def show(view: PlotView, theme: Theme, snapshot: Snapshot, drawn: Drawn, cursor: float | None) -> None:
    """Draw a figure; colours are those of the phenomenon's own screen, and the prediction has one that nothing beside it has."""
    figure, series, markers = drawn
    others = dict.fromkeys(name for name in (*map(group_name, series), *(marker.group for marker in markers)) if name and name != YOURS)
    view.theme = replace(theme, groups=coloured(groups_of(snapshot), tuple(others), len(theme.shades.full)))
    view.show(figure, series, markers, cursor=cursor)


def coloured(groups: Sequence[str], drawn: Collection[str], colours: int) -> tuple[str, ...]:
    """Return groups in the order that decides colours, the prediction at a place whose colour none of those that are drawn has.

    It takes the place of a group that is not drawn, or one beyond them all.
    """
    order = list(dict.fromkeys((*groups, *drawn)))
    taken = {place % colours for place, name in enumerate(order) if name in drawn}
    mine = next((place for place in (LIKED, *range(colours)) if place not in taken), len(order))
    order += [f"nobody's {place}" for place in range(len(order), mine + 1)]
    order[mine] = YOURS
    return tuple(order)


def _matches(series: Series, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(series.name, pattern) for pattern in patterns)


def _named(marker: Marker, marked: Mapping[str, str]) -> list[Marker]:
    """Return a marker under the label that a stop gives it, if the stop shows it."""
    labels = [label or marker.label for pattern, label in marked.items() if fnmatchcase(marker.label, pattern)]
    return [replace(marker, label=labels[0])] if labels else [] if marked else [marker]
