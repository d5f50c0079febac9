"""CSV and TSV: a row an example, numbers and a target; a header is recognised; read line by line against limits."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import IO

import numpy as np

from engine.data.own.entry import MOST_ROWS
from engine.data.own.table import Table, Wishes, check_room, opened, seen
from engine.errors import DataError, UsageError, echoed, nearest

LONGEST_LINE, LONGEST_TARGET = 2**24, 500
MOST_LINES = 2 * MOST_ROWS  # empty ones and comments among them
CHECKED = 10_000  # rows between two looks at the memory
DELIMITERS = "\t,; "
HINT = "genlab data import takes CSV and TSV with a row an example, numbers, and the target last or named by --target"


def read_text(path: Path, wishes: Wishes) -> Table:
    """Read a table of numbers whose last column, or `wishes.target`, is the target; of a spectrum, one or two columns.

    Raises:
        UsageError: there is no such target.
        DataError: no text, ragged, a value that is missing or no number, too large.
    """
    with opened(path) as stream:
        lines = _lines(path, stream)
        first = next(lines, None)
        if first is None:
            raise DataError(f"{path} holds no rows", HINT)
        delimiter = _delimiter(path, first[1])
        rows = _rows(path, chain([first], lines), delimiter)
        number, head = next(rows)
        names = _header(head, wishes)
        rows = rows if names else chain([(number, head)], rows)
        form = "TSV" if delimiter == "\t" else "CSV"
        if wishes.kind == "spectrum":
            return _spectrum(path, rows, len(head), form)
        return _table(path, rows, names or (), len(head), wishes, form)


def _lines(path: Path, stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are neither empty nor comments, numbered from 1."""
    for number in range(1, MOST_LINES + 1):
        line = stream.readline(LONGEST_LINE)
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise DataError(f"{path} is no table: line {number} has more than {LONGEST_LINE:,} bytes", HINT)
        if b"\0" in line:
            raise DataError(f"{path} is no text: line {number} holds zero bytes", HINT)
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
        except UnicodeDecodeError:
            raise DataError(f"{path} is no UTF-8 text: see line {number}", HINT) from None
        if text.strip() and not text.startswith("#"):
            yield number, text
    raise DataError(f"{path} has more than {MOST_LINES:,} lines", "import a part of it")


def _delimiter(path: Path, line: str) -> str:
    if path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab")):
        return "\t"
    return next((mark for mark in DELIMITERS if mark in line.strip()), ",")


def _rows(path: Path, lines: Iterator[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in lines:
        try:
            cells = next(csv.reader(io.StringIO(line), delimiter=delimiter, skipinitialspace=True))
        except (csv.Error, StopIteration) as error:
            raise DataError(f"{path} is no table: line {number}: {error}", HINT) from None
        yield number, [cell.strip() for cell in cells]


def _header(cells: list[str], wishes: Wishes) -> tuple[str, ...] | None:
    """The names of the columns, where the first row has them: some cell that is no number, beside the target."""
    named = bool(wishes.target) and wishes.target in cells and not _is_number(wishes.target)
    texts = [place for place, cell in enumerate(cells) if not _is_number(cell)]
    last = len(cells) - 1
    only_target = texts == [last] or (wishes.target.isdecimal() and texts == [int(wishes.target[:9]) - 1])
    return tuple(cells) if named or (texts and (len(cells) == 1 or not only_target)) else None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@dataclass
class _Columns:
    """Numbers row by row, and the target's cells; each row as long as the first."""

    path: Path
    width: int
    names: tuple[str, ...] = ()
    place: int | None = None  # of the target
    numbers: array[float] = field(default_factory=lambda: array("d"))
    target: list[str] = field(default_factory=list)
    rows: int = 0

    def take(self, number: int, cells: list[str]) -> None:
        if len(cells) != self.width:
            sentence = f"{self.path} is ragged: line {number} has {len(cells)} values, where the first row has {self.width}"
            raise DataError(sentence, "give every row the same number of values")
        if self.place is not None:
            self.target.append(cells.pop(self.place))
            if not self.target[-1] or len(self.target[-1]) > LONGEST_TARGET:
                raise self._refusal(number, self.place, self.target[-1], f"a class or number of at most {LONGEST_TARGET} characters")
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            values = []
        if not values or not all(map(isfinite, values)):
            bad = next((place for place, cell in enumerate(cells) if not _is_number(cell) or not isfinite(float(cell))), 0)
            column = bad + (self.place is not None and bad >= self.place)
            raise self._refusal(number, column, cells[bad] if cells else "")
        self.numbers.extend(values)
        self.rows += 1
        if self.rows > MOST_ROWS:
            check_room(f"{self.path}", 0, self.rows)
        if self.rows % CHECKED == 0:
            check_room(f"{self.path}, {self.rows:,} rows and more", self.numbers.itemsize * len(self.numbers))

    def _refusal(self, number: int, column: int, cell: str, needed: str = "a finite number") -> DataError:
        named = f" ({seen(self.names[column])})" if column < len(self.names) else ""
        what = f"is {seen(cell)!r}" if cell else "is empty"
        sentence = f"line {number} of {self.path}: column {column + 1}{named} {what}, where {needed} must be"
        return DataError(sentence, "fill or drop such rows; a column of class names is the target: --target COLUMN")


def _spectrum(path: Path, rows: Iterator[tuple[int, list[str]]], width: int, form: str) -> Table:
    if width > 2:
        raise DataError(f"{path} has {width} columns, where a spectrum has eigenvalues and perhaps a signal", HINT)
    columns = _Columns(path, width)
    for number, cells in rows:
        columns.take(number, cells)
    found = np.frombuffer(columns.numbers, dtype=np.float64).reshape(-1, width)
    return Table(form, path.name, eigenvalues=found[:, 0], signal=found[:, 1] if width == 2 else None)


def _table(
    path: Path, rows: Iterator[tuple[int, list[str]]], names: tuple[str, ...], width: int, wishes: Wishes, form: str
) -> Table:  # fmt: skip
    if width < 2:
        raise DataError(f"{path} has one column, where inputs and a target are needed", "a list of eigenvalues: --kind spectrum")
    columns = _Columns(path, width, names, _target(wishes.target, names, width))
    for number, cells in rows:
        columns.take(number, cells)
    inputs = np.frombuffer(columns.numbers, dtype=np.float64).reshape(-1, width - 1)
    target = np.array(columns.target, dtype=np.str_)
    said = (f"target: column {columns.place + 1 if columns.place is not None else width}" + _named(names, columns.place),)
    return Table(form, path.name, inputs=inputs, target=target, notes=said)


def _named(names: tuple[str, ...], place: int | None) -> str:
    return f", {seen(names[place])}" if names and place is not None else ""


def _target(target: str, names: tuple[str, ...], width: int) -> int:
    if not target:
        return width - 1
    if target in names:
        return names.index(target)
    if target.isdecimal() and target.isascii() and len(target) < 10 and 1 <= int(target) <= width:
        return int(target) - 1
    known = f"columns: {', '.join(seen(name) for name in names[:20])}" if names else f"it has no header; give a number from 1 to {width}"
    raise UsageError(f"there is no column {echoed(target)!r}{nearest(target, map(seen, names))}", known)
