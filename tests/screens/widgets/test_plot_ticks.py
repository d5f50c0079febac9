"""Ticks: never overlapping, at round numbers, with labels that say where they are."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.contract import Axis
from screens.widgets.axis_scales import Scale, ViewWindow, even_scale, fit_scale, nice_step, reading
from screens.widgets.plot_ticks import ALIKE, x_ticks, y_ticks

values = st.floats(-1e12, 1e12, allow_nan=False)


@st.composite
def scales(draw):
    log = draw(st.booleans())
    if log:
        low = 10 ** draw(st.floats(-20, 18))
        return Scale(low, low * 10 ** draw(st.floats(0.02, 30)), True)
    low, width = draw(values), 10 ** draw(st.floats(-6, 12))
    assume(low + width > low and width > 1e-9 * max(abs(low), abs(low + width)))
    return Scale(low, low + width)


@settings(max_examples=400, deadline=None)
@given(scales(), st.integers(0, 200))
def test_labels_of_x_never_overlap(scale, width):
    ticks = x_ticks(scale, width)
    row = [" "] * (width + 40)
    end = -100
    for tick in ticks:
        assert 0 <= tick.at < width
        assert tick.start + len(tick.label) <= width
        assert tick.start >= end + 2
        end = tick.start + len(tick.label)
        assert all(cell == " " for cell in row[tick.start + 20 : end + 20])
        row[tick.start + 20 : end + 20] = tick.label


@settings(max_examples=400, deadline=None)
@given(scales(), st.integers(1, 60), st.integers(4, 12))
def test_labels_of_y_have_a_row_each(scale, height, longest):
    ticks = y_ticks(scale, height, longest)
    assert len({tick.at for tick in ticks}) == len(ticks) == len({tick.label for tick in ticks})
    assert all(0 <= tick.at < height and len(tick.label) <= longest for tick in ticks)
    if height >= 4:
        assert all(abs(a.at - b.at) >= 2 for a, b in pairwise(ticks))


@settings(max_examples=300, deadline=None)
@given(scales(), st.integers(20, 150))
def test_a_label_says_where_its_tick_is(scale, width):
    for tick in x_ticks(scale, width):
        assert abs(float(scale.cells(np.array([float(tick.label)]), width)[0]) - tick.at) <= 1


@pytest.mark.parametrize(
    ("scale", "width", "labels"),
    [
        (Scale(0, 1), 40, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Scale(0, 1000), 34, ["0", "200", "400", "600", "800", "1000"]),
        (Scale(1, 1000, True), 30, ["1", "10", "100", "1e3"]),
        (Scale(1e-6, 1, True), 40, ["1e-6", "1e-5", "1e-4", "1e-3", "0.01", "0.1", "1"]),
        (Scale(1, 1e59, True), 40, ["1", "1e10", "1e20", "1e30", "1e40", "1e50"]),
        (Scale(0.2, 0.9, True), 30, ["0.2", "0.4", "0.6", "0.8"]),
        (Scale(0.2, 0.9, True), 12, ["0.2", "0.8"]),
    ],
)
def test_ticks_are_round(scale, width, labels):
    assert [tick.label for tick in x_ticks(scale, width)] == labels


def test_decades_are_exact():
    for tick in x_ticks(Scale(1e-3, 1e6, True), 100):
        assert math.log10(float(tick.label)) == pytest.approx(round(math.log10(float(tick.label))), abs=1e-12)


def test_named_positions_are_whole_or_numbers():
    names = tuple((float(index), word) for index, word in enumerate(("Rademacher", "VC", "PAC-Bayes")))
    for width in range(1, 60):
        ticks = x_ticks(Scale(-0.6, 2.6), width, names)
        assert all(a.start + len(a.label) < b.start + 1 for a, b in pairwise(ticks))
        assert all(tick.start >= 0 and tick.start + len(tick.label) <= width for tick in ticks)
        labels = {tick.label for tick in ticks}
        assert labels <= {"1", "2", "3"} or labels == {"Rademacher", "VC", "PAC-Bayes"}
    assert [tick.label for tick in x_ticks(Scale(-0.6, 2.6), 12, names)] == ["1", "2", "3"]
    assert [tick.label for tick in x_ticks(Scale(-0.6, 2.6), 59, names)] == ["Rademacher", "VC", "PAC-Bayes"]


@settings(max_examples=300, deadline=None)
@given(st.floats(allow_nan=True), st.floats(allow_nan=True), st.booleans(), st.floats(allow_nan=True) | st.none())
def test_every_scale_can_be_drawn(low, high, log, end):
    low, high = (high, low) if low > high else (low, high)
    scale = fit_scale(Axis("x", lo=end), log, low, high)
    assert scale.lo < scale.hi
    assert math.isfinite(scale.hi - scale.lo)
    assert not log or scale.lo > 0
    unit = scale.unit(np.array([scale.lo, scale.hi]))
    assert np.allclose(unit, [0, 1], atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(1.5, 1e6), st.booleans())
def test_a_fitted_scale_holds_the_data_with_little_to_spare(low, factor, log):
    high = low * factor
    scale = fit_scale(Axis("x"), log, low, high)
    assert scale.lo <= low * (1 + 1e-8)
    assert scale.hi >= high * (1 - 1e-8)
    shares = scale.unit(np.array([low, high]))
    assert shares[1] - shares[0] > (0.25 if log else 0.6)


def test_a_growing_curve_rarely_moves_the_axis():
    ends = {fit_scale(Axis("step", log=True), True, 1, last).hi for last in range(10, 10_001)}
    assert len(ends) <= 12


def test_a_window_zooms_around_the_cursor_and_pans():
    x, y = Scale(0, 10), Scale(1, 100, True)
    near = ViewWindow().zoomed_x(x, 2, about=5)
    assert (near.x0, near.x1) == pytest.approx((2.5, 7.5))
    assert (near.y0, near.y1) == (None, None)
    tall = near.zoomed_y(y, 2)
    assert tall.y0 * tall.y1 == pytest.approx(100)
    assert (tall.x0, tall.x1) == (near.x0, near.x1)
    left = ViewWindow().zoomed_x(x, 2, about=2)
    assert (left.x0, left.x1) == pytest.approx((1, 6))
    moved = ViewWindow().panned(x, y, right=0.5)
    assert (moved.x0, moved.x1, moved.y0, moved.y1) == (5, 15, None, None)
    up = ViewWindow().panned(x, y, up=0.5)
    assert (up.x0, up.y0, up.y1) == (None, pytest.approx(10), pytest.approx(1000))


def test_zooming_stops_before_numbers_run_out():
    view, x, y = ViewWindow(), Scale(0.0, 1.0), Scale(1.0, 2.0)
    for _ in range(200):
        view = view.zoomed_x(x, 10).zoomed_y(y, 10)
        x, y = (fit_scale(Axis(""), False, 0, 1, ends) for ends in ((view.x0, view.x1), (view.y0, view.y1)))
        assert x.lo < x.hi and y.lo < y.hi
    for _ in range(2000):
        view = view.zoomed_x(x, 0.1).zoomed_y(y, 0.1)
        x, y = (fit_scale(Axis(""), False, 0, 1, ends) for ends in ((view.x0, view.x1), (view.y0, view.y1)))
        assert x.lo < x.hi and math.isfinite(x.hi - x.lo)


@pytest.mark.parametrize(("step", "nice"), [(0.13, 0.2), (1, 1), (1.01, 2), (3, 5), (51, 100), (7e-5, 1e-4)])
def test_nice_steps(step, nice):
    assert nice_step(step) == pytest.approx(nice)


@pytest.mark.parametrize(("value", "text"), [(0.98765, "0.988"), (1234567, "1.23e6"), (1e-7, "1e-7"), (0, "0"), (float("nan"), "-")])
def test_readings(value, text):
    assert reading(value) == text


FREE = [(True, True), (False, True), (True, False), (False, False)]


@settings(max_examples=300, deadline=None)
@given(
    st.floats(-1e3, 1e3), st.floats(0.01, 1e4), st.integers(7, 40), st.sampled_from(FREE), st.sampled_from([1, 4]), st.booleans()
)  # fmt: skip
def test_y_axes_are_widened_a_little_so_that_ticks_stand_in_the_middle_of_rows_at_equal_distances(low, width, rows, free, dots, log):
    given_scale = (
        Scale(10 ** (low / 100), 10 ** ((low + width / 100) / 100), True) if log else fit_scale(Axis("y"), False, low, low + width)
    )
    even = even_scale(given_scale, rows, free, dots)
    (lo, hi), (low, high) = (np.log10([s.lo, s.hi]) if log else (s.lo, s.hi) for s in (given_scale, even))
    row = (high - low) / (rows - 1 / dots)
    assert low <= lo + 1e-6 * row and high >= hi - 1e-6 * row
    assert high - low <= 1.5 * (hi - lo) * (1 + 1e-9)
    assert free[0] or lo - low <= max(3, rows / 10) * 1.001 * row
    assert free[1] or high - hi <= max(3, rows / 10) * 1.001 * row
    if even != given_scale and not log:
        ticks = y_ticks(even, rows, 14, dots)
        assert len({above.at - below.at for above, below in pairwise(ticks)}) == 1
    if even != given_scale:
        whole = 1.0 if log else 0.0  # what stands in the middle of a row: a decade, or 0, were it in sight
        at = float((np.log10(whole) if log else whole) - low) / (high - low) * (rows * dots - 1)
        assert abs(at - round(at)) < 1e-3 * max(1, abs(at)) and round(at) % dots == dots // 2


def test_axes_of_common_ranges_have_three_ticks_or_more_at_equal_distances():
    for low, high in ((0.0, 1.0), (-20.0, 5.0), (0.01, 0.035), (0.0, 0.34), (-1.0, 1.0), (0.8, 1.0)):
        for rows in range(9, 34):
            ticks = y_ticks(even_scale(fit_scale(Axis("y"), False, low, high), rows, (True, True)), rows, 6)
            assert len(ticks) >= 3 and len({a.at - b.at for a, b in pairwise(ticks)}) == 1, (low, high, rows)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.6), (1.0, 2.5), (0.6, 1.8), (-1.0, 1.0)])
@pytest.mark.parametrize("dots", [1, 4])
def test_a_declared_range_has_ticks_at_equal_distances(low, high, dots):
    for rows in range(9, 41):
        ticks = y_ticks(even_scale(Scale(low, high), rows, (False, False), dots), rows, 6, dots)
        assert len(ticks) >= 3 and len({a.at - b.at for a, b in pairwise(ticks)}) == 1, rows
        assert (low, high) != (0, 1) or all(0 <= float(tick.label) <= 1 for tick in ticks), rows  # no share beyond 1


@pytest.mark.parametrize("decades", [(-3, 2), (-4, 1), (-1, 4), (-16, 0), (-27, 1), (-2, 3), (0, 2)])
def test_decades_of_a_declared_range_stand_at_distances_that_look_equal(decades):
    for rows in range(9, 41):
        ticks = y_ticks(even_scale(Scale(10.0 ** decades[0], 10.0 ** decades[1], True), rows, (False, False), 4), rows, 6, 4)
        apart = [a.at - b.at for a, b in pairwise(ticks)]
        assert max(apart) == min(apart) or max(apart) <= min(apart) + 1 > ALIKE, (rows, ticks)


def test_decades_stand_at_equal_distances_where_there_is_room():
    even = even_scale(Scale(0.05, 3e6, True), 12, (True, True), 4)
    ticks = y_ticks(even, 12, 5, 4)
    assert len(ticks) >= 3 and len({a.at - b.at for a, b in pairwise(ticks)}) == 1
    assert even_scale(Scale(1, 900, True), 5, (True, True)) == Scale(1, 900, True)  # too few rows
    assert even_scale(Scale(1e-5, 1e299, True), 34, (True, True), 1).hi <= 1e300  # as far as numbers go


def test_numbers_of_named_places_are_left_out_and_never_cut():
    names, scale = tuple((float(place), f"a long name {place}") for place in range(1, 17)), Scale(0.4, 16.6)
    for width in range(10, 70):
        ticks = x_ticks(scale, width, names, 2)
        for tick in ticks:
            assert tick.label in {str(place) for place in range(1, 17) if scale.cell(float(place), width, 2) == tick.at}, width
        assert all(b.start > a.start + len(a.label) for a, b in pairwise(ticks)), width
    assert [tick.label for tick in x_ticks(scale, 69, names, 2)] == [str(place) for place in range(1, 17)]


@pytest.mark.parametrize("rows", range(9, 41))
@pytest.mark.parametrize("half", [1.0, 2.0, 0.35, 50.0])
def test_an_axis_that_is_even_about_0_stays_so(rows, half):
    for free in ((True, True), (False, False)):
        even = even_scale(Scale(-half, half), rows, free, 4)
        assert abs(even.lo + even.hi) <= (even.hi - even.lo) / rows * 1.3
