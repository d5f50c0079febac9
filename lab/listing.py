"""Listings: tables whose rows stay on one line each, however narrow the terminal; a pipe gets all of every row."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from lab.output import LINE_BREAKS, PIPE_WIDTH, plain, say, terminal_width, write, write_table

GAP = 3  # cells between two columns


def write_listing(columns: Sequence[str], lines: Sequence[Sequence[Any]], *, title: str, spared: Sequence[str], full: str) -> None:
    """Print a table with every row on one line.

    columns: headings, as `write_table` takes them; spared: those that are left out first where there is no room, the first of them
    first; full: the command that gives everything.
    """
    heads = [column.rstrip(">") for column in columns]
    rows = [[plain(cell).translate(LINE_BREAKS) for cell in line] for line in lines]
    widths = [max(map(cell_len, [head, *(row[place] for row in rows)])) for place, head in enumerate(heads)]
    room = room_for_rows()
    shown, left_out = list(range(len(heads))), []
    for name in spared:
        if room is None or _width(widths, shown) <= room:
            break
        shown.remove(heads.index(name))
        left_out.append(name)
    wide = _width(widths, shown) if room is None else room
    write(Text(plain(title), "bold"), width=max(wide, cell_len(title)))  # never folded: paths are copied
    write_table([columns[place] for place in shown], [[row[place] for place in shown] for row in rows], width=wide)
    if left_out:
        say(f"no room here for {', '.join(sorted(left_out, key=heads.index))}; everything: {full}")


def room_for_rows() -> int | None:
    """Columns that a row may have: those of the terminal, or as many as it needs where a program reads it."""
    return None if not sys.stdout.isatty() and "COLUMNS" not in os.environ else terminal_width(PIPE_WIDTH)


def _width(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[place] + GAP for place in shown) + 2
