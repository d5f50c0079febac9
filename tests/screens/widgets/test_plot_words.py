"""Words of a figure where room or colours are short: labels, legends and titles."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.contract import Axis, Figure, Marker, Series
from screens.widgets.palette import Level, Theme
from screens.widgets.plot_figure import draw_figure, plot, worth_naming
from screens.widgets.plot_request import Request
from tests.screens.drawn import curve, plain


def test_two_labels_on_a_row_have_a_blank_between_them() -> None:
    series = [curve([0, 10], [0, 1])]
    markers = [Marker("*", "y", 0.5, "gap"), Marker("*", "y", 0.51, "test")]
    rows = plain(Figure("f", "f", Axis("x"), Axis("y", lo=0, hi=1), ("*",)), series, markers, width=60, height=14)
    assert not re.search("gaptest|testgap", "".join(rows)) and all(re.search(rf"\b{word}\b", "".join(rows)) for word in ("gap", "test"))


@pytest.mark.parametrize(("count", "entries"), [(2, 4), (5, 6)])
def test_with_few_colours_theory_is_named_once_where_dashes_do_not_suffice(count, entries) -> None:
    x = np.arange(1.0, 6)
    series = [curve(x, x + place, f"n={place}") for place in range(count)]
    theory = [Series(f"t{place}", f"n={place}, theory", x, x + place, kind="theory", group=f"n={place}") for place in range(count)]
    assert len(worth_naming([*series, *theory], Theme(Level.NONE))) == entries


def test_a_title_is_cut_only_where_not_even_a_short_note_fits_beside_it() -> None:
    figure = Figure("f", "a title of twenty-two", Axis("x"), Axis("y"), ("*",))
    bad = curve([0, 1, 2, 3], [1, np.nan, np.nan, 2])
    top = {width: plain(figure, [bad], width=width, height=14)[0] for width in (60, 30)}
    assert "2 points not finite, left out" in top[60]
    assert top[30].startswith(figure.title) and top[30].rstrip().endswith("2 out")


def test_labels_without_room_never_cover_the_note_of_the_title_row() -> None:
    x = np.linspace(0, 1, 30)
    wave = Series("a", "a", x, np.where(x < 0.2, np.nan, x))
    markers = [Marker("f", "y", value, f"line {index}") for index, value in enumerate(np.linspace(0, 1, 9))]
    figure = Figure("f", "Accuracy", Axis("step"), Axis("accuracy"), ("*",))
    for width in range(20, 70):
        request = Request.of(figure, [wave], markers, legend=False)
        row = plot(request, width, 12, Theme()).grid.line(0)
        assert " out" not in row or row.rstrip().endswith(" out"), row


def test_a_curve_of_lower_bounds_alone_is_named_once_and_none_of_its_points_counts_as_lost():
    x, none = [1.0, 2.0, 3.0], np.full(3, np.nan)
    bounds = [curve(x, none, "s/a", label="slow", group="a"),
              curve(x, [9.0, 9.0, 9.0], "s/a>", label="slow: lower bound", group="a", style="points")]  # fmt: skip
    partly = [curve(x, [np.nan, 4.0, 3.0], "s/b", label="fast", group="b"),
              curve([1.0], [8.0], "s/b>", label="fast: lower bound", group="b", style="points")]  # fmt: skip
    figure = Figure("f", "F", Axis("x"), Axis("y"), ("s/*",))
    text = "\n".join(row.plain for row in draw_figure(figure, [*bounds, *partly], width=100, height=18))
    assert text.count("slow") == 1 and text.count("fast") == 2 and "out" not in text
    lost = "\n".join(row.plain for row in draw_figure(figure, [*partly, curve(x, [1.0, np.nan, 1.0], "s/c")], width=100, height=18))
    assert "1 point not finite, left out" in lost


def test_a_marker_without_room_says_what_is_short_for_it():
    figure, line = Figure("f", "F", Axis("x"), Axis("y"), ("s/*",)), curve([0.0, 1.0], [0.0, 1.0], "s/a")
    marker = Marker("f", "x", 0.5, "width 16 and a label that has no room anywhere in so few columns", brief="width 16")
    assert any("width 16" in row.plain for row in draw_figure(figure, [line], [marker], width=50, height=12))


def test_theory_beside_several_measured_curves_is_named_once():
    pairs = [(f"n={n}", f"n{n}") for n in (50, 100, 200)]
    theory = [curve([1.0, 2.0], [2.0, 2.0], f"s/{group}/law", label=f"{label}, law", group=group, kind="theory") for label, group in pairs]
    drawn = [curve([1.0, 2.0], [1.0, 3.0], f"s/{group}", label=label, group=group) for label, group in pairs]
    figure = Figure("f", "F", Axis("x"), Axis("y"), ("s/*",))

    def legend(series, theme):
        return "\n".join(row.plain for row in draw_figure(figure, series, width=100, height=18, theme=theme))

    colours, few = Theme(), Theme(level=Level.ANSI16)
    assert legend([*theory, *drawn], colours).count("law") == 1
    assert legend([*theory, *drawn], few).count(", law") == 3, "few colours: dashes tell theories apart"
    assert legend([theory[0], *drawn], colours).count("n=50, law") == 1, "one alone keeps its name"
    assert legend(theory, colours).count(", law") == 3, "and so do those without measured curves"


def test_points_that_nobody_means_to_see_do_not_count_as_lost():
    figure = Figure("f", "F", Axis("step", log=True, lo=1), Axis("y", log=True), ("s/*",))
    series = [curve([0.0, 1.0, 10.0], [1.0, 2.0, 3.0], "s/a"), curve([1.0, 5.0, 10.0], [1.0, np.inf, 2.0], "s/t", kind="theory")]
    assert "not" not in "".join(row.plain for row in draw_figure(figure, series, width=100, height=18))
    for value, words in ((-1.0, "1 point not finite or not positive"), (0.0, "1 point at 0, below the axis")):
        lost = [curve([0.0, 1.0, 10.0], [1.0, value, 3.0], "s/a")]
        assert words in "".join(row.plain for row in draw_figure(figure, lost, width=100, height=18))


def test_a_title_that_says_the_name_of_y_is_not_followed_by_it_whatever_its_number() -> None:
    figure = Figure("f", "Excess risk", Axis("n"), Axis("excess risk"), ("*",))
    for number in (0, 1, 12):
        request = Request.of(figure, [curve([0, 1], [0, 1])], number=number)
        assert plot(request, 60, 14, Theme()).grid.line(0).strip() == f"{number or ''} Excess risk".strip()
    other = Figure("f", "Excess risk", Axis("n"), Axis("share"), ("*",))
    assert plot(Request.of(other, [], number=3), 60, 14, Theme()).grid.line(0).strip() == "3 Excess risk  ↑ share"


def test_the_name_of_y_stands_where_a_note_can_be_shorter() -> None:
    figure = Figure("f", "Test loss", Axis("step"), Axis("cross-entropy"), ("*",))
    bad = curve([0, 1, 2, 3], [1, np.nan, 2, 2])
    rows = {width: plain(figure, [bad], width=width, height=14)[0].rstrip() for width in range(33, 80)}
    assert all(row.startswith("Test loss  ↑ cross-entropy") and row.endswith(" out") for row in rows.values())
    assert "1 point not finite, left out" in rows[60] and "1 point left out" in rows[45] and rows[33].endswith("  1 out")


NOTE = "mean over twenty draws of the inputs, and what the law says of them for every number of samples"


@pytest.mark.parametrize(("width", "height"), [(78, 16), (114, 40)])
def test_a_view_alone_on_its_page_has_its_note_in_rows_of_its_own_where_the_title_has_no_room(width: int, height: int) -> None:
    figure = Figure("f", "A title of some length", Axis("n"), Axis("excess risk"), ("*",), note=NOTE)
    for series in ([curve([0, 1], [0, 1])], [curve([0, 1, 2], [0, np.nan, 1])]):
        alone, among = (plot(Request.of(figure, series, alone=alone), width, height, Theme()).grid for alone in (True, False))
        rows = [alone.line(row).strip() for row in range(height)]
        below = " ".join(rows[1:4])
        assert NOTE in below and "↑ excess risk" in rows[0] and ("left out" in rows[0]) == bool(len(series[0].x) > 2)
        assert NOTE not in " ".join(among.line(row).strip() for row in range(height))
        assert any("└" in row for row in rows) and rows[-1] == "n"


def test_a_note_that_fits_beside_the_title_takes_no_row() -> None:
    figure = Figure("f", "Risk", Axis("n"), Axis("risk"), ("*",), note="mean of 20 draws")
    one, other = (plot(Request.of(figure, [curve([0, 1], [0, 1])], alone=alone), 78, 16, Theme()).grid for alone in (True, False))
    assert (one.codes == other.codes).all() and "mean of 20 draws" in one.line(0)
