"""Commands of genlab in processes of their own, several at once: how each ended, and one way to stop them all."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.cores import require_threads
from engine.errors import Exit
from lab.running.detached import genlab_command, no_process
from lab.running.driving import Signals

CODES = (Exit.DONE, Exit.USAGE, Exit.RUN_FAILED, Exit.DATA_MISSING, Exit.INTERRUPTED)  # of `genlab run` and `resume`
J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    code: its exit code; below zero, the number of the signal that killed it. result: the result line of `genlab run --json`, empty
    where it printed none. sentence: what it said first on standard error, or what killed it; hint: what it said to do about it.
    """

    code: int
    result: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""
    hint: str = ""

    @property
    def cut_short(self) -> bool:
        """Whether it was stopped before its end."""
        return self.code == Exit.INTERRUPTED or self.killed

    @property
    def killed(self) -> bool:
        """Whether a signal ended it."""
        return self.code < 0


class Children:
    """Runs commands side by side; ctrl+c, SIGTERM or SIGHUP stops them all, each as `genlab run` stops.

    Args:
        workers: how many at once.
        last_words: what is said where a second ctrl+c leaves at once.

    Attributes:
        stopped: whether somebody stopped them; none is begun any more.
    """

    def __init__(self, workers: int, last_words: str) -> None:
        self.workers = workers
        self.stopped = False
        self._last_words = last_words
        self._processes: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def each(self, work: Callable[[J], R | None], jobs: Sequence[J]) -> Iterator[tuple[J, R]]:
        """Do the work on every job and return each with its outcome, as they end; where the outcome is None, it was not begun.

        work: called in several threads; it calls `run`.

        Raises:
            LabError: the system starts no further thread.
        """
        require_threads(self.workers)
        with Signals(lambda: self._last_words) as signals, ThreadPoolExecutor(self.workers) as pool:
            waiting: dict[Future[R | None], J] = {pool.submit(work, job): job for job in jobs}
            try:
                while waiting:
                    for future in _done(waiting):
                        job, outcome = waiting.pop(future), future.result()
                        if outcome is not None:
                            yield job, outcome
                    if signals.heard and not self.stopped:
                        self.stop()
            finally:
                if waiting:  # nobody listens any more
                    self.stop()

    def run(self, args: Sequence[str]) -> Ended | None:
        """Run `genlab ARGS` and wait for its end; None where somebody stopped before it was begun."""
        with self._lock:
            if self.stopped:
                return None
            try:
                process = subprocess.Popen(
                    [*genlab_command(), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                return Ended(int(Exit.RUN_FAILED), {}, no_process(error).message)
            self._processes.add(process)
        out, err = process.communicate()
        with self._lock:
            self._processes.discard(process)
        return ended(process.returncode, out, err)

    def stop(self) -> None:
        """Begin none any more, and ask those at work to stop."""
        with self._lock:
            self.stopped = True
            for process in self._processes:
                process.terminate()


def ended(code: int, out: str, err: str) -> Ended:
    """Read what a child left."""
    result = result_line(out)
    if code < 0:
        return Ended(code, result, killed_by(-code))
    first, second = (*err.strip().splitlines(), "", "")[:2]
    sentence, hint = first.removeprefix("genlab: "), second.strip() if second.startswith("  ") else ""
    if not result and code == Exit.DONE:
        return Ended(int(Exit.RUN_FAILED), {}, sentence or "ended without a result")
    if code not in CODES:
        return Ended(int(Exit.RUN_FAILED), result, sentence or f"ended with exit code {code}")
    return Ended(code, result, sentence, hint)


def result_line(out: str) -> dict[str, Any]:
    """The result that a run prints last; empty where it was ended before, within a line perhaps."""
    lines = out.splitlines()
    try:
        last = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return last if isinstance(last, dict) and last.get("event") == "result" else {}


def killed_by(number: int) -> str:
    """What killed a process: `killed by SIGKILL (often: out of memory)`."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"killed by {name}" + (" (often: out of memory)" if name == "SIGKILL" else "")


def _done(waiting: dict[Future[Any], Any]) -> list[Future[Any]]:
    """Futures that are done, after at most a tenth of a second."""
    try:
        return [next(as_completed(waiting, timeout=0.1))]
    except TimeoutError:
        return []
