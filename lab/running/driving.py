"""One loop that drives a runner to its end, hears signals, and reports.

The engine's thread hands measurements over through a queue; everything is written from the main thread, so a slow or
broken pipe never holds up training and never kills a run before its state is saved.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Protocol

from engine.contract import Phase, Snapshot
from engine.errors import Exit, LabError
from engine.leaving import leave_now
from engine.runner.kept import Kept
from engine.store import called
from genlab.beginning import interrupted
from lab.output import hush, plain, say
from lab.running.reporters import Reporter

POLL = 0.1  # seconds between looks at the runner; also how soon a signal is answered
SHOW_CURSOR = "\x1b[?25h"
PATIENCE = 30.0  # seconds to wait for the chunk in hand and the state to reach the disk
SOON = 1.0  # seconds of that which pass without a word


class Driven(Protocol):
    """What is needed of `engine.runner.Runner`."""

    @property
    def error(self) -> BaseException | None:
        """What ended the run, if something did."""

    def start(self) -> None:
        """Begin in the background thread."""

    def latest(self) -> Snapshot:
        """The present snapshot."""

    def close(self, timeout: float = ...) -> bool:
        """Stop, save the state, let go of the folder; whether that took less than `timeout` seconds."""

    def kept(self) -> Kept:
        """What of the run is on the disk."""


class Feed:
    """Measurements on their way from the engine's thread to a reporter."""

    def __init__(self) -> None:
        self.queue: queue.SimpleQueue[tuple[int, dict[str, Any]]] = queue.SimpleQueue()

    def __call__(self, step: int, values: dict[str, Any]) -> None:
        """Called by the engine's thread; never blocks."""
        self.queue.put((step, values))

    def drain(self, to: Reporter, wait: float = 0.0) -> None:
        """Report what has arrived, waiting up to `wait` seconds for something to arrive."""
        try:
            item = self.queue.get(timeout=wait) if wait else self.queue.get_nowait()
            while True:
                to.measured(*item)
                item = self.queue.get_nowait()
        except queue.Empty:
            return


class Signals:
    """Hears ctrl+c, SIGTERM and SIGHUP while open; the second ctrl+c leaves at once, without waiting for anything.

    One that came before, and ended nothing because of where it came, is heard as it opens.

    Args:
        last_words: what is said then.
    """

    def __init__(self, last_words: Callable[[], str] = lambda: "nothing was waited for") -> None:
        self.heard = ""
        self._last_words = last_words
        self.old: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                self.old[number] = signal.signal(number, self._hear)
        if interrupted():
            self.heard = "SIGINT"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self.old.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.heard and number == signal.SIGINT:
            self._leave()
        self.heard = signal.Signals(number).name

    def _leave(self) -> NoReturn:
        """Past whatever is being printed: this may have interrupted it, so streams are not to be relied on."""
        with contextlib.suppress(Exception):
            cursor = SHOW_CURSOR if sys.stderr.isatty() else ""  # a progress bar hides it
            os.write(sys.stderr.fileno(), f"{cursor}genlab: interrupted at once; {plain(self._last_words())}\n".encode())
        leave_now(Exit.INTERRUPTED)


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    cut: whether a person ended it before its time; unread: whether that was by closing the pipe, which ends runs that are not stored.
    elsewhere: whether that was asked for by another process, such as `genlab watch`.
    error: the exception that ended it, if one did. kept: what is on the disk of a run that was cut.
    """

    last: Snapshot
    cut: bool
    unread: bool = False
    error: BaseException | None = None
    kept: Kept | None = None
    elsewhere: bool = False


def drive(runner: Driven, feed: Feed, report: Reporter) -> Ending:
    """Run to the end, or to a signal; to a closed pipe where standard output is not a `LastingOutput`. The state is saved in every case."""
    pipe = True
    with Signals(lambda: runner.kept().sentence) as signals:
        runner.start()
        try:
            pipe = _follow(runner, feed, report, signals)
        finally:
            elsewhere = runner.latest().phase is Phase.STOPPED  # nothing here stops it but closing
            cut = elsewhere or not runner.latest().phase.over
            if not runner.close(timeout=SOON):
                waiting = "waiting for what cannot be cut, and for the state to be saved" if cut else "waiting for the run to be stored"
                say(f"genlab: {waiting}; ctrl+c leaves at once")
                runner.close(timeout=PATIENCE - SOON)
        last = runner.latest()
        try:
            if pipe:
                feed.drain(report)
                report.end(last)
        except BrokenPipeError:
            pipe = False
            hush()
        finally:
            report.close()
    return Ending(last, cut, not pipe, runner.error, runner.kept() if cut else None, elsewhere)


def _follow(runner: Driven, feed: Feed, report: Reporter, signals: Signals) -> bool:
    """Report until the run is over or a signal is heard; return whether the pipe still stands."""
    try:
        while not signals.heard:
            feed.drain(report, POLL)
            snapshot = runner.latest()
            report.look(snapshot)
            if snapshot.phase.over:
                break
    except BrokenPipeError:
        hush()
        return False
    return True


def conclude(ending: Ending, *, debug: bool = False) -> int:
    """Say how a run ended where that needs saying, and return the exit code."""
    last, error = ending.last, ending.error
    if last.phase in (Phase.FAILED, Phase.DIVERGED):
        if debug and error is not None:
            traceback.print_exception(error)
        say(f"genlab: {last.sentence}", *([f"  {last.hint}"] if last.hint else []))
        return int(error.exit_code) if last.phase is Phase.FAILED and isinstance(error, LabError) else Exit.RUN_FAILED
    if ending.cut and not ending.unread:
        _tell_interrupted(ending)
    if last.unstored:
        say(f"genlab: {last.run} is {last.unstored}")
        return Exit.RUN_FAILED
    return Exit.INTERRUPTED if ending.cut else Exit.DONE


def _tell_interrupted(ending: Ending) -> None:
    last, kept = ending.last, ending.kept
    where = f"genlab: {'stopped by another process' if ending.elsewhere else 'interrupted'} at {last.unit} {last.step}"
    if not last.folder or (last.unstored and (kept is None or kept.saved is None)):  # why it is not stored is said apart
        say(f"{where}." if last.unstored else f"{where}; nothing new is stored.")
    elif kept is None or (kept.resumable and not kept.stuck and not last.unstored):
        say(f"{where}; the state is saved.", f"  Go on with: genlab resume {called(Path(last.folder))}")
    else:
        say(f"{where}; {kept.sentence.rstrip('.')}.", *([f"  Go on with: {kept.hint}"] if kept.resumable else []))
