"""The figure of a stop: before the answer what is given with the question and what the person draws, afterwards the run with it.

Theory, markers and every other curve of the run stay hidden until the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np

from engine.contract import Figure, Marker, Series, Snapshot, Spec
from engine.contract.tour import Answer, Number, Sketch, Stop, written
from screens.widgets.palette import Theme, groups_of
from screens.widgets.plot_view import PlotView

YOURS = "your prediction"
Drawn = tuple[Figure, list[Series], list[Marker]]


def figure_of(spec: Spec, stop: Stop) -> Figure:
    """Return the figure of a stop as it is declared."""
    return next(figure for figure in spec.figures if figure.name == stop.figure)


def before(figure: Figure, stop: Stop, snapshot: Snapshot, heights: Sequence[float]) -> Drawn:
    """Return a figure and its curves while the question stands: measured curves that are given, and a sketch over the axes.

    Its title may tell the answer, and is left out.
    """
    given = [item for item in figure.draws(snapshot.series) if item.kind == "measured" and _matches(item, stop.given)]
    question = stop.question
    if isinstance(question, Sketch):
        x = replace(figure.x, lo=question.at[0], hi=question.at[-1])
        y = replace(figure.y, lo=question.lo, hi=question.hi, log=question.log)
        figure, given = replace(figure, x=x, y=y), [*given, sketched(question, heights)]
    return replace(figure, title=figure.y.label, series=(*stop.given, YOURS), note=""), given, []


def after(figure: Figure, stop: Stop, snapshot: Snapshot, answer: Answer) -> Drawn:
    """Return a figure with what the run shows, and the prediction: a curve of its own, or a line where a number lies.

    Markers of curves that are not shown would puzzle.
    """
    shown = [item for item in figure.draws(snapshot.series) if not stop.shown or _matches(item, stop.shown)]
    hidden = {item.group for item in figure.draws(snapshot.series)} - {item.group for item in shown}
    markers = [item for item in snapshot.markers if item.group not in hidden]
    question = stop.question
    if isinstance(question, Sketch) and isinstance(answer, tuple):
        shown.append(sketched(question, answer))
        figure = replace(figure, y=replace(figure.y, log=question.log))
    elif isinstance(question, Number) and question.axis and not isinstance(answer, tuple):
        markers.append(Marker(figure.name, question.axis, float(answer), f"you: {written(answer)}", YOURS, brief=written(answer)))
    if stop.bars:
        figure, shown = _some_bars(figure, shown, stop.bars)
    return replace(figure, series=tuple(item.name for item in shown)), shown, markers


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
    """Draw a figure; colours are those of the phenomenon's own screen, and the prediction's is the next one."""
    figure, series, markers = drawn
    view.theme = replace(theme, groups=(*groups_of(snapshot), YOURS))
    view.show(figure, series, markers, cursor=cursor)


def _matches(series: Series, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(series.name, pattern) for pattern in patterns)
