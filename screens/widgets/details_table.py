"""Quantities with their formulas and every constant, as a table: what a snapshot's details say."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text

from engine.contract import Detail, DetailRow
from screens import formatting

INDENT = "  "


def details_table(details: Sequence[Detail], width: int) -> Text:
    """Return every detail: its name, a row per subject (value, word coloured by its grade, remark), formula, constants."""
    return Text("\n\n").join(_detail(detail, width) for detail in details)


def _detail(detail: Detail, width: int) -> Text:
    caveat = f" ({detail.caveat})" if detail.caveat else ""
    constants = [Text(_wrapped(row.numbers, width)) for row in detail.rows if row.constants]
    head = Text.assemble((detail.name, "bold"), caveat)
    return Text("\n").join([head, *_rows(detail.rows), Text(_wrapped(detail.formula, width), "dim"), *constants])


def _wrapped(line: str, width: int) -> str:
    return textwrap.fill(line, max(20, width), initial_indent=INDENT, subsequent_indent=2 * INDENT, break_on_hyphens=False)


def _rows(rows: Sequence[DetailRow]) -> list[Text]:
    values = [_value(row.value) for row in rows]
    subject = max((len(row.subject) for row in rows), default=0)
    widest = max(map(len, values), default=0)
    return [_row(row, f"{INDENT}{row.subject:{subject}}  {value:>{widest}}  ") for row, value in zip(rows, values, strict=True)]


def _value(value: float) -> str:
    """Three digits, as the constants beside it have; whole numbers as they are."""
    return formatting.number(value if float(value).is_integer() else float(f"{value:.3g}"))


def _row(row: DetailRow, begin: str) -> Text:
    return Text.assemble(begin, (row.word, formatting.GRADE_STYLE[row.grade]), row.remark)
