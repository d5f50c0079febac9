"""Marking stored runs and looking at them beside each other in the app."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot

import genlab
from engine.store import RunFolder
from lab.app import LabApp
from lab.open_runs import BackgroundRuns
from screens.application import ExportRequest
from screens.base import PhenomenonScreen
from screens.comparison_screen import ComparisonScreen
from screens.home import HomeScreen
from screens.run_browser import RunBrowser
from screens.widgets.palette import Theme
from tests.screens.pilot import SIZES, Scenario, said, until

KNOBS = {"n": 10, "draws": 2}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small runs of one phenomenon that differ in a knob, and one of another phenomenon."""
    root = tmp_path_factory.mktemp("runs")
    for sigma in (0.5, 1.0):
        genlab.run("interpolation-threshold", runs=root, sigma=sigma, **KNOBS)
    genlab.run("double-descent", runs=root, n=20, D=40, draws=2, relu_draws=0, digits=0)
    return root


def drive(scenario: Scenario, root: Path, size: tuple[int, int] = (80, 24)) -> None:
    """Run a scenario on an app over stored runs."""

    async def run() -> None:
        app = LabApp(BackgroundRuns(root=root), drawing=Theme())
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await scenario(pilot, app)

    asyncio.run(run())


async def listed(pilot: Pilot[int], app: LabApp) -> RunBrowser:
    """Open the list."""
    await pilot.press("C")
    await until(pilot, lambda: isinstance(app.screen, RunBrowser) and app.screen.list.names)
    page = app.screen
    assert isinstance(page, RunBrowser)
    await until(pilot, lambda: all(page.listing.row(name).known for name in page.list.names))
    return page


async def compared(pilot: Pilot[int], app: LabApp) -> ComparisonScreen:
    """Mark both runs of the interpolation threshold and compare them."""
    page = await listed(pilot, app)
    for place, name in enumerate(page.list.names):
        page.list.go_to(place)
        if name.startswith("interpolation-threshold"):
            await pilot.press("space")
    assert len(page.state.marked) == 2
    await pilot.press("C")
    await until(pilot, lambda: isinstance(app.screen, ComparisonScreen) and app.screen.figures.pages)
    await pilot.pause()
    assert isinstance(app.screen, ComparisonScreen)
    return app.screen


@pytest.mark.parametrize("size", SIZES)
def test_marked_runs_are_drawn_with_the_knobs_in_the_legend(runs: Path, size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await compared(pilot, app)
        words = said(app)
        room = screen.figures.size.width * screen.figures.size.height / len(screen.figures.page.views)
        assert len(screen.figures.page.views) == 1 or room >= 56 * 18, "legends that name two runs are long"
        assert "2 runs compared" in words and "sigma .5" in words and "sigma 1" in words and "Test error" in words
        await pilot.press("v")
        await until(pilot, lambda: screen.tables.display and "Where the runs differ" in said(app))
        assert "interpolation-threshold" in said(app, screen.tables)
        await pilot.press("v", "f", "full_stop")
        await until(pilot, lambda: screen.figures.full and screen.figures.cursor is not None)
        await pilot.press("escape")
        assert not screen.figures.full
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunBrowser) and len(app.screen.state.marked) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    drive(scenario, runs, size)


def test_the_cursor_reads_every_run_and_the_values_panel_opens(runs: Path) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await compared(pilot, app)
        await pilot.press("end", "d")
        await until(pilot, lambda: screen.values.display and "sigma 1" in said(app, screen.values))
        await pilot.press("2")
        await until(pilot, lambda: screen.figures.active == 1)

    drive(scenario, runs, (160, 48))


def test_a_comparison_is_exported_and_its_command_copied(runs: Path, tmp_path: Path) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await compared(pilot, app)
        await pilot.press("c")
        assert "genlab compare " in said(app) and "interpolation-threshold" in screen._command
        assert screen._export(ExportRequest("csv", tmp_path)).startswith("Wrote interpolation-threshold-compared-")
        assert len(list(tmp_path.iterdir())) == 4
        await pilot.press("e")
        await until(pilot, lambda: "2 runs" in said(app) and "format" in said(app))

    drive(scenario, runs)


