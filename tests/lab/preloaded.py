"""A process that has imported the app and forks for every program in a terminal: what they all import is loaded once.

Run as `python -m tests.lab.preloaded`. One JSON request a line on standard input: {"tty", "module", "args", "environ", "anew"};
on standard output {"pid": ...} when it has begun and {"pid": ..., "code": ...} when it has ended. `Programs` is its other side.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
from functools import cache

from tests.lab.command_line import ROOT

LOADED = ("lab.cli.main", "lab.launching", "lab.open_runs", "lab.export.formats", "engine.runner", "engine.store", "screens.base")
LOADED += (
    "screens.help",
    "screens.command_palette",
    "screens.widgets.plot_view",
    "screens.widgets.picture_view",
    "plotext",
    "rich.markdown",
)


class Programs:
    """Starts programs in terminals and knows which have ended. A code below 0 is the signal that ended one."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.lab.preloaded"]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environ, bufsize=0)
        self.codes: dict[int, int | None] = {}
        self._rest = b""

    def start(self, **request: object) -> int:
        """Start a program and return its process id."""
        known = set(self.codes)
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        while not set(self.codes) - known:
            self._listen(60.0)
        return (set(self.codes) - known).pop()

    def code(self, pid: int) -> int | None:
        """The exit code of a program; None while it goes on."""
        self._listen(0.0)
        return self.codes[pid]

    def close(self) -> None:
        """End the process that starts them."""
        self.process.communicate(timeout=60)

    def _listen(self, seconds: float) -> None:
        assert self.process.stdout is not None
        while select.select([self.process.stdout], [], [], seconds)[0]:
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, "the process that starts programs has ended"
            *lines, self._rest = (self._rest + data).split(b"\n")
            for said in map(json.loads, lines):
                self.codes[said["pid"]] = said.get("code")
            seconds = 0.0


@cache
def programs() -> Programs:
    """The one starter of programs in this process, begun when it is first needed; the fixture `programs_end` closes it."""
    return Programs()


# ---------------------------------------------------------------- the process itself


def main() -> int:
    """Fork for every request until there are no more; in a fork, run the program and return its exit code."""
    for name in LOADED:
        importlib.import_module(name)
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    rest = b""
    while True:
        ready = select.select([0, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 4096)
            _report_ends()
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                return 0
            *lines, rest = (rest + data).split(b"\n")
            for request in map(json.loads, lines):
                pid = os.fork()
                if pid == 0:
                    return _become(**request)
                _say(pid=pid)


def _report_ends() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(pid=pid, code=os.waitstatus_to_exitcode(status))


def _say(**said: int) -> None:
    os.write(1, json.dumps(said).encode() + b"\n")


def _become(tty: str, module: str, args: list[str], environ: dict[str, str], anew: bool) -> int:
    """Take the terminal, the arguments and the variables of a program and be it; `anew` as a fresh interpreter."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    terminal = os.open(tty, os.O_RDWR)  # the first terminal that the leader of a session opens is its own
    for descriptor in (0, 1, 2):
        os.dup2(terminal, descriptor)
    os.close(terminal)
    if anew:
        os.execve(sys.executable, [sys.executable, "-m", module, *args], environ)
    os.environ.clear()
    os.environ.update(environ)
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        stream = open(descriptor, mode, buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115 (open to the end)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = [module, *args]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
