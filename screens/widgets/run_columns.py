"""The columns of a list of runs: which stand at a width, and what each says of a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from engine.contract import Phase, Status
from screens import formatting
from screens.listed_run import ListedRun
from screens.run_names import short_value
from screens.widgets.text_row import fit

GAP = 2
MARK = 4  # columns of a mark and a gap: its number, in brackets where that leaves one
UNREAD = "..."
DAMAGED = "damaged"  # over, but what it left is not all there
LEAST_KNOBS = 12
LEAST_NAME, LONGEST_NAME, LEAST_CLAIMS = 16, 40, 8
NARROW, SHORT_PHASE = 70, 9
LEAST_PRESET, LONGEST_PRESET = 10, 22
KNOBS, KNOBS_FROM = "knobs that differ", 96  # a column of their own, and the width from which they have it


@dataclass(frozen=True)
class Column:
    """One column. sort: what a click on its head sorts by."""

    name: str
    width: int
    sort: str = ""
    right: bool = False


def columns_of(width: int, sorted_by: str = "", runs: Sequence[ListedRun] = ()) -> tuple[Column, ...]:
    """Return the columns that fit a width, the run's name first; the knobs, preset, seeds and size give way where there is no room.

    sorted_by: a knob or value that gets a column of its own; runs: what is listed: names and claims take no more room than theirs need.
    """
    wide, wider = width >= KNOBS_FROM, width >= 130
    narrow = width < NARROW
    claims_width = min(26 if wider else 10 if narrow else 14, _widest_claims(runs))
    fixed = [Column("phase", SHORT_PHASE if narrow else 13, "phase"), Column("claims", claims_width, "claims")]
    fixed += [Column("age", 6, "age", right=True)]
    if wide:
        longest = max((len(run.preset) for run in runs), default=0) if wider else 0
        fixed += [Column("preset", min(LONGEST_PRESET, max(LEAST_PRESET, longest)), "preset")]
    if wider:
        fixed += [Column("seeds", 6, right=True), Column("size", 7, "size", right=True)]
    if sorted_by:
        fixed.append(Column(sorted_by, 11, sorted_by, right=True))
    room = max(LEAST_NAME, width - MARK - sum(column.width + GAP for column in fixed))
    if not wide:
        return Column("run", room, "name"), *fixed
    longest = min(LONGEST_NAME, max((cell_len(run.called) for run in runs), default=LONGEST_NAME))
    name = max(LEAST_NAME, min(longest, room - LEAST_KNOBS - GAP))
    return Column("run", name, "name"), *fixed, Column(KNOBS, max(1, room - name - GAP))


def _widest_claims(runs: Sequence[ListedRun]) -> int:
    """Columns that the longest counts of claims take, at least those of the column's head."""
    if not runs:
        return LONGEST_NAME
    counts = {tuple(run.claims.items()) for run in runs if run.claims}
    return max([LEAST_CLAIMS, *(fit(claims(dict(items)), LONGEST_NAME).cell_len for items in counts)])


def telling(runs: Iterable[ListedRun]) -> dict[str, tuple[str, ...]]:
    """Return by phenomenon the knobs that tell its listed runs apart, those that not all have at one value, in the config's order."""
    count: dict[str, int] = defaultdict(int)
    order: dict[str, list[str]] = defaultdict(list)
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    for run in runs:
        if not run.known or run.problem:
            continue
        count[run.phenomenon] += 1
        names, place = order[run.phenomenon], 0
        for name, value in run.knobs.items():
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
            values[run.phenomenon, name].append(value)

    def differs(phenomenon: str, name: str) -> bool:
        there = values[phenomenon, name]
        return len(set(there)) > 1 or len(there) < count[phenomenon]

    return {phenomenon: tuple(name for name in names if differs(phenomenon, name)) for phenomenon, names in order.items()}


def head(columns: tuple[Column, ...], sort: str) -> Text:
    """Return the row over the list; the column that it is sorted by has an arrow."""
    name, down = sort.lstrip("-") or "age", sort.startswith("-")
    text = Text(" " * MARK, "bold")
    for column in columns:
        words = column.name + ((" ↑" if down else " ↓") if column.sort == name else "")
        text.append(_cell(words, column) + " " * GAP)
    text.rstrip()
    return text


def column_at(columns: tuple[Column, ...], x: int) -> Column | None:
    """Return the column at a place of the row."""
    left = MARK
    for column in columns:
        if left <= x < left + column.width + GAP:
            return column
        left += column.width + GAP
    return None


