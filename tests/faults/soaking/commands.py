"""Commands of genlab in forks of this process, which has torch and every phenomenon loaded: what they all import is loaded once.

The process that forks must not compute itself: threads do not survive a fork.
"""

from __future__ import annotations

import atexit
import importlib
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import registry

MEMORY = 12 * 2**30  # bytes of addresses that one command may have; torch alone maps several
PATIENCE = 120.0  # seconds after which a command is said to hang
LOADED = ("torch", "lab.cli.main", "lab.running.single", "lab.running.driving", "lab.stored", "lab.export.text_figures", "engine.runner")

Prepare = Callable[[], None]


@dataclass(frozen=True)
class Said:
    """How a command ended: its exit code (below 0: by that signal; None: it hung and was ended), what it wrote, seconds it took."""

    code: int | None
    out: str
    err: str
    seconds: float


class Child:
    """One command at work."""

    def __init__(self, pid: int, out: Path, err: Path) -> None:
        self.pid, self._out, self._err = pid, out, err
        self._begun = time.monotonic()
        self._pidfd = os.pidfd_open(pid)
        self._code: int | None = None
        self._over = False

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        if not self._over and select.select([self._pidfd], [], [], max(0.0, seconds))[0]:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self._pidfd)
            self._over = True
        return self._over

    def send(self, number: int) -> None:
        """Send it a signal, if it is still there."""
        if not self.wait(0.0):
            os.kill(self.pid, number)

    def said(self, patience: float = PATIENCE) -> Said:
        """Wait for its end and return how it ended."""
        hung = not self.wait(patience)
        if hung:
            self.send(signal.SIGKILL)
            self.wait(60.0)
        text = [path.read_text(encoding="utf-8", errors="replace") for path in (self._out, self._err)]
        return Said(None if hung else self._code, *text, time.monotonic() - self._begun)


def preload() -> None:
    """Import what commands need."""
    for name in LOADED:
        importlib.import_module(name)
    for name in registry.names():
        registry.load(name)


def begin(folder: Path, *args: str, prepare: Prepare | None = None) -> Child:
    """Start `genlab ARGS` in a fork; prepare: called in it first. What it writes goes to files in the folder."""
    return fork(folder, lambda: _genlab(args), prepare)


def run(folder: Path, *args: str, prepare: Prepare | None = None) -> Said:
    """Run `genlab ARGS` in a fork to its end."""
    return begin(folder, *args, prepare=prepare).said()


def fork(folder: Path, work: Callable[[], int], prepare: Prepare | None = None) -> Child:
    """Start a function in a fork; what it returns is the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    out.write_bytes(b"")
    err.write_bytes(b"")
    pid = os.fork()
    if pid:
        return Child(pid, out, err)
    code = 70
    try:
        _streams(out, err)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if prepare:
            prepare()
        code = work()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()  # as the interpreter's own end does, which would go on into the caller here
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _streams(out: Path, err: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    files = [nothing, *(os.open(path, os.O_WRONLY | os.O_APPEND) for path in (out, err))]
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        os.dup2(files[number], number)
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _genlab(args: tuple[str, ...]) -> int:
    import genlab.__main__ as program
    from genlab import beginning

    sys.argv = ["genlab", *args]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    beginning.hear_interrupts()
    return program.main(list(args))
