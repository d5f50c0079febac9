"""A monkey at the lab's keys: random keys, mouse events and resizes against the real app in a pseudo-terminal.

python -m tests.faults.monkey --seed S --actions N [--folder D] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.monkey_app import HEARD, SETTLE, STACKS
from tests.faults.monkey_hands import SIZES, Hands
from tests.lab.command_line import ROOT, environment

REPORTS = ("defect.txt", "crash.txt")  # what the interface and a run write when something inside them went wrong
STANDS = b"myet\x1b["  # the state of a card ("no run yet", word by word), which home draws last
PATIENCE = 90.0  # seconds in which the app answers: it may be importing, and the machine may be busy
TO_SETTLE = 200.0  # seconds in which all runs end
SYNC = 24  # actions after which the app is waited for
LONG = 2000  # actions from which on the first third only warms up: it loads every phenomenon and fills caches and allocators
MORE_THREADS = min(32, (os.cpu_count() or 1) + 4)  # asyncio keeps as many for what it does beside the interface, such as exports
MORE_HANDLES = 8
MORE_MEMORY = 256 << 20  # six times 1,000 actions ended at 709, 802, 854, 893, 898 and 872 MiB: allocators fill up, nothing goes on growing
TO_LOAD = 640 << 20  # what is loaded within a short form: torch, scipy, the phenomena


class Failed(Exception):
    """The app did not survive; the sentence says how."""


@dataclass(frozen=True)
class Usage:
    """What a process holds: threads, open files, bytes of resident memory."""

    threads: int
    handles: int
    memory: int


NOTHING = Usage(0, 0, 0)


@dataclass(frozen=True)
class MonkeyReport:
    """What became of the app under one monkey.

    survived: it went on to the end, wrote no traceback and no report, and held no more afterwards than before and the allowance.
    failure: one sentence where it did not survive; empty otherwise.
    """

    seed: int
    actions: int
    survived: bool
    failure: str
    before: Usage
    after: Usage
    seconds: float


class App:
    """The app in a terminal of its own, and the pipe through which it answers.

    Attributes:
        raw: every byte that it wrote on the terminal.
    """

    def __init__(self, folder: Path, warm: bool) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(self.master, SIZES[0][::-1])
        self._answers, write = os.pipe()
        command = [sys.executable, "-m", "tests.faults.monkey_app", str(write), str(folder / "runs"), "warm" if warm else "cold"]
        env = environment(folder / "runs", TERM="xterm-256color", COLORTERM="truecolor", OMP_NUM_THREADS="1")
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, pass_fds=[write], start_new_session=True, cwd=ROOT, env=env
        )
        os.close(slave)
        os.close(write)
        self.raw = bytearray()
        self._said = b""

    def do(self, data: bytes, size: tuple[int, int] | None) -> None:
        """Write bytes at once, or change the size."""
        if size is not None:
            termios.tcsetwinsize(self.master, size[::-1])
        while data:
            self.read(0.0)
            data = data[self._write(data) :]

    def ask(self, key: str, seconds: float) -> dict[str, int]:
        """Press a key that the app answers through the pipe, and return its answer.

        Raises:
            Failed: it ended, or does not answer.
        """
        self.do(key.encode(), None)
        self.wait(lambda: b"\n" in self._said, seconds)
        line, _, self._said = self._said.partition(b"\n")
        answer: dict[str, int] = json.loads(line)
        return answer

    def wait(self, condition: Callable[[], bool], seconds: float) -> None:
        """Read until a condition holds.

        Raises:
            Failed: the app ended, or it does not hold in time.
        """
        until = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise Failed(f"the app ended with code {self.process.returncode}: {self.last_words}")
            if time.monotonic() > until:
                os.kill(self.process.pid, signal.SIGUSR1)
                time.sleep(1.0)
                raise Failed(f"the app did not answer within {seconds:.0f} s; {STACKS} says what it did instead")
            self.read(0.1)

    def usage(self) -> Usage:
        """What it holds at home with all runs closed.

        Raises:
            Failed: it ended, or its runs did not.
        """
        return Usage(**self.ask(SETTLE, TO_SETTLE))

    def read(self, seconds: float) -> None:
        """Take what the app writes and answers within a moment."""
        for file in select.select([self.master, self._answers], [], [], seconds)[0]:
            try:
                data = os.read(file, 65536)
            except OSError:
                data = b""
            if file == self.master:
                self.raw += data
            else:
                self._said += data

    def end(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for file in (self.master, self._answers):
            os.close(file)

    @property
    def last_words(self) -> str:
        """What it wrote after it gave the terminal back."""
        return " ".join(self.raw[self.raw.rfind(b"\x1b[?1049l") + 8 :].decode(errors="replace").split())[-600:]

    def _write(self, data: bytes) -> int:
        if not select.select([], [self.master], [], 1.0)[1]:
            return 0
        try:
            return os.write(self.master, data)
        except OSError:
            raise Failed(f"the app gave up its terminal: {self.last_words}") from None


def run(seed: int, actions: int, folder: Path) -> MonkeyReport:
    """Let the monkey of a seed press so many times; the runs, what it did and what the app drew are kept in a folder."""
    folder = folder / f"monkey-{seed}"
    folder.mkdir(parents=True)
    before = after = NOTHING
    failure, done = "", 0
    app = App(folder, warm=actions >= LONG)
    began = time.monotonic()
    try:
        app.wait(lambda: STANDS in app.raw, PATIENCE)
        app.ask(HEARD, PATIENCE)
        began = time.monotonic()
        hands, warming = Hands(seed), actions // 3 if actions >= LONG else 0
        done = _play(app, hands, warming, folder)
        before = app.usage()
        done += _play(app, hands, actions - done, folder)
        after = app.usage()
        _judge(app, folder, before, after, MORE_MEMORY if warming else TO_LOAD)
    except Failed as failed:
        failure = str(failed)
    finally:
        seconds = time.monotonic() - began
        app.end()
        (folder / "terminal.raw").write_bytes(app.raw)
    return MonkeyReport(seed, done or actions, not failure, failure, before, after, seconds)


def _play(app: App, hands: Hands, actions: int, folder: Path) -> int:
    """Do so many actions, waiting for the app now and then; return how many were done."""
    done = since = 0
    with (folder / "actions.txt").open("a", encoding="utf-8") as kept:
        while done < actions:
            burst = hands.burst(actions - done)
            print(done, burst.size or burst.data, file=kept, flush=True)
            app.do(burst.data, burst.size)
            done += burst.actions
            since += burst.actions
            if since >= SYNC or burst.size is not None:
                since = 0
                app.ask(HEARD, PATIENCE)
    app.ask(HEARD, PATIENCE)
    return done


def _judge(app: App, folder: Path, before: Usage, after: Usage, more_memory: int) -> None:
    _look_for_reports(folder)
    if b"Traceback" in app.raw:
        raise Failed("a traceback was written on the terminal")
    if after.threads > before.threads + MORE_THREADS:
        raise Failed(f"{after.threads} threads at the end, {before.threads} at the start")
    if after.handles > before.handles + MORE_HANDLES:
        raise Failed(f"{after.handles} open files at the end, {before.handles} at the start")
    if after.memory > before.memory + more_memory:
        raise Failed(f"{after.memory >> 20} MiB at the end, {before.memory >> 20} MiB at the start")


def _look_for_reports(folder: Path) -> None:
    paths = sorted(path for path in (folder / "runs").rglob("*.txt") if path.name in REPORTS)
    if paths:
        last = {path.read_text(encoding="utf-8").strip().splitlines()[-1]: path for path in paths}
        raise Failed("; ".join(f"a report was written: {path}: {line}" for line, path in last.items()))


def main() -> int:
    """Run one monkey and say what became of it."""
    parser = argparse.ArgumentParser(description="A monkey at the lab's keys.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--actions", type=int, default=1000)
    parser.add_argument("--folder", type=Path, help="where runs, actions and what was drawn are kept; a temporary one by default")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = run(given.seed, given.actions, given.folder or Path(tempfile.mkdtemp(prefix="monkey-")))
    if given.json:
        print(json.dumps(asdict(report)))
    else:
        held = f"{report.before.memory >> 20} to {report.after.memory >> 20} MiB, {report.before.threads} to {report.after.threads} threads"
        held += f", {report.before.handles} to {report.after.handles} files"
        print(f"monkey {report.seed}: {report.actions} actions in {report.seconds:.0f} s, {held}: {report.failure or 'survived'}")
    return 0 if report.survived else 1


if __name__ == "__main__":
    sys.exit(main())
