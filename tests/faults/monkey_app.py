"""The app as the monkey finds it: the real one, which answers two further keys through a pipe and stays when it is told to quit.

python -m tests.faults.monkey_app PIPE FOLDER WARM
"""

from __future__ import annotations

import ctypes
import faulthandler
import fcntl
import gc
import json
import os
import signal
import sys
import termios
import time
from pathlib import Path
from typing import ClassVar

import psutil
from textual.binding import Binding, BindingType

from lab import launching
from lab.app import LabApp
from lab.open_runs import BackgroundRuns

HEARD, SETTLE = "\x1b[24~", "\x1b[23~"  # F12: answer when what came before was heard; F11: close everything and say what is held
PATIENCE = 120.0  # seconds for runs to end
STACKS = "stacks.txt"  # beside the runs: where every thread is, when the app is asked by SIGUSR1


class MonkeyApp(LabApp):
    """The lab, with an ear for its tester."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "heard", show=False, priority=True),
        Binding("f11", "settle", show=False, priority=True),
    ]
    pipe = -1

    def action_leave(self) -> None:
        """Stay."""

    def action_interrupt(self) -> None:
        """Stay."""

    def action_heard(self) -> None:
        """Answer after the present screen has done what it was asked before."""
        self.screen.call_later(self._answer, {})

    async def action_settle(self) -> None:
        """Go home, close all runs and forget their screens, and answer what is held then."""
        self.screens.home()
        for name, screen in self._screens.items():
            self.uninstall_screen(name)
            if screen.is_attached:
                await screen.remove()
        if self._tour is not None:
            self.uninstall_screen(self._tour)
            if self._tour.is_attached:
                await self._tour.remove()
        self._tour = None
        self._screens.clear()
        self.sessions.clear()
        runs = self.open_runs
        assert isinstance(runs, BackgroundRuns)
        runs.close()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not all(runner.close(0.1) for runner in runs._runners):
            pass
        runs._runners.clear()
        runs._guide = None
        self.set_timer(1.0, self._tell)  # screens end in tasks of their own

    def _tell(self) -> None:
        gc.unfreeze()  # the app freezes what it has loaded
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        process = psutil.Process()
        self._answer({"threads": process.num_threads(), "handles": process.num_fds(), "memory": process.memory_info().rss})

    def _answer(self, said: dict[str, int]) -> None:
        os.write(self.pipe, json.dumps(said).encode() + b"\n")


def main(pipe: str, folder: str, warm: str) -> int:
    """Be the app in the terminal on standard input."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    MonkeyApp.pipe = int(pipe)
    stacks = Path(folder).with_name(STACKS).open("w", encoding="utf-8")
    faulthandler.register(signal.SIGUSR1, stacks, all_threads=True)
    launching.LabApp = MonkeyApp  # type: ignore[misc]
    os.chdir(Path(folder).parent)  # where it exports to
    if warm == "warm":
        load_everything()
    return launching.launch(runs=Path(folder), threads=1)


def load_everything() -> None:
    """Import what opening phenomena would import, so that growth is what a person's use adds."""
    import screens.command_palette
    import screens.help  # noqa: F401
    from engine import registry
    from lab.export import formats  # noqa: F401
    from lab.open_runs import screen_of

    for entry in registry.entries():
        registry.load(entry.name)
        screen_of(entry)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
