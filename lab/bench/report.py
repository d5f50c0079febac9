"""Runs bench entries and prints them: median, quartiles, goal, and whether it is reached."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import Exit, LabError
from lab.bench.entry import Entry, Row, as_json
from lab.output import emit, say, write_table

COLUMNS = ("entry", "what", "median>", "quartiles>", "unit", "goal", "reached")


def run(entries: Sequence[Entry], repeats: int | None = None, *, json: bool = False) -> int:
    """Measure entries one after the other; return 3 when one of them could not be measured, else 0.

    A goal that is missed is shown, not punished: another machine or a busy moment is no defect.
    """
    measured: list[tuple[Entry, Row]] = []
    failed = False
    for entry in entries:
        say(f"{entry.name}: {entry.title}")
        try:
            found = entry.measure(repeats or entry.repeats)
        except LabError as error:
            failed = True
            say(f"  not measured: {error.message}", *([f"  {error.hint}"] if error.hint else []))
            continue
        for row in found:
            measured.append((entry, row))
            if json:
                emit(as_json(entry, row))
            else:
                say(f"  {row.label}: {row.median:.4g} {row.unit}")
    if not json:
        write_table(COLUMNS, [_cells(entry, row) for entry, row in measured])
    return Exit.RUN_FAILED if failed else Exit.DONE


def listing(entries: Sequence[Entry], *, json: bool = False) -> None:
    """Print which entries there are."""
    if json:
        for entry in entries:
            emit({"event": "entry", "name": entry.name, "title": entry.title, "repeats": entry.repeats})
        return
    write_table(("entry", "what", "repeats>"), [(entry.name, entry.title, entry.repeats) for entry in entries])


def _cells(entry: Entry, row: Row) -> tuple[object, ...]:
    low, high = row.quartiles
    label = f"{row.label} ({row.note})" if row.note else row.label
    reached = "" if row.reached is None else "yes" if row.reached else "no"
    return entry.name, label, f"{row.median:.4g}", f"{low:.3g} to {high:.3g}", row.unit, row.goal_text, reached
