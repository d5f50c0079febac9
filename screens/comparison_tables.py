"""The tables of a comparison: each has a column a run where these fit, else a row a run, in as many tables below each other as it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from rich.cells import cell_len
from rich.text import Text

from screens.comparison import Comparison
from screens.widgets.palette import Theme, style_of

LONGEST = 24  # cells of a column before its text is broken
DIFFERENCES, VALUES, CLAIMS = "Where the runs differ", "Values, median (range over seeds)", "Claims: measured and mark"
Rows = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class ComparisonTable:
    """One table. of: what it is about; title: the same, and empty where it goes on with the table above."""

    of: str
    title: str
    columns: tuple[str, ...]
    rows: Rows


def comparison_tables(
    comparison: Comparison, heads: Sequence[str], width: int, gap: int, letters: Sequence[str] = ascii_lowercase
) -> list[ComparisonTable]:
    """Return what is to be said of runs beside each other in so many cells.

    heads: of a run's column; letters: what stands before a run's row; gap: cells between columns.
    """
    differences, values, claims = comparison.differences(), comparison.values(), comparison.verdicts()
    values_upright = [(words, *cells) for _, words, *cells in values]
    values_turned = [(name, *cells) for name, _, *cells in values]

    def fitting(of: str, first: tuple[str, ...], upright: Rows, turned: Rows) -> list[ComparisonTable]:
        choices = [ComparisonTable(of, of, (*first, *names), upright) for names in (heads, letters[: len(comparison.runs)])]
        whole = next((table for table in choices if _width(table, gap) <= width), None)
        return [whole] if whole is not None else list(_blocks(of, turned, width, gap, letters))

    tables = fitting(DIFFERENCES, ("",), differences, [("run", *comparison.stored), *differences]) if differences else []
    tables += fitting(VALUES, ("value",), values_upright, values_turned) if values else []
    if claims:
        tables += fitting(CLAIMS, ("id", "claim"), claims, [(name, *cells) for name, _, *cells in claims])
        if tables[-1].columns[0] != "id":
            tables.append(ComparisonTable(CLAIMS, "", ("id", "claim"), [row[:2] for row in claims]))
    return tables


def marked_letters(comparison: Comparison, theme: Theme) -> list[Text]:
    """Return the letter of each run behind the mark of its curves, in their colour."""
    places = map(theme.group, comparison.names)
    pairs = zip(places, ascii_lowercase, strict=False)
    return [Text(f"{theme.mark(place)} {letter}", style_of(theme.curve(place))) for place, letter in pairs]


def _blocks(of: str, rows: Rows, width: int, gap: int, letters: Sequence[str]) -> Iterator[ComparisonTable]:
    """Rows as columns with a letter before each run, broken into tables where they do not fit beside each other."""
    block: list[tuple[str, ...]] = []
    title = of
    for row in rows:
        if block and _width(_of_runs(of, [*block, row], letters), gap) > width:
            yield _of_runs(of, block, letters, title)
            block, title = [], ""
        block.append(row)
    if block:
        yield _of_runs(of, block, letters, title)


def _of_runs(of: str, rows: Rows, letters: Sequence[str], title: str = "") -> ComparisonTable:
    columns = tuple(row[0] for row in rows)
    return ComparisonTable(of, title, ("", *columns), list(zip(letters[: len(rows[0]) - 1], *(row[1:] for row in rows), strict=True)))


def _width(table: ComparisonTable, gap: int) -> int:
    columns = zip(table.columns, *table.rows, strict=True)
    return sum(min(LONGEST, max(map(cell_len, column))) + gap for column in columns) - gap
