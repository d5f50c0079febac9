"""Columns of a table keep their words whole where there is room for them."""

from __future__ import annotations

from lab.table_widths import fitted_widths

CLAIM = ["prediction", "Spearman(fraction, grok step) < 0"]


def test_what_fits_is_left_alone_and_so_is_what_cannot_fit() -> None:
    assert fitted_widths([["id", "GR8"], CLAIM], 40, [True, False]) is None
    assert fitted_widths([["id", "GR8"], CLAIM], 19, [True, False]) is None


def test_the_widest_gives_way_down_to_its_longest_word() -> None:
    assert fitted_widths([["id", "GR8"], CLAIM, ["why", "a reason of some length"]], 44, [True, False, False]) == [3, 20, 21]
    assert fitted_widths([["id", "GR8"], CLAIM, ["why", "a reason of some length"]], 27, [True, False, False]) == [3, 18, 6]


def test_a_column_that_is_copied_from_is_never_broken() -> None:
    assert fitted_widths([["run", "one two three four"], ["words", "one two three four"]], 26, [True, False]) == [18, 8]
