"""The command's first moments: ctrl+c before, during and after imports is 130 and one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genlab.beginning import SilentStream
from tests.lab.command_line import environment, start

INTERRUPT_AT = """
import os, signal, sys
sys.argv = ["genlab", "list"]

class Interrupt:
    def find_spec(self, name, *_):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from genlab.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("name", ["genlab.own_packages", "engine", "typer", "lab.cli.groups", "engine.registry", "lab.declarations"])
def test_an_interrupt_within_an_import_is_one_line(tmp_path: Path, name: str) -> None:
    script = INTERRUPT_AT.format(name=name)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "genlab: interrupted\n")


@pytest.mark.parametrize("args", [["run", "toy", "--steps", "100000000"], ["list"], ["runs"], ["show", "nothing"]])
def test_an_interrupt_at_any_moment_of_the_first_second_is_no_traceback(tmp_path: Path, args: list[str]) -> None:
    for wait in (0.1, 0.3, 0.6):
        child = start(tmp_path, *args)
        time.sleep(wait)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
        if child.returncode != 130:  # it was over before, or Python itself had not begun yet
            assert args[0] != "run" or "frozen site" in err, err
            continue
        assert "Traceback" not in err and "interrupted" in err


def test_the_second_interrupt_leaves_at_once(tmp_path: Path) -> None:
    script = (
        "import os, signal, time\nfrom lab.running.driving import Signals\n"
        "with Signals(lambda: 'toy has no saved state'):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(60)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment(tmp_path), timeout=30
    )
    assert (done.returncode, done.stderr) == (130, "genlab: interrupted at once; toy has no saved state\n")


def test_importing_genlab_leaves_signals_alone(tmp_path: Path) -> None:
    script = "import signal, genlab, genlab.__main__\nprint(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment(tmp_path))
    assert done.stdout == "True\n"


def test_a_silent_stream_drops_what_it_cannot_write() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as inner:
        stream = SilentStream(inner)
        assert stream.write("nobody\n") == 7
        stream.flush()
        assert stream.fileno() == writing
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)
