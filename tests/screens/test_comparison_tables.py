"""Tables of a comparison: a column a run while these fit, else a row a run; nothing is lost, and nothing is wider than there is room."""

from dataclasses import replace
from itertools import chain

import pytest
from rich.cells import cell_len

from screens.comparison import compare
from screens.comparison_tables import CLAIMS, DIFFERENCES, VALUES, comparison_tables, marked_letters
from screens.widgets.palette import Theme, groups_of, style_of
from screens.widgets.plot_curves import curves_of
from tests.screens.test_comparison import SPEC, snapshot

LETTERS = "abcdefghijklmnopqrstuvwxyz"
GAP = 2


def runs(count):
    return compare(SPEC, [snapshot(0.01 + k / 1000) for k in range(count)], [f"a-run-with-a-long-name-{k}" for k in range(count)])


def test_few_runs_are_columns():
    comparison = runs(2)
    tables = comparison_tables(comparison, LETTERS[:2], 120, GAP)
    assert tables[0].columns == ("", "a", "b") and tables[0].rows == comparison.differences()
    assert [table.title for table in tables] == [table.of for table in tables]


@pytest.mark.parametrize("width", [58, 78, 120])
def test_many_runs_are_rows_within_the_width(width):
    comparison = runs(26)
    tables = comparison_tables(comparison, LETTERS, width, GAP)
    for table in tables:
        if table.columns[0] == "":
            assert [row[0] for row in table.rows] == list(LETTERS)
            if len(table.columns) > 2:
                columns = zip(table.columns, *table.rows, strict=True)
                assert sum(min(24, max(map(cell_len, column))) + GAP for column in columns) - GAP <= width
    said = {cell for table in tables for row in (table.columns, *table.rows) for cell in row}
    values = [(name, *cells) for name, _, *cells in comparison.values()]
    told = chain(comparison.differences(), values, comparison.verdicts())
    assert {cell for row in told for cell in row} | set(comparison.stored) <= said


@pytest.mark.parametrize("theme", [Theme(), Theme(ascii=True), Theme(level=0)])
@pytest.mark.parametrize(("count", "width"), [(2, 120), (12, 78)])
def test_a_letter_has_the_mark_and_colour_of_its_runs_curves(theme, count, width):
    comparison = runs(count)
    theme = replace(theme, groups=groups_of(comparison.snapshot))
    letters = marked_letters(comparison, theme)
    drawn = curves_of(comparison.spec.figures[0].draws(comparison.snapshot.series), theme)
    legend = {curve.series.group: (curve.glyph, style_of(curve.ink)) for curve in drawn[::-1] if curve.series.kind == "measured"}
    for name, letter, plain in zip(comparison.names, letters, LETTERS, strict=False):
        assert (letter.plain, letter.style) == (f"{legend[name][0]} {plain}", legend[name][1])
    said = [letter.plain for letter in letters]
    table = comparison_tables(comparison, said, width, GAP, said)[0]
    assert said == (list(table.columns[1:]) if count == 2 else [row[0] for row in table.rows])


def test_a_title_stands_above_the_first_table_of_each_subject():
    tables = comparison_tables(runs(26), LETTERS, 40, GAP)
    for of in dict.fromkeys(table.of for table in tables):
        titles = [table.title for table in tables if table.of == of]
        assert titles[0] == of and not any(titles[1:])
    assert {table.of for table in tables} <= {DIFFERENCES, VALUES, CLAIMS}
