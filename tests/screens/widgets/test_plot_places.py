"""A point stands in the row and in the column of the tick that has its value."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import Axis, Figure, Layer, Marker, Picture
from screens.widgets.axis_scales import Scale
from screens.widgets.palette import FILLED, HOLLOW, Level, Theme
from screens.widgets.picture_draw import draw_picture
from screens.widgets.plot_figure import draw_figure, legend_entries, plot
from screens.widgets.plot_raster import squares
from screens.widgets.plot_reduce import reduce
from screens.widgets.plot_request import Request
from screens.widgets.plot_ticks import power_label
from tests.screens.drawn import ascii_theme, curve, plain

HEIGHTS = range(9, 40, 3)
DECADES = [10.0**power for power in range(-9, 0)]
TENTHS = [tenth / 10 for tenth in range(11)]
THEMES = (Theme(), ascii_theme())
AXES = [(DECADES, Axis("y", log=True, lo=3e-10, hi=0.15)), (TENTHS, Axis("y", lo=0.0, hi=1.0)), (TENTHS, Axis("y", lo=-0.04, hi=1.07))]


def labels(rows: list[str]) -> dict[float, int]:
    """The row of every tick of y."""
    found = {}
    for row, text in enumerate(rows):
        head, tick, _ = text.replace("+", "┤").partition("┤")
        if tick and head.strip():
            found[float(head)] = row
    return found


@pytest.mark.parametrize("theme", THEMES, ids=["braille", "ascii"])
@pytest.mark.parametrize(("values", "axis"), AXES, ids=["log", "linear", "uneven"])
def test_points_of_a_figure_stand_in_the_rows_of_their_ticks(values: list[float], axis: Axis, theme: Theme) -> None:
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), axis, ("a",))
    for height in HEIGHTS:
        for value in values:
            rows = plain(figure, [curve([0.5], [value], style="points")], height=height, theme=theme)
            here = labels(rows).get(value)
            assert here is None or theme.mark(0) in rows[here][7:], (height, value)


@pytest.mark.parametrize("theme", THEMES, ids=["braille", "ascii"])
def test_points_of_a_picture_stand_in_the_rows_of_their_ticks(theme: Theme) -> None:
    for height in HEIGHTS:
        for value in DECADES:
            layers = (Layer("points", np.array([[3.0, value]]), ""),)
            picture = Picture("p", "", layers=layers, extent=(1.0, 10.0, 3e-10, 0.15), log=True)
            rows = [row.plain for row in draw_picture(picture, width=60, height=height, theme=theme)]
            here = labels(rows).get(value)
            assert here is None or theme.mark(0) in rows[here][7:], (height, value)


def test_a_value_between_two_ticks_is_not_drawn_on_either() -> None:
    """A decade and a third below a tick, where a row is a decade and a half."""
    picture = Picture("p", "", layers=(Layer("points", np.array([[3.0, 5e-5]]), ""),), extent=(1.0, 10.0, 1.9e-10, 0.15), log=True)
    rows = [row.plain for row in draw_picture(picture, width=51, height=10)]
    ticks, here = labels(rows), next(row for row, text in enumerate(rows) if "●" in text)
    assert ticks[1e-3] < here < ticks[1e-6]


@pytest.mark.parametrize("width", range(36, 60, 4))
def test_a_picture_of_some_height_names_its_x_axis_also_where_ticks_leave_no_gap(width: int) -> None:
    layers = (Layer("points", np.array([[3.0, 1e-4]]), ""),)
    title = "A title that leaves no room"
    picture = Picture("p", title, layers=layers, extent=(0.8, 325.0, 1e-9, 0.15), x="direction", y="variance", log=True)
    rows = [row.plain for row in draw_picture(picture, width=width, height=14)]
    assert sum("direction" in row for row in rows) == 1


@pytest.mark.parametrize("theme", THEMES, ids=["braille", "ascii"])
def test_points_stand_in_the_columns_of_their_ticks(theme: Theme) -> None:
    figure = Figure("f", "", Axis("", log=True, lo=0.2, hi=3e4), Axis("y", lo=0.0, hi=1.0), ("a",))
    for width in range(40, 110, 7):
        for value in (1.0, 10.0, 100.0, 1e3, 1e4):
            rows = plain(figure, [curve([value], [0.5], style="points")], width=width, height=12, theme=theme)
            axis = next(row for row, text in enumerate(rows) if {"└", "+"} & set(text) and not any(map(str.isdigit, text)))
            column = next(text.index(theme.mark(0)) for text in rows[2:axis] if theme.mark(0) in text)
            label = power_label(value)
            assert label not in rows[axis + 1].split() or rows[axis][column] in "┬+", (width, value)


def test_marks_that_give_way_to_others_stay_on_their_line() -> None:
    """Many points in few columns, where another curve begins: no mark stands beyond the last point."""
    figure = Figure("f", "", Axis("x", lo=0.0, hi=300.0), Axis("y", log=True, lo=0.1, hi=1e4), ("*",))
    steps = np.arange(38.0)
    short, long = curve(steps, 0.5 * 1.3**steps, "a"), curve(np.arange(301.0), np.full(301, 0.6), "b")
    for width in range(60, 140, 7):
        rows = plain(figure, [long, short], width=width, height=24)[2:-2]
        left = next(text.index("┤") for text in rows if "┤" in text)
        last = left + 1 + int(37 / 300 * (width - left - 1)) + 1
        assert max(place for text in rows for place, letter in enumerate(text) if letter == Theme().mark(1)) <= last, width


@pytest.mark.parametrize("theme", THEMES, ids=["braille", "ascii"])
def test_the_label_of_a_vertical_line_stands_a_blank_beside_it(theme: Theme) -> None:
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), Axis("y", lo=0.0, hi=1.0), ("a",))
    for at in TENTHS[2:9]:
        rows = plain(figure, [curve([0.5], [9.0])], [Marker("f", "x", at, "the end")], theme=theme)[2:-3]
        (text,) = (row for row in rows if "the end" in row)
        place = text.index("the end")
        assert text[place - 1] == " " and all(row[place - 2] != " " for row in rows), rows


@pytest.mark.parametrize("theme", THEMES, ids=["braille", "ascii"])
def test_the_label_of_a_line_stands_in_it_and_where_a_curve_passes_beside_it(theme: Theme) -> None:
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), Axis("y", lo=0.0, hi=1.0), ("a",))
    for height in HEIGHTS:
        for value in TENTHS:
            for along, away in ((9.0, 0), (value, 1)):
                markers = (Marker("f", "y", value, "level"),)
                plotted = plot(Request(figure, (curve([0.0, 1.0], [along, along]),), markers), 60, height, theme)
                assert plotted.layout is not None and plotted.y is not None
                cell = plotted.y.cell(value, plotted.layout.rows, 1 if theme.ascii else 4)
                assert cell is not None
                label = next(row for row, text in enumerate(plotted.grid.text()) if "level" in text.plain) - plotted.layout.top
                assert abs(label - (plotted.layout.rows - 1 - cell)) == away, (height, value, away)


def test_every_point_of_a_line_of_few_has_its_mark_in_the_cell_of_its_dot() -> None:
    """Up to as many as leave the line to be seen between them; elsewhere a mark would seem to lie off the line."""
    axis = Axis("y", lo=0.0, hi=1.0)
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), axis, ("a",))
    x = np.linspace(0, 1, 11)
    for height in HEIGHTS:
        for slope in np.linspace(-1, 1, 21):
            y = 0.5 + slope * (x - 0.5)
            plotted = plot(Request(figure, (curve(x, y),)), 60, height, Theme())
            assert plotted.layout is not None and plotted.y is not None
            rows = [text.plain for text in plotted.grid.text()]
            top, high = plotted.layout.top, plotted.layout.rows
            marks = {(row, place) for row, text in enumerate(rows[top : top + high]) for place, letter in enumerate(text) if letter == "●"}
            cells = [high - 1 - int(cell) for cell in plotted.y.text_cells(y, high, 4)]
            assert sorted(row for row, _ in marks) == sorted(cells), (height, slope)


@pytest.mark.parametrize("theme", THEMES, ids=["braille", "ascii"])
@pytest.mark.parametrize("swapped", [False, True])
def test_labels_of_lines_that_are_close_stand_in_the_order_of_the_lines(theme: Theme, swapped: bool) -> None:
    """At most two rows apart: nothing stands between them, and however they are given the upper line's label is above."""
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), Axis("y", lo=0.0, hi=1.0), ("a",))
    for height in HEIGHTS:
        for apart in (0.01, 0.04, 0.08):
            markers = [Marker("f", "y", 0.5, "lower"), Marker("f", "y", 0.5 + apart, "upper")]
            rows = plain(figure, [curve([0.5], [9.0])], markers[::-1] if swapped else markers, height=height, theme=theme)
            inside = [
                text.partition("│")[2] or text.partition("┤")[2] or text.partition("|")[2] or text.partition("+")[2] for text in rows[:-3]
            ]
            lines = [row for row, text in enumerate(inside) if "- -" in text or any("\u2801" <= dot <= "\u28ff" for dot in text)]
            if lines[-1] - lines[0] > 2:
                assert apart == 0.08
                continue
            upper, lower = (next(row for row, text in enumerate(rows) if word in text) for word in ("upper", "lower"))
            assert upper == lines[0] - 1 and lower == lines[-1] + 1, rows


