"""One legend for all figures on a page: what agrees is named once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from screens.widgets.plot_legend import LegendEntry
from screens.widgets.shared_legend import arranged, related, shared


def test_a_shared_legend_names_each_curve_once() -> None:
    a, b, c = LegendEntry("●", 1, "true"), LegendEntry("▲", 2, "random"), LegendEntry("■", 3, "other")
    assert shared({0: [a, b], 1: [b, c]}) == ([a, b, c], {0, 1})


def test_a_figure_that_gives_a_glyph_or_a_word_another_meaning_keeps_its_own_legend() -> None:
    a, b = LegendEntry("●", 1, "true"), LegendEntry("▲", 2, "random")
    for odd in (LegendEntry("●", 1, "false"), LegendEntry("■", 3, "random")):
        assert shared({0: [odd], 1: [a, b], 2: [b]}) == ([a, b], {1, 2})
    assert shared({0: [LegendEntry("--", 1, "limit"), LegendEntry("--", 2, "limit"), a], 1: [b], 2: [b]}) == ([b], {1, 2})


def test_a_legend_that_no_two_figures_share_stays_with_its_figure() -> None:
    a, b, c = LegendEntry("●", 1, "true"), LegendEntry("●", 1, "false"), LegendEntry("■", 3, "other")
    assert shared({0: [a], 1: [b]}) == ([], set())
    assert shared({0: [a]}) == ([a], {0})
    assert related({0: [a, c], 1: [a], 2: [b]}, {0, 1, 2}, 40) == {0: [a, c], 1: [a]}
    long = [LegendEntry("●", ink, f"a long label of {ink}") for ink in range(5)]
    assert related({0: [a, c], 1: [a], 2: long}, {0, 1, 2}, 40) == {0: [a, c], 1: [a], 2: long}


@given(st.lists(st.text("abc ", min_size=1, max_size=20), max_size=12), st.integers(24, 100))
def test_legend_rows_keep_order_and_width(labels: list[str], width: int) -> None:
    keys = [LegendEntry("●", index, label) for index, label in enumerate(labels)]
    rows = arranged(keys, width)
    assert [key for row in rows for key in row] == keys
    for row in rows:
        assert sum(len(key.label) + 2 for key in row) + 2 * (len(row) - 1) <= width


def test_the_legend_of_pairs_is_in_order() -> None:
    rows = arranged([LegendEntry("●", index, "label") for index in range(9)], 24)
    assert all(first[0].ink < second[0].ink for first, second in pairwise(rows))
