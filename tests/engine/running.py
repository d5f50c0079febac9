"""What tests of the runner ask of a run: wait for a condition (never for a clock), read its records, compare its curves."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np

from engine.contract import Phase
from engine.store import RunFolder
from engine.store.metrics import Metrics
from engine.store.strict_json import loads

ROOT = Path(__file__).parents[2]  # where `tests` can be imported from
PATIENCE = 60.0  # seconds until a condition that should come is called missing
LONG = 10**8  # steps that no test waits for


def until(condition, what="the condition"):
    """Wait until `condition()` is true and return its value."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.002)
    return value


def phase(run, wanted):
    """Wait for a phase and return the snapshot that shows it."""
    until(lambda: run.latest().phase is wanted, f"phase {wanted} (now {run.latest().phase}: {run.latest().sentence})")
    return run.latest()


def moving(run, beyond=0):
    """Wait until steps are made and return the snapshot."""
    until(lambda: run.latest().phase is Phase.RUNNING and run.latest().step > beyond, "a step")
    return run.latest()


def obeyed(run):
    """Wait until everything that was asked for is done and return the snapshot."""
    assert run._mailbox.join(PATIENCE, over=False), run.latest().sentence
    return run.latest()


def finished(run):
    assert run.join(PATIENCE), run.latest().sentence
    return run.latest()


def started(run):
    """Start it and wait for its end."""
    run.start()
    return finished(run)


def folder_of(snapshot):
    return RunFolder.open(Path(snapshot.folder))


def records(snapshot):
    found, note = folder_of(snapshot).records()
    assert note == ""
    return found


def result(folder):
    """What `result.json` says."""
    return loads((folder.path / "result.json").read_bytes())


def knob_changes(folder):
    """(step, knob, value) of every knob that was turned while the run went on."""
    return [(line["step"], line["knob"], line["value"]) for line in Metrics(folder.path / "metrics.jsonl").read().entries if "knob" in line]


def losses(found):
    """(step, train-loss) of records."""
    return [(step, values["train-loss"]) for step, values in found]


def same_curves(one, two):
    assert [item.name for item in one.series] == [item.name for item in two.series]
    for first, second in zip(one.series, two.series, strict=True):
        np.testing.assert_array_equal(first.x, second.x)
        np.testing.assert_array_equal(first.y, second.y)


def spawn(*pieces):
    """A process that runs a program, piece by piece, in which the toy, the runner and Path are known."""
    head = f"""
        import os, sys, time
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from engine.runner import Runner, run as module
        from tests.engine.toy_phenomenon import InstantToy, Toy, ToyConfig
    """
    program = "\n".join(map(textwrap.dedent, (head, *pieces)))
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
