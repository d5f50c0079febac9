"""The app before a phenomenon is opened: what it imports, and where it refuses."""

from __future__ import annotations

import subprocess
import sys

import pytest
from textual.pilot import Pilot

from engine.errors import UsageError
from lab.app import LabApp
from lab.launching import launch
from tests.screens.pilot import drive, opened, said, until

HOME = """
import asyncio, sys
from lab.app import LabApp
from lab.open_runs import BackgroundRuns

async def main():
    runs = BackgroundRuns()
    runs.examine = dict  # which comes a second after home stands, and imports what the first screen needs
    app = LabApp(runs)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.phenomena()

asyncio.run(main())
heavy = {"torch", "scipy", "matplotlib", "mlxtend", "plotext", "sklearn", "rich.markdown"} & set(sys.modules)
assert not heavy, heavy
"""


def test_home_stands_before_anything_heavy_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", HOME], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_without_a_terminal_the_headless_command_is_named() -> None:
    with pytest.raises(UsageError, match="needs a terminal") as refused:
        launch(name="random-labels")
    assert refused.value.exit_code == 2
    assert "genlab run random-labels" in refused.value.hint


def test_ctrl_z_says_that_it_does_not_suspend() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "ctrl+z does not suspend" in said(app))
        await opened(pilot, app)
        assert "ctrl+z" not in said(app)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "ctrl+z does not suspend" in said(app))

    drive(scenario, (160, 48))


def test_copying_says_where_to(monkeypatch: pytest.MonkeyPatch) -> None:
    for taken, words in ((True, "Copied to tmux's buffer: genlab run"), (False, "Sent to the terminal: genlab run")):
        monkeypatch.setattr("lab.app.load_tmux_buffer", lambda text, taken=taken: taken)

        async def scenario(pilot: Pilot[int], app: LabApp, words: str = words) -> None:
            await opened(pilot, app)
            await pilot.press("c")
            await until(pilot, lambda: words in said(app))

        drive(scenario, (160, 48))
