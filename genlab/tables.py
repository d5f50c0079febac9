"""What an outcome answers, as tables that a notebook and a terminal show: verdicts, values."""

from __future__ import annotations

import html
import io
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from engine.contract import ScalarValue, Verdict, values_record
from lab.output import VERDICT_COLUMNS, plain, verdict_rows

WIDTH = 140  # letters of a table as text
BRIEF = 4  # values in a line
VALUE_COLUMNS = ("name", "value", "unit", "range", "what it is")
Rows = Iterable[Sequence[Any]]


class Verdicts(tuple[Verdict, ...]):
    """One verdict per claim; a tuple that shows itself as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        return text_table(VERDICT_COLUMNS, verdict_rows(self)) if self else "()"

    def _repr_html_(self) -> str:
        return html_table(VERDICT_COLUMNS, verdict_rows(self))


class Values(dict[str, dict[str, Any]]):
    """The scalars of a run by name, as `genlab run --json` prints them: value, lo, hi, unit, seeds, censored, and why there is none.

    `outcome.values["grok_step"]["value"]` is a number, the median over the seeds. A dict that shows itself as a table.
    """

    def __init__(self, scalars: Iterable[ScalarValue] = ()) -> None:
        self._scalars = tuple(scalars)
        super().__init__(values_record(self._scalars))

    @property
    def brief(self) -> str:
        """The first few that there are, in a line."""
        found = [_value(item) for item in self._scalars if not item.reason]
        return ", ".join(f"{name} {value} {unit}".rstrip() for name, value, unit, *_ in found[:BRIEF])

    def __repr__(self) -> str:
        return text_table(VALUE_COLUMNS, map(_value, self._scalars)) if self else "{}"

    def _repr_html_(self) -> str:
        return html_table(VALUE_COLUMNS, map(_value, self._scalars))


def _value(item: ScalarValue) -> tuple[Any, ...]:
    scalar = item.scalar
    if item.reason:
        return scalar.name, f"none: {item.reason}", "", "", scalar.label
    several = len(item.seeds) > 1
    bound = "at least " if item.value_censored else ""
    return scalar.name, f"{bound}{item.value:.4g}", scalar.unit, f"{item.lo:.4g} to {item.hi:.4g}" if several else "", scalar.label


def text_table(columns: Sequence[str], rows: Rows) -> str:
    """A table in characters."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in ("id", "name"))
    for row in rows:
        made.add_row(*(_text(cell) for cell in row))
    drawn = io.StringIO()
    console = Console(
        file=drawn, width=WIDTH, color_system=None, highlight=False, markup=False, emoji=False,
        force_jupyter=False,  # in a kernel, rich would put what it draws below the cell
    )  # fmt: skip
    console.print(made)
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines()).strip("\n")


def html_table(columns: Sequence[str], rows: Rows) -> str:
    """A table in HTML; nothing in it is read as markup."""
    head = "".join(f"<th style='text-align: left'>{html.escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align: left'>{html.escape(_text(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(cell: Any) -> str:
    return str(cell.plain) if hasattr(cell, "plain") else plain(cell)
