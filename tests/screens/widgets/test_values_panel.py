"""The values of every figure at the cursor, and smoothing for the eye."""

from __future__ import annotations

import numpy as np

from engine.contract import Series
from screens.widgets.smoothing import Smoother, moving_mean
from screens.widgets.values_panel import Reading, readings
from tests.screens.canned import SPEC, canned


def test_a_band_is_written_where_it_has_a_width():
    assert Reading("a", 1.25, (1.25, 1.25)).words == "1.25"
    assert Reading("a", 0.0, (0.0, 0.5)).words == "0 [0, 0.5]"
    assert Reading("a", 2.0).words == "2"


def test_without_a_cursor_a_figure_is_read_at_its_last_point():
    snapshot = canned()
    for figure in SPEC.figures:
        curves = [item for item in figure.draws(snapshot.series) if len(item.x)]
        at, found = readings(figure, snapshot.series, None)
        assert len(found) == len(curves)
        if curves:
            assert at == max(item.x[-1] for item in curves)


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
