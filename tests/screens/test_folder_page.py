"""What is not stored is said on its screen, on home and before the app is left, and another folder is offered."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from engine.contract import Phase
from lab.app import LabApp
from screens.export_page import ExportPage
from screens.folder_page import FolderPage
from screens.home import HomeScreen
from tests.screens.canned import CannedSession, canned
from tests.screens.pilot import SIZES, drive, opened, said, until

FULL = "not being stored since step 120: cannot write /runs/canned: the disk is full; free some space. It is tried again."


def unstored() -> CannedSession:
    return CannedSession(canned(folder="/runs/canned-quick-s0", unstored=FULL, notes=(FULL,)))


async def asked(pilot: Pilot[int], app: LabApp, key: str) -> FolderPage:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, FolderPage) and app.screen.folder.has_focus)
    await pilot.pause()
    assert isinstance(app.screen, FolderPage)
    return app.screen


@pytest.mark.parametrize("size", SIZES)
def test_it_is_said_on_the_screen_of_the_run_and_on_home(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        assert said(app, screen._row("phase")).startswith("running NOT STORED step 300 of 600")
        assert "e other folder" in said(app, screen._row("keys"))
        assert "the disk is full" in said(app) and "e chooses another folder" in said(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen) and "the disk is full" in said(app))
        assert "not stored" in said(app)

    drive(scenario, size, session=unstored())


def test_e_asks_for_a_folder_until_one_takes_the_run() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        page = await asked(pilot, app, "e")
        assert "canned-quick-s0" in said(app) and "the disk is full" in said(app)
        await pilot.press(*"/full", "enter")
        await until(pilot, lambda: "not stored there either" in said(app))
        page.folder.value = "/roomy"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen and "NOT STORED" not in said(app))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportPage))

    runs = drive(scenario, session=unstored())
    assert runs.stored_in == ["/full", "/roomy"]


def test_q_asks_before_it_leaves_and_escape_stays() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await asked(pilot, app, "q")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert app.is_running and app.open_runs.gone_on == 1  # type: ignore[attr-defined]
        await asked(pilot, app, "q")
        await pilot.press(*"/roomy", "enter")
        await until(pilot, lambda: app._exit)

    assert drive(scenario, session=unstored()).stored_in == ["/roomy"]


@pytest.mark.parametrize("keys", [("enter",), ("ctrl+c",)])
def test_return_alone_leaves(keys: tuple[str, ...]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await asked(pilot, app, "q")
        await pilot.press(*keys)
        await until(pilot, lambda: app._exit)

    assert drive(scenario, session=unstored()).stored_in == []


def test_q_leaves_at_once_where_everything_is_stored() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("q")
        await until(pilot, lambda: app._exit)

    drive(scenario)


def test_a_run_of_another_process_is_not_moved() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExportPage))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen and "Wrote" in said(app))

    session = unstored()
    session.controllable = False
    session.change(phase=Phase.RUNNING)
    drive(scenario, session=session)
