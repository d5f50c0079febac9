"""Runs that outlive their terminal: `genlab run NAME --detach`.

The parent starts the same command in a session of its own (no SIGHUP reaches it) and waits for one line: the name of
the run folder. From then on the child writes to a log in that folder, and the parent is free to leave.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.errors import Exit, LabError
from engine.store import called
from lab.output import emit, say
from lab.running.driving import POLL, Signals


def genlab_command() -> list[str]:
    """The command that starts this genlab again, whatever the folder it is started from."""
    return [sys.executable, "-P", "-m", "genlab"]


def no_process(error: OSError) -> LabError:
    """The error for a system that starts no further process."""
    return LabError(f"no process could be started: {(error.strerror or str(error)).lower()}", "end other processes, or raise ulimit -u")


def detach(args: Sequence[str], *, as_json: bool = False) -> int:
    """Start `genlab ARGS` in the background and return once its run folder exists; its exit code if it never does.

    Interrupted before there is a run to name, it stops what was begun.

    Raises:
        LabError: the system starts no further process.
    """
    command = [*genlab_command(), *args, "--announce"]
    with Signals(lambda: "the run that was begun may go on: genlab runs") as signals:
        try:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
        except OSError as error:
            raise no_process(error) from error
        assert child.stdout is not None and child.stderr is not None
        while not select.select([child.stdout], [], [], POLL)[0]:
            if signals.heard in ("SIGINT", "SIGTERM"):  # a terminal that hangs up is what it is detached from
                return _taken_back(child)
        line = child.stdout.readline()
    if not line:
        sys.stderr.write(child.stderr.read())
        return child.wait()
    run = json.loads(line)
    child.returncode = 0  # it goes on without us; the interpreter need not warn
    child.stdout.close()
    child.stderr.close()
    if as_json:
        emit({"event": "detached", "run": run["run"], "folder": run["folder"], "process": child.pid})
    else:
        watch = f"genlab watch {called(Path(run['folder']))}"
        say(f"running in the background as process {child.pid}", f"  Watch it: {watch}   stop it: kill {child.pid}")
        print(run["run"], flush=True)
    return Exit.DONE


def _taken_back(child: subprocess.Popen[str]) -> int:
    """Stop a run that nobody was told of, and hand on what it says."""
    child.terminate()
    announced, said = child.communicate()
    resume = [f"  Go on with: genlab resume {called(Path(json.loads(announced)['folder']))}"] if announced else []
    say(*(said.splitlines() or ["genlab: interrupted", *resume]))
    return Exit.INTERRUPTED
