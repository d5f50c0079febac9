"""The app over the toy phenomenon, for tests in a pseudo-terminal: quick to start, slow to finish, and able to misbehave.

python -m tests.lab.pty_app [crash|doomed|hang|broken|diverging] [options of genlab]
"""

import dataclasses
import importlib
import os
import sys
import time
from pathlib import Path

from engine import registry
from engine.contract import Preset
from lab import open_runs
from lab.cli.main import main as genlab
from screens.base import PhenomenonScreen
from tests.lab.command_line import TOYS

MODES = ("crash", "doomed", "hang", "broken", "diverging")


def main() -> int:
    mode = sys.argv.pop(1) if sys.argv[1:2] and sys.argv[1] in MODES else ""
    sys.path.append(str(TOYS))
    found = sorted(registry.entries(), key=lambda entry: entry.name != "toy")
    open_runs.entries = registry.entries = lambda: found
    toy = importlib.import_module("toy")
    overrides = {"steps": 10**6, "pause": 0.001} if mode not in ("broken", "diverging") else {"steps": 10, "mode": mode}
    toy.SPEC = dataclasses.replace(toy.SPEC, presets=(Preset("quick", "long enough", overrides), *toy.SPEC.presets[1:]))
    open_runs.spec = lambda name: dataclasses.replace(registry.spec(name), instant=False)  # its runs are stored, as those that train are
    draw = PhenomenonScreen.draw

    def misbehave(screen, snapshot):
        draw(screen, snapshot)
        if snapshot.step > 50 and mode == "crash":
            raise ZeroDivisionError("a defect of a screen")
        if snapshot.step > 50 and mode == "doomed":
            screen.app.set_interval(0.02, always_raise)
        if snapshot.step > 50 and mode == "hang":
            Path(os.environ["GENLAB_RUNS"]).with_name("hangs").touch()
            time.sleep(3600)

    def always_raise():
        raise ZeroDivisionError("a defect of every screen")

    PhenomenonScreen.draw = misbehave
    return genlab(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
