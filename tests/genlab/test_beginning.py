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
            os.kill(os.getpid(), signal.{number})

sys.meta_path.insert(0, Interrupt())
from genlab.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("name", ["genlab.own_packages", "engine", "typer", "lab.cli.groups", "engine.registry", "lab.declarations"])
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_within_an_import_is_one_line(tmp_path: Path, name: str, number: str) -> None:
    script = INTERRUPT_AT.format(name=name, number=number)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "genlab: interrupted\n")


@pytest.mark.parametrize("args", [["run", "toy", "--steps", "100000000"], ["list"], ["runs"], ["show", "nothing"]])
def test_an_interrupt_at_any_moment_of_the_first_second_is_no_traceback(tmp_path: Path, args: list[str]) -> None:
    for wait in (0.1, 0.3, 0.6):
        child = start(tmp_path, *args)
        time.sleep(wait)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
        if child.returncode != 130:  # it was over before, or Python itself had not begun yet, of which genlab's first lines are read last
            assert child.returncode >= 0 or "KeyboardInterrupt" in err, "ended by the signal itself, at the interpreter's end"
            assert args[0] != "run" or "KeyboardInterrupt" in err, err
            assert not any(f"{os.sep}{package}{os.sep}" in err for package in ("engine", "lab", "screens")), err
            continue
        assert "Traceback" not in err and "interrupted" in err


SWALLOWED = """
import os, signal, sys, time
sys.argv = ["genlab", "run", "toy", "--steps", "100000000"]
from genlab import beginning
beginning.hear_interrupts()
from genlab.__main__ import main
from lab.running import single

class Swallowing:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)

def check(device, check=single.check_device):
    Swallowing()
    check(device)

single.check_device = check
sys.exit(main())
"""


def test_an_interrupt_that_python_drops_ends_the_run_that_begins_then(tmp_path: Path) -> None:
    env = environment(tmp_path)
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True, check=False, env=env, timeout=120)
    assert done.returncode == 130 and done.stderr.startswith("genlab: interrupted\n") and "Traceback" not in done.stderr
    assert "genlab: interrupted at step " in done.stderr, done.stderr


LATE = """
import os, sys
sys.argv = ["genlab"]
from genlab import beginning
beginning.hear_interrupts()
class Late:
    def __del__(self, kill=os.kill, process=os.getpid()):
        kill(process, {number})
late = Late()
sys.exit(3)
"""


@pytest.mark.parametrize("number", [int(signal.SIGINT), int(signal.SIGTERM), int(signal.SIGHUP)])
def test_a_signal_at_the_end_of_the_interpreter_leaves_the_exit_code(tmp_path: Path, number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LATE.replace("{number}", str(number))],
        capture_output=True,
        text=True,
        check=False,
        env=environment(tmp_path),
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


WITHIN_EVAL = """
import os, sys
sys.argv = ["genlab"]
import genlab.__main__ as entry
import lab.cli.main
def command(argv):
    eval("os.kill(os.getpid(), 2)", {"os": os})
lab.cli.main.main = command
sys.exit(entry.main())
"""


def test_an_interrupt_within_the_evaluation_of_a_text_has_the_exit_code_of_every_other(tmp_path: Path) -> None:
    (tmp_path / "within_eval.py").write_text(WITHIN_EVAL)
    given = environment(tmp_path)
    given["PYTHONPATH"] = os.pathsep.join([str(tmp_path), *filter(None, [given.get("PYTHONPATH")])])
    done = subprocess.run([sys.executable, "-m", "within_eval"], capture_output=True, text=True, check=False, env=given)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "genlab: interrupted\n")


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
