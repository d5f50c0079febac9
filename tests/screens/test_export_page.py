"""The page of `e`: the options of `genlab export`, and what it says."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.errors import StoreError
from lab.app import LabApp
from lab.cli.stored_runs import FORMATS as TYPED
from lab.export.formats import FORMATS as WRITTEN
from screens.application import ExportRequest
from screens.export_page import FORMATS, ExportPage
from tests.screens.pilot import SIZES, drive, opened, said, until


async def page_of(pilot: Pilot[int], app: LabApp) -> ExportPage:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(app.screen, ExportPage))
    assert isinstance(app.screen, ExportPage)
    return app.screen


def test_the_page_the_command_and_the_writers_know_the_same_formats() -> None:
    assert set(FORMATS) == set(TYPED) == set(WRITTEN)


@pytest.mark.parametrize("size", SIZES)
def test_return_writes_everything_as_svg_into_the_present_folder(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await page_of(pilot, app)
        assert "canned-quick-s0" in said(app) and "svg: drawings whose texts" in said(app) and "escape goes back" in said(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen and "Wrote 3 files to /somewhere/canned-quick-s0" in said(app))

    assert drive(scenario, size).wanted == [ExportRequest("svg", Path.cwd())]


def test_every_option_of_the_command_can_be_chosen() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        page = await page_of(pilot, app)
        await pilot.press("right", "down", "right", "down", "left", "down", "right", "down")
        await until(pilot, lambda: page.folder.has_focus)
        page.folder.value = " ~/paper "
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not page)

    (wanted,) = drive(scenario).wanted
    assert wanted == ExportRequest("pdf", Path("~/paper"), (wanted.figures[0],), 5.0, force=True)


def test_what_cannot_be_written_is_a_sentence_and_the_page_stays() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        def refuse(session: object, wanted: object) -> str:
            raise StoreError("cannot write to /full: no space left on device", "Name another folder.")

        app.open_runs.export = refuse  # type: ignore[method-assign]
        screen = await opened(pilot, app)
        page = await page_of(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: "no space left on device. Name another folder." in said(app))
        assert app.screen is page
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)

    drive(scenario)


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_begun_is_told_of_though_the_page_was_closed(fails: bool) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        goes_on, told = threading.Event(), list[str]()

        def export(wanted: ExportRequest) -> str:
            goes_on.wait(60)
            if fails:
                raise StoreError("the disk is full")
            return "Wrote one.svg."

        screen = await opened(pilot, app)
        app.push_screen(ExportPage("a-run", ["one"], export, told.append))
        await until(pilot, lambda: isinstance(app.screen, ExportPage))
        await pilot.press("enter")
        await until(pilot, lambda: "writing ..." in said(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        goes_on.set()
        await until(pilot, lambda: bool(told))
        assert told == ["the disk is full" if fails else "Wrote one.svg."]

    drive(scenario)


def test_escape_ends_an_export_at_its_next_file_and_leaves_nothing() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        goes_on, told = threading.Event(), list[str]()

        def export(wanted: ExportRequest) -> str:
            wanted.watch(3, 28)
            goes_on.wait(60)
            wanted.watch(4, 28)
            return "Wrote 28 files."

        screen = await opened(pilot, app)
        app.push_screen(ExportPage("a-run", ["one"], export, told.append))
        await until(pilot, lambda: isinstance(app.screen, ExportPage))
        await pilot.press("enter")
        await until(pilot, lambda: "writing ... 3 of 28 (escape stops)" in said(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        goes_on.set()
        await until(pilot, lambda: bool(told))
        assert told == ["the export was stopped, and nothing was written"]

    drive(scenario)


def test_q_ends_the_app_whatever_is_being_written() -> None:
    goes_on = threading.Event()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        def export(wanted: ExportRequest) -> str:
            goes_on.wait(60)
            return "Wrote one.svg."

        await opened(pilot, app)
        app.push_screen(ExportPage("a-run", ["one"], export, lambda sentence: None))
        await until(pilot, lambda: isinstance(app.screen, ExportPage))
        await pilot.press("enter")
        await until(pilot, lambda: "writing ..." in said(app))
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)

    drive(scenario)
    assert not goes_on.is_set()  # and yet it has ended: nobody waits for the thread
    goes_on.set()


def test_a_defect_is_no_page_that_writes_for_ever() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        def export(wanted: ExportRequest) -> str:
            raise ZeroDivisionError("of the drawing")

        screen = await opened(pilot, app)
        page = ExportPage("a-run", ["one"], export, app.tell)
        app.push_screen(page)
        await until(pilot, lambda: app.screen is page)
        await pilot.press("enter")
        await until(pilot, lambda: "Nothing was written" in said(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen and "ZeroDivisionError" in said(app))

    with pytest.raises(ZeroDivisionError):
        drive(scenario)
