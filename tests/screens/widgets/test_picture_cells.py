"""Values brought to cells, against loops over blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from screens.widgets.picture_cells import NOTHING, class_levels, fitted, levels, numbers, outlines, resample, value_range

shapes = array_shapes(min_dims=2, max_dims=2, max_side=12)


def blocks(have, want):
    """First index and the one after the last of each stretch when `have` values share `want` cells."""
    cells = min(have, want)
    return [(i * have // cells, (i + 1) * have // cells) for i in range(cells)]


def brute(values, shape, classes):
    rows, columns = (blocks(have, want) for have, want in zip(values.shape, shape, strict=True))
    small = np.empty((len(rows), len(columns)))
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            cell = [v for v in values[top:bottom, left:right].ravel().tolist() if v == v]
            if classes:
                small[i, j] = values[(top + bottom - 1) // 2, (left + right - 1) // 2]
            else:
                small[i, j] = sum(cell) / len(cell) if cell else np.nan
    out = np.empty(shape)
    for i in range(shape[0]):
        for j in range(shape[1]):
            out[i, j] = small[i * len(rows) // shape[0], j * len(columns) // shape[1]]
    return out


@settings(max_examples=150, deadline=None)
@given(st.data(), st.booleans(), st.tuples(st.integers(1, 20), st.integers(1, 20)))
def test_resampling_equals_a_loop_over_blocks(data, classes, shape):
    elements = st.integers(0, 3).map(float) | st.just(np.nan) if classes else st.floats(-1e6, 1e6) | st.just(np.nan)
    values = data.draw(arrays(np.float64, data.draw(shapes), elements=elements))
    got = resample(values, shape, classes)
    assert got.shape == shape
    np.testing.assert_allclose(got, brute(values, shape, classes), rtol=1e-9, atol=1e-6)


def test_a_rare_class_keeps_its_share_in_a_smaller_picture():
    training = (np.random.default_rng(0).random((113, 113)) < 0.3).astype(float)
    small = resample(training, (37, 37), classes=True)
    assert abs(small.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / small.size)


def test_means_of_huge_values_do_not_overflow():
    assert resample(np.full((4, 4), 1.5e308), (1, 1), classes=False)[0, 0] == pytest.approx(1.5e308)


@settings(max_examples=100, deadline=None)
@given(st.tuples(st.integers(1, 300), st.integers(1, 300)), st.tuples(st.integers(0, 90), st.integers(0, 90)), st.booleans())
def test_a_picture_fits_its_room_as_whole_multiples(shape, room, equal):
    rows, columns = fitted(shape, room, equal)
    assert 0 <= rows <= room[0] and 0 <= columns <= room[1]
    if not min(room):
        assert (rows, columns) == (0, 0)
        return
    for need, cells in zip(shape, (rows, columns), strict=True):
        assert cells >= 1
        assert cells <= need or cells % need == 0
    if equal and rows >= shape[0] and columns >= shape[1]:
        assert rows // shape[0] == columns // shape[1]


@pytest.mark.parametrize(
    ("shape", "room", "equal", "cells"),
    [((28, 28), (40, 80), True, (28, 28)), ((28, 28), (60, 80), True, (56, 56)), ((10, 100), (32, 78), False, (30, 78)),
     ((59, 59), (32, 78), True, (32, 32)), ((5, 20), (32, 78), False, (30, 60)), ((100, 50), (50, 100), True, (50, 25))],
)  # fmt: skip
def test_sizes_of_pictures(shape, room, equal, cells):
    assert fitted(shape, room, equal) == cells


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, shapes, elements=st.floats(allow_nan=True, allow_infinity=True)), st.integers(2, 20), st.booleans())
def test_levels_keep_the_order_of_the_values(values, count, symmetric):
    clean = numbers(values)
    low, high = value_range(clean, None, None, symmetric)
    level = levels(clean, low, high, count)
    assert ((level >= 0) & (level < count))[np.isfinite(values)].all()
    assert (level[~np.isfinite(values)] == NOTHING).all()
    order = np.argsort(clean[np.isfinite(clean)], kind="stable")
    assert (np.diff(level[np.isfinite(clean)][order]) >= 0).all()


def test_levels_share_the_range_evenly():
    level = levels(np.array([[0.0, 0.24, 0.26, 0.5, 0.99, 1.0, 7.0, -3.0]]), 0.0, 1.0, 4)
    assert level.tolist() == [[0, 0, 1, 2, 3, 3, 3, 0]]
    assert value_range(np.array([[-1.0, 3.0]]), None, None, symmetric=True) == (-3.0, 3.0)
    assert value_range(np.array([[-1.0, 3.0]]), 0.0, 10.0, symmetric=False) == (0.0, 10.0)


def test_classes_beyond_the_colours_begin_again_after_the_first():
    assert class_levels(np.array([[0, 1, 3, 4, 5, np.nan, -7]]), 4).tolist() == [[0, 1, 3, 1, 2, NOTHING, NOTHING]]


def test_outlines_lie_where_the_level_changes():
    level = np.array([[0, 0, 1], [0, 0, 1], [2, 2, 2]])
    assert outlines(level).tolist() == [[False, True, False], [True, True, True], [False, False, False]]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (5,), (), (2, 3, 2)])
def test_any_array_becomes_rows_and_columns(shape):
    values = np.ones(shape, dtype=bool)
    assert numbers(values).ndim == 2
    assert numbers(values).size == values.size
