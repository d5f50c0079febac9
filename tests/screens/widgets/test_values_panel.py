"""The values of every figure at the cursor, and smoothing for the eye."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Axis, Figure, Series
from screens.widgets.smoothing import Smoother, moving_mean
from screens.widgets.values_panel import Reading, _row, readings, values_text
from tests.screens.canned import SPEC, canned


def test_a_band_is_written_where_it_has_a_width():
    assert Reading("a", 1.25, (1.25, 1.25)).words == "1.250"
    assert Reading("a", 0.0, (0.0, 0.5)).words == "0 [0, 0.5000]"
    assert Reading("a", 2.0).words == "2"


def test_without_a_cursor_a_figure_is_read_at_its_last_point():
    snapshot = canned()
    for figure in SPEC.figures:
        curves = [item for item in figure.draws(snapshot.series) if len(item.x)]
        at, found = readings(figure, snapshot.series, None)
        assert len(found) == len(curves)
        if curves:
            assert at == max(item.x[-1] for item in curves)


@pytest.mark.parametrize("width", range(24, 90, 3))
def test_every_value_stands_whole_behind_its_name_at_every_width(width):
    snapshot = canned()
    rows = values_text(SPEC.figures, snapshot, None, width).plain.splitlines()
    assert all(len(row) <= width for row in rows if row.startswith("  "))  # titles wrap
    for figure in SPEC.figures:
        for item in readings(figure, snapshot.series, None)[1]:
            if np.isfinite(item.value):
                assert any(row.split("  ")[-1].strip().startswith(item.words) or row.strip() == item.words for row in rows), item


def test_names_of_any_length_leave_their_values_whole():
    long = _row("train, half of the pairs, without weight decay", "0.0223 [0.0221, 0.0228]", 0, 30).plain.splitlines()
    assert [len(row) <= 30 for row in long] == [True] * 3 and long[-1].strip() == "0.0223 [0.0221, 0.0228]" and long[1].startswith("  ")
    assert _row("train", "0.02", 0, 30).plain == "  train" + " " * 19 + "0.02"


def test_a_moving_mean_is_the_mean_of_as_many_neighbours_on_both_sides():
    values = np.random.default_rng(0).standard_normal(40) * 10.0 ** np.linspace(12, -12, 40)
    values[7], values[20] = np.nan, np.inf
    found = moving_mean(values, 5)
    for place in range(40):
        half = min(2, place, 39 - place)
        part = values[place - half : place + half + 1]
        if np.isfinite(values[place]):
            np.testing.assert_allclose(found[place], part[np.isfinite(part)].mean(), rtol=1e-12)
        else:
            np.testing.assert_equal(found[place], values[place])


def test_theory_points_and_short_curves_stay_as_they_are():
    x = np.arange(20.0)
    measured, theory, short = (
        Series("a", "a", x, x**2), Series("b", "b", x, x, kind="theory"), Series("c", "c", x[:4], x[:4]),
    )  # fmt: skip
    smoother = Smoother()
    drawn, raw = smoother([measured, theory, short], 5)
    assert raw == [measured] and drawn[1:] == [theory, short]
    assert smoother([measured], 5)[0][0] is drawn[0]


def test_a_place_is_named_as_its_axis_with_the_unit():
    snapshot = replace(canned(), series=(Series("a", "a", np.array([41.4]), np.array([0.5])),))
    for axis, words in ((Axis("parameters", unit="thousands"), "parameters 41.4 thousands"), (Axis("psi = d/n"), "psi = d/n = 41.4")):
        figure = Figure("f", "Risk", axis, Axis("risk"), ("a",))
        assert values_text([figure], snapshot, None, 60).plain.splitlines()[0] == f"Risk  {words}"
