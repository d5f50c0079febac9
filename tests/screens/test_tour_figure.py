"""The figure of a stop of the tour: which curves, bars and markers it shows with the answer, and where a number lies on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.contract import Axis, Figure, Marker, Scalar, ScalarValue, Series
from engine.contract.tour import Joined, Number, Part, Sketch
from screens.tour_figure import LIKED, YOURS, after, coloured, figure_of
from tests.screens.canned import SPEC
from tests.screens.canned_tour import STOPS, finished


def test_markers_of_curves_that_a_stop_hides_are_hidden_too() -> None:
    stop, snapshot = STOPS[0], finished()
    figure = figure_of(SPEC, stop)
    shown, hidden = (next(item for item in snapshot.series if item.name == f"train/{which}") for which in ("true", "random"))
    assert shown.group != hidden.group
    markers = tuple(Marker(figure.name, "y", 0.5, f"limit of {item.group}", item.group) for item in (shown, hidden))
    markers += (Marker(figure.name, "y", 0.1, "chance"),)
    drawn = after(figure, replace(stop, shown=("train/true",)), replace(snapshot, markers=markers), 1)[2]
    assert [item.label for item in drawn] == [f"limit of {shown.group}", "chance"]


def test_a_stop_shows_some_bars_of_many_side_by_side() -> None:
    ticks = ((0.0, "VC"), (1.0, "Occam"), (2.0, "PAC-Bayes"))
    figure = Figure("bounds", "Bounds", Axis("bound", ticks=ticks), Axis("error", log=True), ("bounds/*",))
    bars = Series("bounds/true", "true", np.arange(3.0), np.array([3.0, 1.5, 0.5]), style="bars")
    points = Series("bounds/terms", "terms", np.array([1.1]), np.array([9.0]), style="points")
    stop = replace(STOPS[0], figure="bounds", bars=("PAC-Bayes", "VC"))
    changed, drawn, _ = after(figure, stop, replace(finished(), series=(bars, points)), 1)
    assert changed.x.ticks == ((0, "PAC-Bayes"), (1, "VC"))
    assert [item.name for item in drawn] == ["bounds/true"], "nothing stands at the others"
    assert (drawn[0].x.tolist(), drawn[0].y.tolist()) == ([0.0, 1.0], [0.5, 3.0])


def test_a_stop_shows_the_markers_that_it_names() -> None:
    stop, snapshot = STOPS[0], finished()
    figure = figure_of(SPEC, stop)
    markers = tuple(Marker(figure.name, "y", 0.5, label) for label in ("chance", "test error 0.048", "gap 0.02"))
    drawn = after(figure, replace(stop, marked={"test error*": "test", "chance": ""}), replace(snapshot, markers=markers), 1)[2]
    assert [item.label for item in drawn] == ["chance", "test"]


def test_a_number_that_is_a_multiple_of_a_scalar_lies_at_their_product() -> None:
    stop, snapshot = STOPS[1], finished()
    assert isinstance(stop.question, Number)
    scalar = ScalarValue(Scalar("linear", "test error of the linear model"), (0.25,), (False,))
    snapshot = replace(snapshot, scalars=(scalar,))
    stop = replace(stop, question=replace(stop.question, axis="y", per="linear"))
    (line,) = [item for item in after(figure_of(SPEC, stop), stop, snapshot, 3.0)[2] if item.group == YOURS]
    assert (line.axis, line.at, line.label) == ("y", 3 * scalar.value, "you: 3")
    waiting = after(figure_of(SPEC, stop), stop, replace(snapshot, scalars=()), 3.0)[2]
    assert not [item for item in waiting if item.group == YOURS], "what it is a multiple of is not known yet"


def test_a_prediction_is_in_sight_where_the_figure_s_own_range_ends_before_it() -> None:
    stop, snapshot = STOPS[2], finished()
    figure = figure_of(SPEC, stop)
    assert isinstance(stop.question, Sketch)
    short = replace(figure, x=replace(figure.x, lo=1.0, hi=100.0), y=Axis("loss", log=True, lo=0.1, hi=0.5))
    changed = after(short, stop, snapshot, (0.9, 0.4, 0.1, 0.02))[0]
    assert (changed.x.lo, changed.x.hi) == (stop.question.at[0], stop.question.at[-1]) and (changed.y.lo, changed.y.hi) == (0.02, 0.9)
    free = after(replace(figure, y=Axis("loss", log=True)), stop, snapshot, (0.9, 0.4, 0.1, 0.02))[0]
    assert (free.y.lo, free.y.hi) == (None, None), "what follows the data goes on doing so"
    number = after(replace(figure, x=replace(figure.x, lo=1.0, hi=100.0)), STOPS[1], snapshot, 300.0)[0]
    assert number.x.hi == 300


def test_a_stop_joins_curves_of_several_figures_under_labels_of_their_own() -> None:
    parts = (Part("train-accuracy", "train/*", "share right"), Part("train-loss", "loss/random", "loss"))
    stop = replace(STOPS[0], joined=Joined("Both", Axis("size", lo=0.0), parts))
    snapshot = replace(finished(), markers=(Marker("train-*", "y", 0.1, "chance"), Marker("train-loss", "y", 2.3, "ln K")))
    figure, drawn, markers = after(figure_of(SPEC, stop), stop, snapshot, 1)
    assert (figure.title, figure.y.label, figure.name) == ("Both", "size", "train-accuracy")
    assert {item.group for item in drawn} == {"share right", "loss"} == {item.label.removesuffix(", theory") for item in drawn}
    assert {item.name.partition("/")[0] for item in drawn} == {"train", "loss"}
    assert {item.label for item in markers} == {"chance", "ln K"} and {item.figure for item in markers} == {"train-accuracy"}


def test_the_prediction_has_a_colour_that_nothing_beside_it_has_and_keeps_it_if_it_can() -> None:
    groups = tuple("abcdefghijkl")
    assert coloured((), (), 8).index(YOURS) == LIKED == coloured(groups[:2], "ab", 8).index(YOURS), "before the run has curves, and after"
    assert coloured(groups, "abc", 8) == (*groups[:LIKED], YOURS, *groups[LIKED + 1 :]), "in the place of one that is not drawn"
    assert coloured(groups, "afb", 8).index(YOURS) == 2
    assert coloured(groups, "ki", 8).index(YOURS) == LIKED and coloured(groups, "kin", 8)[2] == "c" != YOURS
    assert coloured(groups, ("n", "a"), 8)[12] == "n", "one that only a marker has comes after them all"
    assert coloured(groups[:8], groups[:8], 8)[8] == YOURS, "none is free"
