"""The process that the app's bench entries look at: a long run, with the app before it or alone.

Run as `python -m lab.bench.attached alone|app STEPS FILE`; writes the steps per second of STEPS steps of training to FILE and
ends, or stays until it is told to end where STEPS is 0.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from engine.contract import Session, Snapshot
from engine.errors import LabError
from engine.registry import spec
from engine.runner import Runner
from engine.seeds import seed_range
from engine.store import runs_root
from lab.app import LabApp
from lab.open_runs import BackgroundRuns
from lab.terminal import Guard, LabDriver

NAME = "random-labels"
KNOBS = {"epochs": "1000", "lr": "0.0001"}  # so slow that nothing is fitted, so the run lasts
FIRST = 100  # step at which the clock starts


def make_runner() -> Runner:
    """A run of the quick preset that does not end; stored like any other."""
    found = spec(NAME)
    seeds = seed_range(0, found.preset("quick").seeds)
    return Runner(NAME, found.configure("quick", KNOBS), "custom", seeds, root=runs_root(), typed="genlab bench")


def steps_per_second(runner: Session, steps: int) -> float:
    """Steps over seconds of work, from step `FIRST` on: always the same steps, since measurements are denser at the beginning.

    Raises:
        LabError: the run ended before that.
    """
    first, last = (_reached(runner, step) for step in (FIRST, FIRST + steps))
    return (last.step - first.step) / (last.elapsed - first.elapsed)


def _reached(runner: Session, step: int) -> Snapshot:
    while (snapshot := runner.latest()).step < step:
        if snapshot.phase.over:
            raise LabError(f"the run did not last: {snapshot.sentence}", "See: genlab run " + NAME)
        time.sleep(0.02)
    return snapshot


def alone(steps: int, result: Path) -> None:
    """Train without an interface."""
    runner = make_runner()
    runner.start()
    try:
        result.write_text(json.dumps(steps_per_second(runner, steps)))
    finally:
        runner.close()


def with_app(steps: int, result: Path) -> None:
    """Train with the app in this terminal, its screen on the run."""
    runner = make_runner()

    class Bench(BackgroundRuns):
        def begin(self, name: str, preset: str = "quick") -> Session:
            runner.start()
            return runner

    app = LabApp(Bench(), first=(NAME, "quick"), driver=LabDriver)

    def measure() -> None:
        try:
            result.write_text(json.dumps(steps_per_second(runner, steps)))
        finally:
            app.interrupt_from_outside()

    if steps:
        threading.Thread(target=measure, daemon=True).start()

    def save() -> list[str]:
        runner.close()
        return []

    with Guard(app.interrupt_from_outside, save):
        app.run()
    runner.close()


if __name__ == "__main__":
    {"alone": alone, "app": with_app}[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))