def row(
    run: ListedRun, columns: tuple[Column, ...], mark: int, now: int, value: Callable[[ListedRun, str], str],
    first: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Text:  # fmt: skip
    """Return a run's row.

    mark: its number among the marked ones, 0 for none; now: nanoseconds; value: a knob or value as text; first: `telling` of the list.
    """
    knobs_apart = columns[-1].name == KNOBS
    number = f"[{mark}]" if 0 < mark < 10 else f" {mark}" if mark else ""
    text = Text(number.ljust(MARK), "bold", no_wrap=True)
    for column in columns:
        if run.problem and column is not columns[0]:
            text.append(run.problem, "red")  # one sentence over all that is left of the row
            break
        knobs = knob_words({**_told(run, first.get(run.phenomenon, ()), value), **run.knobs})
        cell = _content(run, column, now, value, knobs, apart=knobs_apart)
        text.append_text(_styled(cell, column))
        text.append(" " * GAP)
    text.rstrip()
    return text


def _content(run: ListedRun, column: Column, now: int, value: Callable[[ListedRun, str], str], knobs: str, *, apart: bool) -> Text:
    name = column.name
    if name == "run":
        return _name(run, column.width, "" if apart else knobs)
    if name == "age":
        return Text(age((now - run.changed) / 1e9))
    if run.phase is None:  # what was read before it was written into again stands until it is read anew
        return Text(UNREAD if name == "phase" else "", "dim")
    if name == "phase":
        return phase(run, short=column.width <= SHORT_PHASE)
    if name == "claims":
        return Text(UNREAD, "dim") if run.claims is None else fit(claims(run.claims), column.width)
    if name == "preset":
        return Text(run.preset)
    if name == "seeds":
        return Text(f"{len(run.seeds)}")
    if name == "size":
        return Text(formatting.size(run.size) if run.size >= 1e6 else f"{run.size / 1e3:.0f} kB")
    if name == KNOBS:
        return Text(knobs)
    return Text(value(run, name))


def _name(run: ListedRun, width: int, knobs: str) -> Text:
    """Return a run's name, with the knobs behind it where they have no column of their own."""
    if not knobs:
        return Text(cut(run.called, width))
    name = cut(run.called, max(width // 2, width - cell_len(knobs) - 1))
    return Text.assemble(name, (f" {knobs}", "dim"))


def _cell(words: str, column: Column) -> str:
    words = set_cell_size(words, min(cell_len(words), column.width))
    return words.rjust(column.width) if column.right else set_cell_size(words, column.width)


def _styled(text: Text, column: Column) -> Text:
    """A cell at the width of its column."""
    text = text.copy()
    text.truncate(column.width, overflow="ellipsis")
    pad = " " * (column.width - text.cell_len)
    return Text.assemble(pad, text) if column.right else Text.assemble(text, pad)


def cut(name: str, width: int) -> str:
    """Return a name that fits; a long one without its middle, since runs differ at the end of their names."""
    if cell_len(name) <= width:
        return name
    tail = max(0, min(10, width // 3))
    return set_cell_size(name, max(1, width - tail - 1)) + "…" + name[len(name) - tail :]


def phase(run: ListedRun, *, short: bool = False) -> Text:
    """Return a run's phase, of one that is not over with how far it is."""
    if run.phase is None:
        return Text("")
    if run.flaw:
        return Text(DAMAGED, "red")
    text = Text({Phase.RUNNING: "run", Phase.STOPPED: "stop"}.get(run.phase, str(run.phase)) if short else str(run.phase))
    text.stylize(formatting.PHASE_STYLE[run.phase])
    if run.phase in (Phase.RUNNING, Phase.PAUSED, Phase.STOPPED) and run.total:
        text.append(f" {100 * run.step // run.total} %", "none")
    return text


def claims(counts: Mapping[str, int]) -> list[Text]:
    """Return how many of the claims that the run is meant for bear each mark, the most important first: `3 yes`, `1 no`."""
    own = [status for status in Status if status not in formatting.NOT_OF_THIS_RUN]
    return [Text(f"{counts[status]} {status.mark}", formatting.STATUS_STYLE[status]) for status in own if counts.get(status)]


def _told(run: ListedRun, names: Sequence[str], value: Callable[[ListedRun, str], str]) -> dict[str, str]:
    """Return a run's values of the knobs that tell it apart, also of those that are as in its preset, where they are known."""
    told = {name: run.knobs.get(name) or value(run, name) for name in names}
    return {name: text for name, text in told.items() if text}


def knob_words(knobs: Mapping[str, str]) -> str:
    """Return knobs in one line: `lr .02, width 64`."""
    return ", ".join(f"{name.replace('_', ' ')} {short_value(value)}" for name, value in knobs.items())


def age(seconds: float) -> str:
    """Return how long ago something was: `12 s`, `5 min`, `3 h`, `12 d`, `2 y`."""
    for unit, length, most in (("s", 1, 60), ("min", 60, 60), ("h", 3600, 48), ("d", 86400, 730)):
        if seconds < most * length:
            return f"{max(0, int(seconds // length))} {unit}"
    return f"{int(seconds // (365.25 * 86400))} y"