def test_of_three_lines_in_a_row_the_middle_one_is_named_in_the_legend() -> None:
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), Axis("y", lo=0.0, hi=1.0), ("a",))
    markers = [Marker("f", "y", 0.5 + place / 100, name) for place, name in enumerate(("low", "middle", "high"))]
    rows = plain(figure, [curve([0.5], [9.0])], markers, height=12)
    high, middle, low = (next(row for row, text in enumerate(rows) if word in text) for word in ("high", "middle", "low"))
    assert middle <= 1 < high < low


@pytest.mark.parametrize("rows", [5, 8, 13, 21])
def test_squares_of_points_lie_within_a_quarter_of_a_row_of_their_values(rows: int) -> None:
    values = np.linspace(0.02, 0.98, 37)
    x, y = Scale(0.0, 1.0), Scale(0.0, 1.0)
    fine = (4 * rows, 2 * 40)
    for value in values:
        reduced = reduce(np.array([0.3]), np.array([value]), x, fine[1], False)
        down, across = np.nonzero(squares(reduced, x, y, fine))
        assert down.size == 4
        assert abs(down.mean() - (fine[0] - 1) * (1 - value)) <= 0.5 + 1e-9  # of a dot
        assert abs(across.mean() - (fine[1] - 1) * 0.3) <= 0.5 + 1e-9


