"""What tests of the runner ask of a run: wait for a phase, read its records, compare its curves."""

from pathlib import Path

import numpy as np

from engine.contract import Phase
from engine.phenomenon import geometric_grid
from engine.store import RunFolder
from tests.engine.patience import until
from tests.engine.toy_phenomenon import InstantToy, ToyConfig

LONG = 10**8  # steps that no test waits for


def phase(run, wanted):
    """Wait for a phase and return the snapshot that shows it."""
    until(lambda: run.latest().phase is wanted, f"phase {wanted} (now {run.latest().phase}: {run.latest().sentence})")
    return run.latest()


def moving(run):
    """Wait until steps are made and return the snapshot."""
    until(lambda: run.latest().phase is Phase.RUNNING and run.latest().step > 0, "a step")
    return run.latest()


def finished(run):
    assert run.join(60), run.latest().sentence
    return run.latest()


def records(snapshot):
    found, note = RunFolder.open(snapshot_path(snapshot)).records()
    assert note == ""
    return found


def snapshot_path(snapshot):
    return Path(snapshot.folder)


def same_curves(one, two):
    assert [item.name for item in one.series] == [item.name for item in two.series]
    for first, second in zip(one.series, two.series, strict=True):
        np.testing.assert_array_equal(first.x, second.x)
        np.testing.assert_array_equal(first.y, second.y)


def reference(seeds, **knobs):
    """The toy computed without a runner, one step at a time: (step, train-loss) of every measurement."""
    toy = InstantToy(ToyConfig(**knobs), seeds)
    grid = set(geometric_grid(toy.config.steps).tolist())
    found = []
    while True:
        if toy.step in grid:
            found.append((toy.step, toy.measure()["train-loss"].tolist()))
        if toy.done:
            return found
        toy._descend()


def phase_of(run):
    until(lambda: run.latest().phase is not Phase.READY)
    return run.latest().phase
