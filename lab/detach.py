"""Runs that outlive their terminal: `genlab run NAME --detach`.

The parent starts the same command in a session of its own (no SIGHUP reaches it) and waits for one line: the name of
the run folder. From then on the child writes to `log.txt` in that folder, and the parent is free to leave.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Exit
from lab.headless import LineReporter
from lab.output import emit, say

if TYPE_CHECKING:
    from engine.contract import Snapshot

LOG = "log.txt"


def python_lab() -> list[str]:
    """The command that starts this genlab again, whatever the folder it is started from."""
    return [sys.executable, "-P", "-m", "lab"]


def detach(args: Sequence[str], *, as_json: bool = False) -> int:
    """Start `genlab ARGS` in the background and return once its run folder exists; its exit code if it never does."""
    command = [*python_lab(), *args, "--announce"]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None and child.stderr is not None
    line = child.stdout.readline()
    if not line:
        sys.stderr.write(child.stderr.read())
        return child.wait()
    run = json.loads(line)
    child.returncode = 0  # it goes on without us; the interpreter need not warn
    if as_json:
        emit({"event": "detached", "run": run["run"], "folder": run["folder"], "process": child.pid})
    else:
        say(f"running in the background as process {child.pid}", f"  Watch it: genlab watch {run['run']}   stop it: kill {child.pid}")
        print(run["run"], flush=True)
    return Exit.DONE


class AnnounceReporter(LineReporter):
    """In the child: name the run folder on standard output once, then write lines to its log."""

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
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(target, stream.fileno())
    os.close(target)
