"""Dots and characters: braille against the names of Unicode, lines against dense sampling."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.contract import Axis, Figure
from screens.widgets.palette import PLAIN, Theme, ink
from screens.widgets.plot_canvas import Canvas, polyline
from screens.widgets.plot_figure import plot
from screens.widgets.plot_request import Request
from screens.widgets.text_grid import TextGrid
from tests.screens.drawn import curve

DOT_AT = {1: (0, 0), 2: (1, 0), 3: (2, 0), 7: (3, 0), 4: (0, 1), 5: (1, 1), 6: (2, 1), 8: (3, 1)}


def dots_of(letter):
    """Where a braille character has dots, by its Unicode name."""
    name = unicodedata.name(letter)
    return set() if name.endswith("BLANK") else {DOT_AT[int(digit)] for digit in name.rpartition("-")[2]}


@settings(max_examples=50, deadline=None)
@given(arrays(bool, (8, 6)))
def test_masks_become_the_braille_that_unicode_names(mask):
    canvas = Canvas(2, 3)
    canvas.share(mask[None], [PLAIN], ["*"])
    grid = TextGrid(3, 2)
    canvas.onto(grid, 0, 0)
    for row in range(2):
        for column, letter in enumerate(grid.line(row)):
            want = {tuple(dot) for dot in np.argwhere(mask[4 * row : 4 * row + 4, 2 * column : 2 * column + 2]).tolist()}
            assert (dots_of(letter) if letter != " " else set()) == want


def test_curves_that_coincide_take_turns():
    canvas = Canvas(1, 12)
    mask = np.zeros((4, 24), dtype=bool)
    mask[2] = True
    red, blue = ink(1), ink(4)
    canvas.share(np.stack([mask, mask]), [red, blue], ["*", "o"])
    assert set(canvas.inks[0].tolist()) == {red, blue}
    assert (canvas.inks[0] == red).sum() == 6


def test_a_later_layer_covers_an_earlier_one():
    canvas = Canvas(1, 2)
    masks = np.zeros((2, 4, 4), dtype=bool)
    masks[0, 0], masks[1, 3, :2] = True, True
    canvas.share(masks[:1], [ink(1)], ["a"])
    canvas.share(masks[1:], [ink(4)], ["b"])
    grid = TextGrid(2, 1)
    canvas.onto(grid, 0, 0)
    assert dots_of(grid.line(0)[0]) == {(3, 0), (3, 1)}
    assert grid.inks[0].tolist() == [ink(4), ink(1)]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.floats(-40, 60), st.floats(-40, 60)), min_size=1, max_size=6))
def test_lines_pass_where_their_points_are(points):
    xy = np.array(points)
    rows, columns = 20, 30
    mask = polyline(xy[:, 0], xy[:, 1], (rows, columns))
    found = np.argwhere(mask)[:, ::-1]
    rounded = np.floor(xy + 0.5)
    share = np.linspace(0, 1, 400)[:, None]
    path = np.concatenate([rounded[:1], *(a + share * (b - a) for a, b in pairwise(rounded))])
    visible = path[(path[:, 0] > 0.5) & (path[:, 0] < columns - 1.5) & (path[:, 1] > 0.5) & (path[:, 1] < rows - 1.5)]
    for dot in found:  # every dot lies on the line
        assert np.abs(path - dot).max(axis=1).min() <= 1.01
    for place in visible[::7]:  # and the line has a dot everywhere
        assert np.abs(found - place).max(axis=1).min() <= 1.01


def test_long_paths_stay_cheap():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1e6, 1e6, (2, 100_000))
    assert polyline(x, y, (40, 60)).shape == (40, 60)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 30), st.integers(0, 5), st.integers(-5, 40), st.integers(-3, 8), st.text(alphabet="abcdef", max_size=50))
def test_writing_stays_inside(width, height, column, row, words):
    grid = TextGrid(width, height)
    grid.write(row, column, words, ink(1))
    for line in range(height):
        want = "".join(words[c - column] if line == row and 0 <= c - column < len(words) else " " for c in range(width))
        assert grid.line(line) == want
        assert "".join(part for part, _ in grid.runs(line)) == want


def test_curves_that_share_cells_never_lend_each_other_their_colour():
    canvas = Canvas(3, 12)
    rows, columns = canvas.fine
    masks = np.zeros((2, rows, columns), dtype=bool)
    masks[0, 4], masks[1, 7] = True, True  # two level lines in one row of characters
    canvas.share(masks, [ink(1), ink(2)], ["a", "b"])
    only = canvas.pack(masks)
    for index in (0, 1):
        mine = canvas.inks[1] == ink(index + 1)
        assert mine.any() and np.array_equal(canvas.dots[1][mine], only[index, 1][mine])


def test_steep_curves_that_share_cells_take_turns_along_y_so_that_neither_is_hidden():
    canvas = Canvas(6, 3)
    rows, columns = canvas.fine
    masks = np.zeros((2, rows, columns), dtype=bool)
    masks[0, :, 2], masks[1, :, 3] = True, True  # two upright lines in one column of characters
    canvas.share(masks, [ink(1), ink(2)], ["a", "b"])
    assert {1, 2} == {index for index in (1, 2) if (canvas.inks[:, 1] == ink(index)).sum() == 3}


def test_dashes_end_where_characters_do_and_take_them_whole():
    for theory, measured in ((np.linspace(0.1, 0.9, 90), np.linspace(0.11, 0.91, 90)), (np.full(90, 0.5), np.full(90, 0.5))):
        x = np.linspace(0, 1, 90)
        figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), Axis("y", lo=0.0, hi=1.0), ("a", "law"))
        law = curve(x, theory, "law", kind="theory")
        theme = Theme(groups=("a", "law"))
        grid = plot(Request.of(figure, [curve(x, measured), law], ()), 60, 16, theme).grid
        pale, bright = theme.theory(1), theme.curve(0)
        cells = (grid.codes >= 0x2800) & (grid.codes <= 0x28FF)
        assert (cells & (grid.inks == pale)).any() and (cells & (grid.inks == bright)).any()
        columns = np.flatnonzero((cells & (grid.inks == pale)).any(axis=0))
        runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
        sizes = [run.size for run in runs]
        assert max(sizes) == 3 and sizes.count(3) > len(sizes) / 2  # three characters on, two off, but where a mark stands


def test_level_lines_in_one_row_of_characters_are_all_seen_in_their_own_rows_of_dots():
    canvas = Canvas(2, 20)
    rows, columns = canvas.fine
    masks = np.zeros((2, rows, columns), dtype=bool)
    masks[0, 1, ::2], masks[1, 2, ::2] = True, True  # dotted, as levels are
    canvas.share(masks, [ink(1), ink(2)], ["-", "-"])
    assert {int(dots) for dots in canvas.dots[0]} == {2, 4}


def test_of_points_that_share_cells_at_regular_distances_none_has_all():
    for step in (2, 3, 4, 6, 8):
        canvas = Canvas(4, 40)
        masks = np.zeros((2, *canvas.fine), dtype=bool)
        masks[:, 5, :: 2 * step] = True
        canvas.share(masks, [ink(1), ink(2)], ["a", "b"], scattered=True)
        seen = canvas.inks[1][canvas.dots[1] > 0]
        assert {int(tone) for tone in seen} == {ink(1), ink(2)}, step
