"""The app over the toy phenomenon, for tests in a pseudo-terminal: quick to start, slow to finish, and able to misbehave.

python -m tests.lab.pty_app [crash|hang|broken|diverging] [options of genlab]
"""

import dataclasses
import sys
import time

from tests.lab.cli_toy import install

MODES = ("crash", "hang", "broken", "diverging")


def main() -> int:
    mode = sys.argv.pop(1) if sys.argv[1:2] and sys.argv[1] in MODES else ""
    install()
    from engine import registry
    from engine.contract import Preset
    from lab import workbench
    from screens.base import PhenomenonScreen

    kind = registry.load("toy")
    overrides = {"steps": 10**6, "pause": 0.001} if mode not in ("broken", "diverging") else {"steps": 10, "mode": mode}
    kind.spec = dataclasses.replace(kind.spec, presets=(Preset("quick", "long enough", overrides), *kind.spec.presets[1:]))
    workbench.RealWorkbench.screen = lambda self, name: PhenomenonScreen
    draw = PhenomenonScreen.draw

    def misbehave(screen, snapshot):
        draw(screen, snapshot)
        if snapshot.step > 50 and mode == "crash":
            raise ZeroDivisionError("a defect of a screen")
        if snapshot.step > 50 and mode == "hang":
            time.sleep(3600)

    PhenomenonScreen.draw = misbehave
    from lab.cli import main as genlab

    return genlab(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
