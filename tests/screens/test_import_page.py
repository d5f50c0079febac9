"""The page that imports data: what is typed goes to the command, its sentences come back, and knobs offer the name at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from lab.app import LabApp
from screens.import_page import ImportPage
from tests.screens.pilot import SIZES, drive, opened, said, until


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


async def asked(pilot: Pilot[int], app: LabApp) -> ImportPage:
    app.offer_import()
    await until(pilot, lambda: isinstance(app.screen, ImportPage) and app.screen.file.has_focus)
    assert isinstance(app.screen, ImportPage)
    return app.screen


@pytest.mark.parametrize("size", SIZES)
def test_it_says_what_it_takes(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await asked(pilot, app)
        assert "IDX (MNIST's format)" in said(app) and "return imports, escape goes back" in said(app)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ImportPage))

    drive(scenario, size)


def test_a_file_is_imported_and_said_below(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "own points.csv").write_text("0,1,a\n1,0,b\n2,2,a\n")

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        page = await asked(pilot, app)
        page.file.value = f"'{tmp_path}/own points.csv' --target 3"
        await pilot.press("enter")
        await until(pilot, lambda: page.name_line.has_focus)
        await pilot.press(*"points", "enter")
        await until(pilot, lambda: app.screen is screen and "imported points: 3 rows of 2 numbers in 2 classes" in said(app))

    drive(scenario, (160, 48))
    assert (folder / "points.json").is_file()


def test_a_refusal_stays_on_the_page(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "bad.csv").write_text("1,nan,a\n1,2,b\n")

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        page = await asked(pilot, app)
        for name, file, sentence in (
            ("mine", f"{tmp_path}/bad.csv", "column 2 is 'nan'"),
            ("Mine", "x", "is no name for a data set"),
            ("mine", "x --lables y", "--labels"),
        ):  # fmt: skip
            page.file.value, page.name_line.value = file, name
            await pilot.press("enter")
            await until(pilot, lambda sentence=sentence: sentence in said(app).replace("\n", " "))
            assert app.screen is page
        await pilot.press("up", "down")

    drive(scenario)
    assert not folder.exists()


def test_a_defect_is_no_page_that_reads_for_ever() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        def take_in(name: str, file: str) -> str:
            raise ZeroDivisionError("of the reader")

        page = ImportPage(take_in, app.tell)
        await opened(pilot, app)
        app.push_screen(page)
        await until(pilot, lambda: app.screen is page)
        page.file.value, page.name_line.value = "points.csv", "points"
        page.name_line.focus()
        await pilot.press("enter")
        await until(pilot, lambda: "Nothing was imported" in said(app))

    with pytest.raises(ZeroDivisionError):
        drive(scenario)
