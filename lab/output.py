"""What the command line writes: JSON lines on standard output, sentences on standard error, tables where a person reads."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.contract import Detail, ScalarValue, Snapshot, Status, Verdict, counted, values_record
from lab.streams import is_utf8
from lab.table_widths import fitted_widths
from screens import formatting

WHOLE = ("run", "name", "id", "entry", "knob")  # columns that are never broken: their cells are typed or copied
COERCED = ("C.UTF-8", "C.utf8", "UTF-8")  # what Python itself puts into LC_CTYPE under LANG=C (PEP 538)
BETWEEN_COLUMNS = 3  # cells between two columns of a table
PIPE_WIDTH = 120  # columns of a table that does not go to a terminal
BIDIRECTIONAL = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
OBEYED = (*range(32), *range(127, 160), *BIDIRECTIONAL)  # by a terminal
CONTROLS = {code: "\ufffd" for code in (*OBEYED, *range(0xD800, 0xE000)) if chr(code) not in "\n\t"}  # and what no stream can write
LINE_BREAKS = dict.fromkeys(map(ord, "\n\t"), "\ufffd")
LONGEST_NAME = 48  # cells of a run's name in a table
STYLES = {Status.HOLDS: "bold green", Status.FAILS: "bold red", Status.PENDING: "yellow", Status.CENSORED: "yellow"}
VALUE_COLUMNS = ("name", "what it is", "value>", "range over seeds>")
VERDICT_COLUMNS = ("id", "claim", "predicted", "measured", "tolerance", "holds")


def ascii_only(environ: Mapping[str, str] | None = None) -> bool:
    """Whether to write nothing but ASCII: asked for by `--ascii`, or the locale's or standard output's character set is not UTF-8."""
    env = os.environ if environ is None else environ
    if env.get("GENLAB_ASCII") or (environ is None and not is_utf8(sys.stdout)):
        return True
    ctype = env.get("LC_CTYPE", "")
    if ctype in COERCED and env.get("LANG") in ("C", "POSIX"):
        ctype = ""
    locale = env.get("LC_ALL") or ctype or env.get("LANG") or ""
    return "utf" not in locale.lower() and os.name == "posix"


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A rich console that obeys NO_COLOR and `--ascii`, does not squeeze piped tables into 80 columns, or has the width that is given."""
    stream = sys.stderr if stderr else sys.stdout
    usual = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(stderr=stderr, width=width or usual, highlight=False, markup=False, emoji=False, soft_wrap=False)


def write(renderable: Any, *, stderr: bool = False, style: str | None = None, width: int | None = None) -> None:
    """Print a text or a table without the spaces that would pad it to the right."""
    target = console(stderr=stderr, width=width)
    with target.capture() as captured:
        target.print(renderable, style=style)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    print("\n".join(lines), file=target.file, flush=True)


def write_table(
    columns: Iterable[str], lines: Iterable[Sequence[Any]], *, title: str = "", stderr: bool = False, width: int | None = None
) -> None:
    """Print a table; a heading that ends in `>` is right-aligned, cells are written as `plain` words them; width: not the usual."""
    style = box.ASCII if ascii_only() else box.SIMPLE_HEAD
    made = Table(box=style, title=plain(title) or None, title_justify="left", title_style="bold", header_style="bold", pad_edge=False)
    columns, rows = list(columns), [[cell if hasattr(cell, "plain") else plain(cell) for cell in line] for line in lines]
    names = [column.rstrip(">") for column in columns]
    texts = [[name, *(str(row[place]) for row in rows)] for place, name in enumerate(names)]
    room = (width or console(stderr=stderr).width) - BETWEEN_COLUMNS * (len(names) - 1) - 2  # and the edges
    widths: Sequence[int | None] = fitted_widths(texts, room, [name in WHOLE for name in names]) or [None] * len(names)
    for name, column, cells in zip(names, columns, widths, strict=True):
        made.add_column(name, justify="left" if name == column else "right", overflow="fold", no_wrap=name in WHOLE, width=cells)
    for row in rows:
        made.add_row(*row)
    write(made, stderr=stderr, width=width)


