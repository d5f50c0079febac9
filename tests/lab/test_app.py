"""The app before a phenomenon is opened: what it imports, and where it refuses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.errors import UsageError
from lab.app import launch

HOME = """
import asyncio, sys
from lab.app import LabApp
from lab.open_runs import BackgroundRuns

async def main():
    app = LabApp(BackgroundRuns())
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
        launch("random-labels")
    assert refused.value.exit_code == 2
    assert "genlab run random-labels" in refused.value.hint
