"""Signals, once and twice, in every phase of a run: the exit code and the words are true, and nothing that was measured is lost."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from engine import registry
from engine.contract import Phase
from engine.errors import Exit, StoreError
from engine.runner.control import Control
from tests.faults.soaking import commands
from tests.faults.soaking.commands import Said
from tests.faults.soaking.references import arguments, cases, completed, only_run, reference
from tests.faults.soaking.rows import Row
from tests.golden.cases import Case
from tests.lab.command_line import ROOT

ONCE, TWICE = "ctrl+c, SIGTERM or SIGHUP in any phase", "the same twice in a row"
SINGLE = (("INT",), ("TERM",), ("HUP",))
DOUBLE = (("INT", "INT"), ("TERM", "TERM"), ("HUP", "HUP"), ("TERM", "INT"))
FIRST = """
import os, runpy, sys
sys.argv[0] = "genlab"
from genlab import beginning
beginning.hear_interrupts()
os.write({speak}, b"x")
os.close({speak})
runpy.run_module("genlab", run_name="__main__", alter_sys=True)
"""  # Python's own beginning, before it has read a line of genlab, answers ctrl+c with its own traceback
PHASES = ("starting", "loading", "preparing data", "running", "later", "ending")


def rounds() -> Iterator[str]:
    """The names of the rounds."""
    return iter(registry.names())


def do(key: str, folder: Path, kept: Path, share: float) -> list[Row]:
    """One round."""
    commands.preload()
    chance, once, twice = random.Random(f"signals {key}"), Row(ONCE), Row(TWICE)
    trials = [(phase, signals) for phase in PHASES for signals in (*SINGLE, *chance.sample(DOUBLE, 2))]
    if share < 1:
        trials = chance.sample(trials, max(1, round(share * len(trials))))
    for number, (phase, signals) in enumerate(trials):
        case = chance.choice(cases(key))
        place = folder / str(number)
        why = _tried(case, phase, signals, chance, place, kept)
        (once if len(signals) == 1 else twice).count(f"{case.id}, {'+'.join(signals)} while {phase}: {why}" if why else "")
        if not why:
            shutil.rmtree(place)
    return [once, twice]


def _tried(case: Case, phase: str, signals: tuple[str, ...], chance: random.Random, folder: Path, kept: Path) -> str:
    """Send the signals in the phase; return what is wrong with the end of it."""
    runs = folder / "runs"
    _, seconds = reference(case, kept)
    args = [*arguments(case, runs), *chance.choice((["--json"], ["--quiet"], []))]
    pauses = [chance.uniform(0.0, 0.05) for _ in signals]
    if phase == "starting":
        said = _fresh(args, signals, [chance.uniform(0.0, 0.6), *pauses[1:]])
    else:
        heard, speak = os.pipe()
        child = commands.begin(folder, *args, prepare=lambda: _telling(speak))
        os.close(speak)
        _await(heard, phase)
        os.close(heard)
        if phase == "later":
            child.wait(chance.uniform(0.0, seconds))
        for pause, name in zip(pauses, signals, strict=True):
            child.wait(pause)
            child.send(signal.Signals[f"SIG{name}"])
        said = child.said()
    if said.code == -signal.SIGPIPE:
        return f"ended by SIGPIPE: {said.err}"
    return _untrue(said, signals, "--json" in args, phase, runs) or completed(runs, case, folder, kept)


def _fresh(args: list[str], signals: tuple[str, ...], pauses: list[float]) -> Said:
    """Of a process that has just begun: its own first instructions are done, and nothing is imported yet."""
    began = time.monotonic()
    heard, speak = os.pipe()
    command = [sys.executable, "-P", "-c", FIRST.format(speak=speak), *args]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "pass_fds": (speak,)}
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, **streams) as process:
        os.close(speak)
        os.read(heard, 1)
        os.close(heard)
        for pause, name in zip(pauses, signals, strict=True):
            time.sleep(pause)
            process.send_signal(signal.Signals[f"SIG{name}"])
        try:
            out, err = process.communicate(timeout=commands.PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return Said(None, out, err, time.monotonic() - began)
    return Said(process.returncode, out, err, time.monotonic() - began)


def _telling(speak: int) -> None:
    """Let the run say its phases and remarks into a pipe."""
    enter, remark = Control.enter, Control.remark

    def tell(text: str) -> None:
        os.set_blocking(speak, False)
        try:
            os.write(speak, f"{text}\n".encode())
        except OSError:  # nobody listens any more
            return

    def entering(control: Control, message: object) -> None:
        tell("ending" if message.phase is Phase.FINISHED else str(message.phase))  # type: ignore[attr-defined]
        enter(control, message)  # type: ignore[arg-type]

    def remarking(control: Control, message: object) -> None:
        tell(message.sentence)  # type: ignore[attr-defined]
        remark(control, message)  # type: ignore[arg-type]

    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    Control.enter, Control.remark = entering, remarking  # type: ignore[assignment,method-assign]


def _await(heard: int, phase: str) -> None:
    """Wait until the run has said its phase, or has ended."""
    wanted, text = "running" if phase == "later" else phase, ""
    deadline = time.monotonic() + commands.PATIENCE
    while wanted not in text.splitlines() and time.monotonic() < deadline:
        if not select.select([heard], [], [], 1.0)[0]:
            continue
        data = os.read(heard, 65536)
        if not data:
            return
        text += data.decode()


def _untrue(said: Said, signals: tuple[str, ...], as_json: bool, phase: str, runs: Path) -> str:
    """What is false in how a command ended; empty where nothing is."""
    if said.code is None:
        return f"it hung: {said.err}"
    if "Traceback" in said.err or "defect" in said.err:
        return said.err
    allowed = {int(Exit.DONE), int(Exit.INTERRUPTED)}
    if phase == "starting":  # before a command can hear, SIGTERM and SIGHUP do what the system does
        allowed |= {-signal.Signals[f"SIG{name}"] for name in signals if name != "INT"}
    if said.code not in allowed:
        return f"exit code {said.code}: {said.err}"
    if said.code == Exit.INTERRUPTED and "interrupted" not in said.err:
        return f"interrupted without a word: {said.err!r}"
    try:
        folder = only_run(runs)
        whole = folder is not None and folder.load_progress().phase is Phase.FINISHED and folder.whole()
        saved = folder is not None and folder.load_state() is not None
    except StoreError as error:
        return error.message
    if said.code == Exit.DONE and not whole:
        return "exit code 0, and the run is not there"
    if " is saved" in said.err and not saved:
        return f"said to be saved, and is not: {said.err}"
    return _false_result(said.out, whole or saved) if as_json else ""


def _false_result(out: str, there: bool) -> str:
    """What is false in the JSON lines of a run."""
    try:
        lines = [json.loads(line) for line in out.splitlines()]
    except ValueError:
        return f"not JSON: {out[-200:]!r}"
    results = [line for line in lines if line["event"] == "result"]
    if any(result.get("stored") for result in results) and not there:
        return "stored, says the result, and is not"
    return ""