def plain(value: Any) -> str:
    """A value for the eye: four significant digits, yes and no, nothing for nothing, and no control characters of whatever was read."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = (f"{value:.4g}" if isinstance(value, float) else str(value)).translate(CONTROLS)
    if text.isascii() or not ascii_only():
        return text
    from screens.appearance import to_ascii  # it loads textual, which listing and describing should not wait for

    return to_ascii(text)


def short(name: str, cells: int = LONGEST_NAME) -> str:
    """A name from a disk for a cell of a table: one line, and so long that the other columns keep their room."""
    text = plain(name).translate(LINE_BREAKS)
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 3) + "..."


def mark(verdict: Verdict) -> Text:
    """The mark of a verdict, coloured beside its word so that colour is never alone."""
    return Text(verdict.mark, STYLES.get(verdict.status, "dim"))


def verdict_rows(verdicts: Iterable[Verdict]) -> list[tuple[Any, ...]]:
    """Cells of the verdict table: id, claim, predicted, measured, tolerance, holds."""
    return [(item.claim.id, item.claim.sentence, item.predicted, _measured(item), item.claim.tolerance, mark(item)) for item in verdicts]


def _measured(verdict: Verdict) -> str:
    parts = [plain(verdict.measured), f"({verdict.remark})" if verdict.remark else ""]
    return " ".join(part for part in parts if part)


def value_rows(scalars: Iterable[ScalarValue]) -> list[tuple[str, ...]]:
    """Cells of the table of scalars that have a value: name, what it is, median with unit, range over seeds."""
    there = [item for item in scalars if not item.reason]
    return [(item.scalar.name, item.scalar.label, formatting.scalar(item), formatting.scalar_range(item)) for item in there]


def missing_values(scalars: Iterable[ScalarValue]) -> list[str]:
    """Lines that name the scalars without a value, reason by reason: `no value, needs model both: test_error_cnn_true, ...`."""
    names: dict[str, list[str]] = {}
    for item in scalars:
        if item.reason:
            names.setdefault(item.reason, []).append(item.scalar.name)
    return [f"no value, {reason}: {', '.join(these)}" for reason, these in names.items()]


def detail_lines(details: Iterable[Detail]) -> list[str]:
    """Quantities with their formulas and constants as lines of text, all but the first of each indented."""
    return [f"  {line}" if index else line for detail in details for index, line in enumerate(detail.lines())]


def count_statuses(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many claims came to each status, for scripts: every status, in the order of `Status`."""
    found = Counter(verdict.status for verdict in verdicts)
    return {str(status): found[status] for status in Status}


def count_marks(verdicts: Sequence[Verdict], always: Sequence[str] = ()) -> str:
    """How many claims bear each mark, for people: `3 yes, 1 not yet`; those in `always` even where there are none."""
    found = Counter(verdict.mark for verdict in counted(verdicts))
    return ", ".join(f"{found[status.mark]} {status.mark}" for status in Status if found[status.mark] or status.mark in always)


def result_event(snapshot: Snapshot) -> dict[str, Any]:
    """The last line of `genlab run --json`."""
    return {
        "event": "result", "phenomenon": snapshot.phenomenon, "run": snapshot.run, "phase": str(snapshot.phase),
        "sentence": snapshot.sentence, "hint": snapshot.hint, "headline": snapshot.headline_sentence,
        "step": snapshot.step, "preset": snapshot.preset,
        "seeds": list(snapshot.seeds), "config": dict(snapshot.config), "device": snapshot.device, "folder": snapshot.folder,
        "unstored": snapshot.unstored, "stored": bool(snapshot.folder) and not snapshot.unstored, "problem": snapshot.unstored,
        "values": values_record(snapshot.scalars), "claims": [verdict.row() for verdict in snapshot.verdicts],
    }  # fmt: skip


def say(*lines: str) -> None:
    """Write lines to standard error."""
    for line in lines:
        print(plain(line), file=sys.stderr, flush=True)


def strict(value: Any) -> Any:
    """The value as strict JSON takes it: not-a-number and infinities become null, arrays lists, mappings dicts."""
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [strict(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy arrays and scalars
        return strict(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def emit(record: Mapping[str, Any]) -> None:
    """Write one object as a line of strict JSON and flush it.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    sys.stdout.write(json.dumps(strict(record), allow_nan=False) + "\n")
    sys.stdout.flush()


def hush() -> None:
    """Send what is still to be written nowhere: standard output takes nothing any more."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)


class LastingOutput:
    """Standard output whose failing is told once and ends nothing: it is full, closed, or its reader is gone (`| head`)."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or send it nowhere."""
        with self._surviving():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or send it nowhere."""
        with self._surviving():
            self._stream.flush()

    @contextlib.contextmanager
    def _surviving(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._go_on("nobody reads standard output any more")
        except OSError as error:
            self._go_on(f"cannot write to standard output: {(error.strerror or str(error)).lower()}")

    def _go_on(self, why: str) -> None:
        say(f"genlab: {why}; going on without it (ctrl+c stops)")
        hush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def lasting_output() -> Iterator[None]:
    """Let nothing within the block be ended by a standard output that cannot be written."""
    before = sys.stdout
    sys.stdout = LastingOutput(before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout = before


def terminal_width(default: int = PIPE_WIDTH) -> int:
    """Columns of standard output, or `default` where it is not a terminal."""
    return shutil.get_terminal_size((default, 24)).columns
