"""What is said of a sweep in words and short rows: how far it is, a point's values, a cell per point."""

from __future__ import annotations

import datetime
import math

from rich.text import Text

from engine.contract import Phase, ScalarValue
from engine.contract.sweep import SweepPoint, SweepSnapshot
from screens import formatting

CELLS = {
    "done": ("■", "#", "green"),
    "running": ("▶", ">", "cyan"),
    "failed": ("✕", "x", "red"),
    "waiting": ("·", ".", "dim"),
    "lost": ("?", "?", "yellow"),
}


def standing(sweep: SweepSnapshot) -> str:
    """`9 of 15 points done, 2 running, 1 failed; 0.4 points/s, 20 s left; 2 workers, 4 waiting`, at first with since when."""
    parts = [f"{sweep.done} of {len(sweep.points)} points done"]
    parts += [f"{sweep.running} running"] if sweep.running and sweep.live else []
    parts += ["at work: points begin once their processes have loaded"] if beginning(sweep) else []
    parts += [f"{sweep.failed} failed"] if sweep.failed else []
    parts += [f"{count} {why}" for why, count in sweep.lost.items()]
    since = clock(sweep.began) if sweep.live and not sweep.rate else ""
    pace = [f"since {since}"] if since else []
    pace += [f"{sweep.rate:.2g} points/s"] if sweep.live and sweep.rate else []
    pace += [f"{formatting.duration(sweep.eta)} left"] if sweep.eta is not None and sweep.done < len(sweep.points) else []
    left = [] if sweep.live or sweep.done == len(sweep.points) else ["nobody computes it now; the same command goes on"]
    queue = [queued(sweep)] if sweep.live and sweep.workers else []
    return "; ".join([", ".join(parts), *([", ".join(pace)] if pace else []), *queue, *left])


def clock(moment: str) -> str:
    """The time of the day of an ISO date here: `14:05`; nothing of what is none."""
    try:
        return datetime.datetime.fromisoformat(moment).astimezone().strftime("%H:%M")
    except ValueError:
        return ""


def queued(sweep: SweepSnapshot) -> str:
    """`2 workers, 4 waiting`."""
    waiting = len(sweep.points) - sweep.done - sweep.running
    workers = f"{sweep.workers} worker{'s' if sweep.workers > 1 else ''}"
    return f"{workers}, {waiting} waiting" if waiting else workers


def beginning(sweep: SweepSnapshot) -> bool:
    """Whether somebody computes it and no point has got as far as a run."""
    return sweep.live and not sweep.running and not sweep.rate and sweep.done < len(sweep.points)


def cell(value: ScalarValue | None) -> str:
    """A value with its range over seeds: `480 [460, 500]`, `>= 1200`; nothing where there is none."""
    if value is None or math.isnan(value.value):
        return ""
    number = formatting.number(value.value)
    said = f">= {number}" if value.value_censored else number
    if value.lo == value.hi:
        return said
    above = ">= " if value.any_censored else ""
    return f"{said} [{formatting.number(value.lo)}, {above}{formatting.number(value.hi)}]"


def kind_of(point: SweepPoint) -> str:
    """Which of `CELLS` a point is."""
    if point.lost is not None:
        return "lost"
    if point.ended:
        return "failed" if point.failed else "done"
    return "running" if point.running else "waiting"


def cells(sweep: SweepSnapshot, width: int, ascii_only: bool) -> Text:
    """A cell a point, in their order; nothing where they do not fit into a row."""
    text = Text()
    if len(sweep.points) > width:
        return text
    for point in sweep.points:
        glyph, plain, style = CELLS[kind_of(point)]
        text.append(plain if ascii_only else glyph, style)
    return text


class Columns:
    """How the points of a sweep stand in a list: knobs and values in columns under a head, as many values as there is room for.

    Args:
        width: cells of a row.
    """

    GAP = 2

    def __init__(self, sweep: SweepSnapshot, width: int) -> None:
        self.sweep, gap = sweep, self.GAP
        self._knobs = [(name, max(len(name), *(len(point.texts.get(name, "")) for point in sweep.points))) for name in sweep.knobs]
        self._state = max(5, *(len(_state(point)) for point in sweep.points))
        room = width - sum(size + gap for _, size in self._knobs) - self._state
        self._values: list[tuple[str, int]] = []
        self._more = 0  # values that have no room
        self._indent = sum(size + gap for _, size in self._knobs) + self._state + gap
        for scalar in sweep.scalars:
            said = [len(cell(point.values.get(scalar.name))) for point in sweep.points]
            size = max(len(scalar.name), *said)
            if any(said) and size + gap <= room:
                room -= size + gap
                self._values.append((scalar.name, size))
            elif any(said):
                self._more += 1
        self.width = width - room

    def about(self) -> list[Text]:
        """What the cells of the values say, and how many values have no column."""
        count = len(self.sweep.seeds)
        parts = [Text(f"median [least, most] of {count} seeds", "dim")] if count > 1 and self._values else []
        return [*parts, *([Text(f"+{self._more} more value{'s' * (self._more > 1)}", "dim")] if self._more else [])]

    def above(self) -> Text:
        """The same as a row over the head, where the values begin if there is room."""
        said = Text("  ").join(self.about())
        return Text(" " * max(0, min(self._indent, self.width - said.cell_len))).append_text(said) if said else said

    def head(self) -> Text:
        """The names of the columns."""
        parts = [*(name.rjust(size) for name, size in self._knobs), "phase".ljust(self._state)]
        parts += [name.rjust(size) for name, size in self._values]
        return Text((" " * self.GAP).join(parts), "bold", no_wrap=True)

    def row(self, point: SweepPoint) -> Text:
        """A point."""
        gap = " " * self.GAP
        style = formatting.PHASE_STYLE.get(point.phase, "dim") if point.phase is not None else "dim"
        text = Text(no_wrap=True)
        for name, size in self._knobs:
            text.append(point.texts.get(name, "").rjust(size) + gap)
        text.append(_state(point).ljust(self._state), style if point.lost is None else "yellow")
        for name, size in self._values:
            text.append(gap + cell(point.values.get(name)).rjust(size))
        return text


def _state(point: SweepPoint) -> str:
    return point.state if point.share is None or point.ended or point.lost is not None else f"{point.state} {point.share:.0%}"


def why(point: SweepPoint) -> str:
    """What went wrong with a point, if something did."""
    return point.missing or (point.sentence if point.phase is not Phase.FINISHED else "")
