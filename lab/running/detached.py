"""Runs that outlive their terminal: `genlab run NAME --detach`.

The parent starts the same command in a session of its own (no SIGHUP reaches it) and waits for one line: the name of
the run folder. From then on the child writes to a log in that folder, and the parent is free to leave.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from engine.errors import Exit
from lab.output import emit, say


def genlab_command() -> list[str]:
    """The command that starts this genlab again, whatever the folder it is started from."""
    return [sys.executable, "-P", "-m", "genlab"]


def detach(args: Sequence[str], *, as_json: bool = False) -> int:
    """Start `genlab ARGS` in the background and return once its run folder exists; its exit code if it never does."""
    command = [*genlab_command(), *args, "--announce"]
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
