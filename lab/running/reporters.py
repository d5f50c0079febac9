"""What a run without the app says of itself: JSON lines, a progress bar on a terminal, plain lines elsewhere, a log, nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from engine.contract import Phase, Snapshot
from engine.errors import StoreError
from engine.store.files import opened
from lab.output import ascii_only, console, emit, result_event, say
from screens import formatting

LOG = "log.txt"  # what a detached run says, in its folder


class Reporter:
    """Says nothing; the other reporters say more."""

    def measured(self, step: int, values: Mapping[str, Any]) -> None:
        """A measurement arrived."""

    def look(self, snapshot: Snapshot) -> None:
        """The run stands here now (called about ten times a second)."""

    def end(self, snapshot: Snapshot) -> None:
        """Nothing more will come."""

    def close(self) -> None:
        """Give the terminal back, whatever happened."""


class JsonReporter(Reporter):
    """JSON lines on standard output: one object a measurement, and the result last."""

    def measured(self, step: int, values: Mapping[str, Any]) -> None:
        """Write the measurement at once."""
        emit({"event": "measure", "step": step, "values": values})

    def end(self, snapshot: Snapshot) -> None:
        """Write the result."""
        emit(result_event(snapshot))


class LineReporter(Reporter):
    """Plain lines on standard error, rarer the longer it takes: for logs and pipes."""

    def __init__(self, title: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.title = title
        self.clock = clock
        self.begun = self.last = clock()
        self.written = ""

    def look(self, snapshot: Snapshot) -> None:
        """Write a line when one is due: after a second, then after a twentieth of the time so far."""
        now = self.clock()
        if now - self.last >= max(1.0, (now - self.begun) / 20):
            self.last = now
            self.written = phase_message(snapshot)
            say(f"{self.title}: {self.written}")

    def end(self, snapshot: Snapshot) -> None:
        """Write the last line, unless it stands there already, and what the run shows."""
        if phase_message(snapshot) != self.written:
            say(f"{self.title}: {phase_message(snapshot)}")
        say(*_headline(snapshot))


class LogReporter(LineReporter):
    """In a detached run: names the run folder on standard output once, then writes lines to its log."""

    announced = False

    def look(self, snapshot: Snapshot) -> None:
        """Announce as soon as the folder exists."""
        if snapshot.folder and not self.announced:
            self.announced = True
            emit({"run": snapshot.run, "folder": snapshot.folder})
            _move_output(Path(snapshot.folder) / LOG)
        if self.announced:
            super().look(snapshot)

    def end(self, snapshot: Snapshot) -> None:
        """Announce a run that was over at once, too."""
        self.look(snapshot)
        if self.announced:
            super().end(snapshot)


def _move_output(log: Path) -> None:
    """Write to the log from here on; to nowhere where the disk refuses even that, or a link lies there: the run goes on."""
    try:
        target = opened(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    except (OSError, StoreError):
        target = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(target, stream.fileno())
    os.close(target)


class BarReporter(Reporter):
    """One line on standard error that is redrawn in place, with rate and time left; a plain one replaces it at the end."""

    def __init__(self, title: str) -> None:
        self.title = title
        columns = [TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[message]}")]
        if not ascii_only():
            columns.insert(0, SpinnerColumn())
        self.bar = Progress(*columns, console=console(stderr=True), transient=True, refresh_per_second=5)
        self.task = self.bar.add_task(title, total=None, message="")
        self.bar.start()

    def look(self, snapshot: Snapshot) -> None:
        """Move the bar."""
        self.bar.update(self.task, completed=snapshot.step, total=snapshot.total, message=phase_message(snapshot))

    def close(self) -> None:
        """Take the bar away."""
        self.bar.stop()

    def end(self, snapshot: Snapshot) -> None:
        """Leave one line in place of the bar, and what the run shows."""
        self.close()
        say(f"{self.title}: {phase_message(snapshot)}", *_headline(snapshot))


def choose_reporter(title: str, *, json: bool = False, quiet: bool = False, announce: bool = False) -> Reporter:
    """Choose how to report: JSON lines, nothing, a bar on a terminal, plain lines elsewhere; a detached run to its log."""
    if announce:
        return LogReporter(title)
    if json:
        return JsonReporter()
    if quiet:
        return Reporter()
    return BarReporter(title) if sys.stderr.isatty() else LineReporter(title)


def _headline(snapshot: Snapshot) -> tuple[str, ...]:
    return (f"  {snapshot.headline_sentence}",) if snapshot.headline else ()


def phase_message(snapshot: Snapshot) -> str:
    """Where a run stands, in one line: `running, step 120 of 600, 350 steps/s, 2 s left; train-loss 0.2`."""
    if snapshot.phase is Phase.READY or snapshot.phase.preparing:
        return f"{snapshot.phase}, {snapshot.sentence}" if snapshot.sentence else str(snapshot.phase)
    parts = [snapshot.sentence if snapshot.phase is Phase.PAUSED else str(snapshot.phase), formatting.progress(snapshot)]
    parts += [f"{formatting.rate(snapshot.rate)} {snapshot.unit}s/s"] if snapshot.rate else []
    parts += [f"{formatting.duration(snapshot.eta)} left"] if snapshot.eta is not None and not snapshot.phase.over else []
    values = " ".join(f"{name} {formatting.number(value)}" for name, value in list(snapshot.values.items())[:4])
    return ", ".join(parts) + (f"; {values}" if values else "")
