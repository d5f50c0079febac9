"""Pictures of the lab for its README: screens of real runs as SVG, in the theme's own colours and at one size. `make screenshots`.

Run as `python -m lab.screenshots FOLDER [RUNS]`; runs that RUNS holds already are taken from there, others are made first.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from engine.registry import spec
from engine.runner import FolderSession
from engine.store import list_runs
from engine.store.files import replace
from lab.app import LabApp
from lab.cli.main import main as genlab
from lab.open_runs import BackgroundRuns
from screens.base import PhenomenonScreen
from screens.widgets.palette import Level, Theme

SIZE = (128, 38)
SHOTS = {"double-descent": (), "random-labels": (), "max-margin": ("v",)}  # phenomenon: keys that are pressed before
DRAWING = Theme(Level.ANSI256, dark=True, painted=True)


def main(folder: Path, runs: Path) -> None:
    """Write `NAME.svg` of every phenomenon in `SHOTS`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, keys in SHOTS.items():
        svg = asyncio.run(taken(stored(name, runs), keys, runs))
        replace(folder / f"{name}.svg", same_names(svg).encode())
        print(folder / f"{name}.svg")


def stored(name: str, runs: Path) -> Path:
    """Return the folder of a finished quick run; it is made where there is none.

    Raises:
        SystemExit: it fails.
    """

    def found() -> list[Path]:
        return [run.path for run in list_runs(runs) if (run.phenomenon, run.preset, run.phase) == (name, "quick", "finished")]

    if not found() and (code := genlab(["run", name, "--quiet", "--runs", str(runs)])):
        raise SystemExit(code)
    return found()[0]


async def taken(run: Path, keys: tuple[str, ...], runs: Path) -> str:
    """Return the screen of a run as SVG, once it is drawn."""
    session = FolderSession(run)
    declared = spec(session.latest().phenomenon)
    app = LabApp(BackgroundRuns(root=runs), drawing=DRAWING, watched=(declared, session))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, PhenomenonScreen) and app.screen.figures.pages)
        await pilot.press(*keys)
        await pilot.pause(1.0)
        svg = app.export_screenshot(title=f"genlab: {declared.title}")
        app.exit()
    return svg


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    """Let the app work until a condition holds."""
    while not condition():
        await pilot.pause(0.01)


def same_names(svg: str) -> str:
    """Put the same names for styles and clips into every drawing, which Rich makes of a checksum of all: only what is seen may differ."""
    return re.sub(r"terminal-\d+", "terminal", svg)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as place:
            main(Path(sys.argv[1]), Path(place))
