"""The linked cursor: where it stops and what is read off there."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Axis, Figure, Series
from screens import linked_cursor
from screens.widgets.axis_scales import Scale
from screens.widgets.plot_legend import value_at

AXIS = Scale(1, 10)


def curve(x: list[float], y: list[float], label: str = "a") -> Series:
    return Series(label, label, np.array(x, dtype=float), np.array(y, dtype=float))


def test_stops_are_the_finite_points_of_all_curves() -> None:
    found = linked_cursor.stops([curve([1, 2, math.nan], [1, math.nan, 1]), curve([4, 1], [0, 0])])
    assert found.tolist() == [1, 4]
    assert linked_cursor.stops([]).size == 0


def test_the_cursor_visits_every_stop_and_stays_at_the_ends() -> None:
    points = np.array([1.0, 2.0, 5.0, 9.0])
    at, seen = None, []
    for _ in range(5):
        at = linked_cursor.moved(points, at, 1)
        seen.append(at)
    assert seen == [1, 2, 5, 9, 9]
    assert linked_cursor.moved(points, None, -1) == 9
    assert linked_cursor.moved(points, 3.3, -1) == 2
    assert linked_cursor.moved(points, 3.3, 1) == 5
    assert linked_cursor.moved(np.empty(0), None, 1) is None


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=30), st.integers(-(10**6), 10**6))
def test_the_value_at_the_cursor_is_that_of_the_nearest_point(x: list[int], at: int) -> None:
    x = sorted(set(x))
    value = value_at(curve(x, list(range(len(x)))), at, Scale(-1e6, 1e6))
    if not x[0] <= at <= x[-1]:
        assert math.isnan(value)
    else:
        assert abs(x[int(value)] - at) == min(abs(item - at) for item in x)


def test_nearness_is_that_of_the_axis_as_it_is_drawn() -> None:
    figure, curves = Figure("f", "f", Axis("step", log=True), Axis("loss"), ("*",)), [curve([100, 300], [1, 3], "train")]
    assert linked_cursor.readout(figure, curves, 190, Scale(1, 1e3, log=True)).plain == "step 190: train = 3 at 300"
    assert linked_cursor.readout(figure, curves, 190, Scale(1, 1e3)).plain == "step 190: train = 1 at 100"


def test_readout_names_axis_curves_and_unit() -> None:
    figure = Figure("f", "f", Axis("step"), Axis("loss", unit="nats"), ("*",))
    text = linked_cursor.readout(figure, [curve([1, 10], [0.5, 0.25], "train"), curve([1, 4], [1, 2], "test")], 10, AXIS)
    assert text.plain == "step 10: train = 0.250 nats"
    parameters, ratio = (Figure("f", "f", axis, Axis("loss"), ("*",)) for axis in (Axis("parameters", unit="thousands"), Axis("psi = d/n")))
    assert linked_cursor.readout(parameters, [curve([41.4], [1], "a")], 41.4, AXIS).plain == "parameters 41.4 thousands: a = 1"
    assert linked_cursor.readout(ratio, [curve([5], [1], "a")], 5, AXIS).plain == "psi = d/n = 5: a = 1"
    assert "no curve here" in linked_cursor.readout(figure, [], 3, AXIS).plain