def test_what_cannot_be_compared_is_a_sentence_on_the_page(runs: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(runs, root)
    (root / "foreign").mkdir()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        page = await listed(pilot, app)
        await pilot.press("C")
        await until(pilot, lambda: "Mark two runs or more" in said(app))
        names = list(page.list.names)
        for place, name in enumerate(names):
            page.list.go_to(place)
            if name != "foreign":
                await pilot.press("space")
        assert len(page.state.marked) == 3
        await pilot.press("C")
        await until(pilot, lambda: "only runs of one phenomenon" in said(app))
        await pilot.press("u")
        page.list.go_to(names.index("foreign"))
        await pilot.press("enter")
        await until(pilot, lambda: "foreign is not a run of genlab" in said(app, page.query_one("#said")))
        assert isinstance(app.screen, RunBrowser)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    drive(scenario, root)


def test_without_runs_the_list_says_how_to_make_one(tmp_path: Path) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, RunBrowser) and "No runs are stored yet" in said(app))
        await pilot.press("space", "enter", "r", "e", "d", "c", "down", "end", "s")
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    drive(scenario, tmp_path / "none")


def test_only_runs_of_the_present_phenomenon_are_listed(runs: Path) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        app.offer_comparison("interpolation-threshold")
        await until(pilot, lambda: isinstance(app.screen, RunBrowser) and len(app.screen.list.names) == 2)
        assert all(name.startswith("interpolation-threshold") for name in app.screen.list.names)  # type: ignore[attr-defined]
        assert "space marks the selected run" in said(app)

    drive(scenario, runs)


# ---------------------------------------------------------------- the browser over the store


def test_a_run_is_opened_and_escape_comes_back_to_the_browser(runs: Path) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        page = await listed(pilot, app)
        name = page.list.names[0]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PhenomenonScreen) and app.screen.figures.pages)
        assert app.screen.spec.name == "double-descent" and not app.screen.session.controllable  # type: ignore[attr-defined]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunBrowser) and app.screen.list.names)
        assert app.screen.list.selected == name and "double-descent" not in app.sessions  # type: ignore[attr-defined]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    drive(scenario, runs)


def test_home_shows_the_newest_run_of_each_phenomenon(runs: Path) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        home = app.screen
        assert isinstance(home, HomeScreen)
        cards = {card.entry.name: card for card in home.cards}
        await until(pilot, lambda: "finished" in said(app, cards["double-descent"]))
        assert "Test error" in said(app, cards["interpolation-threshold"]) and "no run yet" in said(app, cards["grokking"])
        assert "Runs 3" in said(app, home.runs) and "sigma 1" in said(app, home.runs)

    drive(scenario, runs, (160, 48))


def test_deleting_spares_what_is_being_written_and_says_so(runs: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(runs, root)

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        page = await listed(pilot, app)
        held = RunFolder.open(root / page.list.names[0], writable=True)
        await pilot.press("d")
        await until(pilot, lambda: "is being written by a process" in said(app))
        held.close()
        await pilot.press("r")
        await until(pilot, lambda: "is finished" in said(app))
        await pilot.press("d")
        await until(pilot, lambda: page.confirm.display)
        await pilot.press("y")
        await until(pilot, lambda: "is deleted." in said(app))
        assert len(page.list.names) == 2 and len(list(root.iterdir())) == 2

    drive(scenario, root)


def test_a_store_that_vanishes_leaves_a_browser_without_runs(runs: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(runs, root)

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        page = await listed(pilot, app)
        await pilot.press("space")
        shutil.rmtree(root)
        await until(pilot, lambda: not page.list.names)
        for key in ("enter", "r", "e", "d", "c", "C", "space"):
            await pilot.press(key)
            await pilot.pause()
        assert app.screen is page
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    drive(scenario, root)
