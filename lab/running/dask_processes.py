"""A Dask scheduler and workers as processes of this machine, on 127.0.0.1 alone; ctrl+c does not reach them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from engine.errors import LabError
from lab.running.detached import no_process

PATIENCE = 60.0  # seconds until a scheduler has said where it listens
LEAVING = 3.0  # seconds in which a process that was asked to end does
LOOK = 0.05  # seconds between two looks
UNUSED = "3600s"  # after which a scheduler without a client ends by itself, and workers without a scheduler
HOST = "127.0.0.1"
# Dask has its workers give freed memory back at once, which costs a tenth to a third of the time, by few readings of work with large arrays
ALLOCATION = {"MALLOC_TRIM_THRESHOLD_": str(2**26), "MALLOC_MMAP_THRESHOLD_": str(2**25)}


class DaskProcesses:
    """A scheduler and `count` workers, ended with the block.

    Attributes:
        address: the scheduler's.

    Raises:
        LabError: the system starts no further process, or they do not come up.
    """

    def __init__(self, count: int) -> None:
        self._count, self.address = count, ""
        self._folder = tempfile.TemporaryDirectory(prefix="genlab-dask-")
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def scheduler(self) -> subprocess.Popen[bytes]:
        """The scheduler's process."""
        return self._processes[0]

    def __enter__(self) -> DaskProcesses:
        place = Path(self._folder.name)
        try:
            self.start("scheduler", "--port", "0", "--idle-timeout", UNUSED, "--scheduler-file", str(place / "scheduler.json"))
            self.address = self._address(place / "scheduler.json")
            one_by_one = ("--nworkers", str(self._count), "--nthreads", "1", "--memory-limit", "0")
            self.start("worker", self.address, *one_by_one, "--local-directory", str(place), "--death-timeout", UNUSED)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):  # nothing is at work by now
            for process in self._processes:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                for process in self._processes:
                    process.wait(LEAVING)
        with contextlib.suppress(OSError):  # a worker that was killed may have left what is being deleted
            self._folder.cleanup()

    def start(self, what: str, *args: str) -> subprocess.Popen[bytes]:
        """Start `dask WHAT` with these arguments.

        Raises:
            LabError: the system does not.
        """
        command = [sys.executable, "-P", "-m", f"distributed.cli.dask_{what}", *args, "--host", HOST, "--no-dashboard"]
        with (Path(self._folder.name) / f"{what}.log").open("ab") as log:
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env={**ALLOCATION, **os.environ}
                )
            except OSError as error:
                raise no_process(error) from error
        self._processes.append(process)
        return process

    def _address(self, file: Path) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._processes[0].poll() is None:
            with contextlib.suppress(OSError, ValueError, KeyError):
                return str(json.loads(file.read_text())["address"])
            time.sleep(LOOK)
        words = (Path(self._folder.name) / "scheduler.log").read_text(errors="replace").strip().splitlines()
        raise LabError(f"the Dask scheduler did not start: {words[-1][:200] if words else 'it said nothing'}", "leave --scheduler out")
