"""The reduction of curves against a loop over their points."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from screens.widgets.axis_scales import LARGEST, SMALLEST, Scale
from screens.widgets.plot_reduce import ArrayCache, reduce, x_span

anything = st.floats(allow_nan=True, allow_infinity=True, width=64)


def brute(x, y, scale, columns, positive):
    """Lowest and highest drawable y of every column, and how many points were dropped, point by point."""
    found: dict[int, list[float]] = {}
    dropped = 0
    for a, b in zip(x.tolist(), y.tolist(), strict=False):
        if not -LARGEST < a < LARGEST or (scale.log and a < SMALLEST):
            dropped += 1
            continue
        column = float(scale.cells(np.array([a]), columns)[0])
        if not 0 <= column < columns:
            continue
        if not -LARGEST < b < LARGEST or (positive and b < SMALLEST):
            dropped += 1
            continue
        found.setdefault(int(column), []).append(b)
    return {column: (min(ys), max(ys)) for column, ys in found.items()}, dropped


def extremes(reduced):
    return {int(column): (reduced.low[column], reduced.high[column]) for column in np.flatnonzero(np.isfinite(reduced.low))}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_reduction_keeps_every_extreme(data):
    size = data.draw(st.integers(0, 120))
    log, positive = data.draw(st.booleans()), data.draw(st.booleans())
    scale = data.draw(st.sampled_from([Scale(0.5, 40.0, log), Scale(1.0, 1e6, log), Scale(1e-3, 3.0, log)]))
    columns = data.draw(st.integers(2, 90))
    x = data.draw(arrays(np.float64, size, elements=st.one_of(anything, st.floats(0, 50))))
    y = data.draw(arrays(np.float64, size, elements=anything))
    want, dropped = brute(x, y, scale, columns, positive)
    near = any(  # points on the very edge of a column may fall to either side in floating point
        abs((0.5 + (columns - 1) * u) % 1 - 0.5) > 0.5 - 1e-9 for u in scale.unit(x[np.isfinite(x)]).tolist() if np.isfinite(u)
    )
    reduced = reduce(x, y, scale, columns, positive)
    if not near:
        assert extremes(reduced) == want
    finite = x[np.isfinite(x)]
    if np.isfinite(x).all() and (finite >= scale.lo).all() and (finite <= scale.hi).all():
        assert reduced.dropped == dropped


def test_long_curves_equal_a_loop_over_columns():
    rng = np.random.default_rng(0)
    x = np.arange(1, 300_001.0)
    y = rng.normal(size=x.size)
    y[rng.integers(0, x.size, 50)] = np.nan
    scale = Scale(1, 300_000)
    reduced = reduce(x, y, scale, 150, positive=False)
    column = np.floor(0.5 + 149 * (x - 1) / 299_999).astype(int)
    for index in range(150):
        part = y[column == index]
        assert reduced.low[index] == np.nanmin(part)
        assert reduced.high[index] == np.nanmax(part)
    assert reduced.dropped == np.isnan(y).sum()
    assert reduced.few is None


def test_at_most_two_values_a_column_reach_the_canvas():
    y = np.random.default_rng(1).normal(size=100_000)
    reduced = reduce(np.arange(y.size, dtype=float), y, Scale(0, y.size - 1), 140, positive=False)
    assert reduced.values.shape == (4, 142)
    assert np.isfinite(reduced.low).sum() + np.isfinite(reduced.high).sum() <= 2 * 140


def test_unsorted_points_give_the_curve_of_the_sorted_ones():
    rng = np.random.default_rng(2)
    x, y = np.sort(rng.uniform(0, 10, 500)), rng.normal(size=500)
    order = rng.permutation(500)
    one, other = (reduce(a, b, Scale(0, 10), 60, positive=False) for a, b in ((x, y), (x[order], y[order])))
    np.testing.assert_array_equal(one.values, other.values)


def test_a_line_is_broken_where_points_were_dropped():
    x = np.arange(10.0)
    y = np.where(x == 5, np.inf, x)
    reduced = reduce(x, y, Scale(0, 9), 10, positive=False)
    assert not reduced.joined[1:-1][6]
    assert reduced.joined[1:-1][[1, 2, 3, 4, 7, 8, 9]].all()


def test_the_span_of_x_ignores_what_a_log_axis_cannot_show():
    assert x_span(np.array([0.0, 1.0, 100.0]), log=True) == (1.0, 100.0)
    assert x_span(np.array([0.0, 1.0, 100.0]), log=False) == (0.0, 100.0)
    assert x_span(np.array([3.0, np.nan, -1.0]), log=False) == (-1.0, 3.0)
    assert np.isnan(x_span(np.array([]), log=False)).all()


def test_the_cache_forgets_arrays_that_are_gone():
    cache = ArrayCache(size=4)
    calls = []

    def result(array):
        return cache.get((array,), ("key",), lambda: calls.append(1) or float(array.sum()))

    kept = np.ones(3)
    assert result(kept) == result(kept) == 3.0
    assert len(calls) == 1
    for value in range(20):
        assert result(np.full(2, float(value))) == 2.0 * value
    assert len(cache.entries) <= 4