@pytest.mark.parametrize(("count", "level", "exact"), [(3, 1 << 24, True), (3, 256, True), (3, 16, False), (1, 1 << 24, False)])
def test_several_points_are_squares_in_the_picture_and_in_the_legend_where_colours_tell_them_apart(
    count: int, level: int, exact: bool
) -> None:  # fmt: skip
    theme = Theme(level=Level(level))
    item = curve([0.1, 0.5, 0.9][:count], [0.2, 0.5, 0.7][:count], style="points")
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), Axis("y", lo=0.0, hi=1.0), ("a",))
    drawn = "".join(row.plain for row in draw_figure(figure, [item], width=60, height=16, theme=theme))
    assert (theme.mark(0) in drawn) is not exact
    assert legend_entries([item], theme)[0].glyph == ("⠶" if exact else theme.mark(0))


def test_a_line_has_its_marks_where_it_is_in_the_middle_of_a_row() -> None:
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), Axis("y", lo=0.0, hi=1.0), ("a",))
    x = np.linspace(0, 1, 300)
    for slope in (0.1, 0.4, 0.9):
        rows = plain(figure, [curve(x, 0.02 + slope * x)], height=20)
        marked = [(row, text.index("●")) for row, text in enumerate(rows) if "●" in text and ("│" in text or "┤" in text)]
        assert len(marked) >= 2
        for row, column in marked:  # the line goes on in the same row on both sides, or ends there
            beside = rows[row][column - 1 : column + 2].replace("●", "")
            assert any(0x2800 < ord(letter) < 0x2900 for letter in beside), (slope, row, column)


@pytest.mark.parametrize(("count", "level", "exact"), [(40, 256, True), (39, 256, False), (40, 16, False)])
def test_points_of_a_crowded_picture_are_all_squares_at_mirrored_places(count: int, level: int, exact: bool) -> None:
    """Two layers, the second the mirror image of the first; the third has few points."""
    across = np.linspace(-1, 1, count)
    up = np.stack([across, 0.2 + 0.5 * across**2], axis=1)
    layers = (Layer("points", up, "S", "a"), Layer("points", up * [1, -1], "S'", "b"), Layer("points", up[:3], "few", "c"))
    picture = Picture("p", "", layers=layers, extent=(-1.2, 1.2, -1.0, 1.0), x="x", y="y")
    rows = [row.plain for row in draw_picture(picture, width=60, height=19, theme=Theme(level=Level(level)))]
    inside = [text.replace("┤", "│").partition("│")[2] for text in rows]
    assert any(letter in FILLED + HOLLOW for text in inside for letter in text) is not exact
    if exact:
        found = [row for row, text in enumerate(inside) if any("\u2801" <= letter <= "\u28ff" for letter in text)]
        assert abs((found[0] + found[-1]) / 2 - labels(rows)[0.0]) <= 0.5


@pytest.mark.parametrize("theme", THEMES, ids=["braille", "ascii"])
def test_the_label_of_a_vertical_line_does_not_stand_at_another_one(theme: Theme) -> None:
    """Where it would have to, the legend names it."""
    figure = Figure("f", "", Axis("x", lo=0.0, hi=1.0), Axis("y", lo=0.0, hi=1.0), ("a",))
    for apart in np.linspace(0.02, 0.4, 39):
        markers = [Marker("f", "x", 0.4, "first"), Marker("f", "x", 0.4 + apart, "second")]
        rows = plain(figure, [curve([0.5], [9.0])], markers, theme=theme)[2:-3]
        lines = [place for place in range(8, 60) if all(row[place] in ":⡅⡁⢈⢨⠅⠁⡃⢘⢐⠂⠐⠡⠌⡂⢄⠨⡈" for row in rows)]
        assert len(lines) <= 2
        for word in ("first", "second"):
            for row in rows:
                place = row.find(word)
                if place >= 0 and len(lines) == 2:
                    beside = {place - 2, place + len(word) + 1} & set(lines)
                    assert beside == {lines[word == "second"]}, (apart, row)
                    assert not {place - 1, place + len(word)} & set(lines), (apart, row)
