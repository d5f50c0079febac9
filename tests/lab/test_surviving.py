"""The app outlives an exception wherever it is raised, says so and reports it once, and does not loop on one that repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.geometry import Size
from textual.pilot import Pilot

from engine.errors import StoreError
from engine.store import list_runs, remove_run
from lab.app import LabApp
from lab.defects import MANY, SEVERAL, Defects
from screens.base import PhenomenonScreen
from screens.home import HomeScreen
from tests.engine.store.folders import with_everything
from tests.screens.canned import CannedRuns, CannedSession, canned
from tests.screens.pilot import opened, said, until


class Defect(Exception):
    """What a defect raises."""


def survive(scenario: Callable[[Pilot[int], LabApp], Any], folder: Path, raised: type[Exception] | None = Defect) -> LabApp:
    """Run a scenario in which a defect is survived; Textual's harness raises it once more when all is over."""
    runs = CannedRuns(10, CannedSession(canned(folder=str(folder))))
    runs.reports = folder
    app = LabApp(runs)

    async def run() -> None:
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.pause()
            await scenario(pilot, app)
            assert app.is_running

    if raised is None:
        asyncio.run(run())
    else:
        with pytest.raises(raised):
            asyncio.run(run())
    return app


def in_an_action(app: LabApp, fail: Callable[..., Any]) -> None:
    app.screen.action_step = fail  # type: ignore[attr-defined]
    app.simulate_key("s")


def in_a_handler_of_a_part(app: LabApp, fail: Callable[..., Any]) -> None:
    view = app.screen.figures.panels[0].view  # type: ignore[attr-defined]
    view.on_event = fail
    view.post_message(view.parent.Chosen(0))
    app.call_later(lambda: vars(view).pop("on_event", None))


def in_a_handler_of_the_app(app: LabApp, fail: Callable[..., Any]) -> None:
    app.action_help = fail  # type: ignore[method-assign]
    app.simulate_key("question_mark")


def in_a_timer(app: LabApp, fail: Callable[..., Any]) -> None:
    app.screen.set_timer(0.01, fail)


def in_a_worker(app: LabApp, fail: Callable[..., Any]) -> None:
    async def work() -> None:
        fail()

    app.screen.run_worker(work())


def after_a_refresh(app: LabApp, fail: Callable[..., Any]) -> None:
    app.screen.call_after_refresh(fail)


def in_drawing(app: LabApp, fail: Callable[..., Any]) -> None:
    row, harness = app.screen.query_one("#title"), asyncio.current_task()
    render = row.render

    def failing() -> Any:
        if asyncio.current_task() is harness:  # its pauses draw as well, and outside of the app nothing is survived
            app.call_later(row.refresh)
            return render()
        row.render = render  # type: ignore[method-assign]
        return fail()

    row.render = failing  # type: ignore[method-assign]
    row.refresh()


def in_a_forgotten_task(app: LabApp, fail: Callable[..., Any]) -> None:
    asyncio.get_running_loop().call_soon(fail)


@pytest.mark.parametrize(
    "place",
    [
        in_an_action,
        in_a_handler_of_a_part,
        in_a_handler_of_the_app,
        in_a_timer,
        in_a_worker,
        after_a_refresh,
        in_drawing,
        in_a_forgotten_task,
    ],
)
def test_an_exception_is_a_sentence_and_a_report_and_everything_goes_on(place: Callable[..., Any], tmp_path: Path) -> None:
    def fail(*_: Any) -> None:
        raise Defect("of a part")

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        place(app, fail)
        await until(pilot, lambda: app.defects.reports)
        await until(pilot, lambda: "Something inside genlab went wrong (Defect: of a part). Runs go on." in said(app))
        assert app.screen is screen
        assert app.screen is screen
        await pilot.press("k")
        await until(pilot, lambda: screen.knobs.display and "learning rate" in said(app))
        app.simulate_key("f")
        await until(pilot, lambda: screen.figures.full)
        session: Any = screen.session
        session.change(step=456)
        await until(pilot, lambda: "456" in said(app))

    app = survive(scenario, tmp_path)
    report = (tmp_path / "defect.txt").read_text()
    assert report.count("Traceback") == 1
    assert "in fail" in report
    assert "size: 160x48" in report
    assert app.defects.farewell == [f"something inside genlab went wrong on the way; the report is {tmp_path / 'defect.txt'}"]
    assert app.ended_by is None


def test_what_repeats_goes_home_and_the_screen_is_made_anew_when_it_is_opened_again(tmp_path: Path) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        first: Any = await opened(pilot, app)

        def fail() -> None:
            raise Defect("in every frame")

        row = first.query_one("#title")
        row.render = fail
        timer = first.set_interval(0.01, row.refresh)
        await until(pilot, lambda: isinstance(app.screen, HomeScreen) and "Defect: in every frame" in said(app))
        timer.stop()
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, PhenomenonScreen) and "step 300" in said(app))
        assert app.screen is not first
        assert app.screen.session is first.session

    survive(scenario, tmp_path)
    assert (tmp_path / "defect.txt").read_text().count("Traceback") == 1


def test_what_repeats_at_home_ends_the_app(tmp_path: Path) -> None:
    def fail() -> None:
        raise Defect("everywhere")

    async def run(app: LabApp) -> None:
        async with app.run_test() as pilot:
            await opened(pilot, app)
            app.set_interval(0.01, fail)
            await until(pilot, lambda: app.ended_by is not None)

    runs = CannedRuns()
    runs.reports = tmp_path
    app = LabApp(runs)
    with pytest.raises(Defect):
        asyncio.run(run(app))
    assert isinstance(app.ended_by, Defect)


def test_a_lab_error_is_its_sentence_and_no_defect(tmp_path: Path) -> None:
    def fail(*_: Any) -> None:
        raise StoreError("the disk is full", "free some of it")

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        in_an_action(app, fail)
        await until(pilot, lambda: "the disk is full. free some of it" in said(app))

    app = survive(scenario, tmp_path, None)
    assert app.defects.reports == []
    assert not list(tmp_path.iterdir())


def raised(text: str) -> Exception:
    try:
        raise Defect(text)
    except Defect as error:
        return error


def test_one_report_a_kind_in_the_first_folder_that_takes_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "defect.txt").symlink_to(tmp_path / "elsewhere")
    defects = Defects()
    folders = (tmp_path / "file", tmp_path / "linked", tmp_path / "new" / "runs")
    said = [defects.note(raised(text), folders, {"size": "1x1"}) for text in ("a\x1b[31m", "b", "c")]
    report = tmp_path / "new" / "runs" / "defect.txt"
    assert said == [f"Something inside genlab went wrong (Defect: a\ufffd[31m). Runs go on. The report is {report}"] * 3
    assert report.read_text().count("Traceback") == 1
    assert not (tmp_path / "elsewhere").exists()
    assert "No report could be written." in Defects().note(raised("x"), (), {})


def test_several_of_one_kind_or_many_of_any_within_a_second_repeat() -> None:
    now = 0.0
    defects = Defects(lambda: now)
    for place in range(2 * SEVERAL):
        now = 0.6 * place
        defects.note(raised("slowly"), (), {})
        assert not defects.repeat
    for place in range(SEVERAL):
        now = 100 + 0.01 * place
        defects.note(raised("quickly"), (), {})
        assert defects.repeat == (place == SEVERAL - 1)
    defects.forget()
    assert not defects.repeat
    for place in range(MANY):
        now = 200 + 0.01 * place
        defects.note(type(f"Defect{place}", (Exception,), {})(), (), {})
        assert defects.repeat == (place == MANY - 1)


def test_a_size_that_the_terminal_no_longer_has_is_not_laid_out_for(tmp_path: Path) -> None:
    sizes: list[Size] = []

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        lay_out = screen._refresh_layout

        def counted(size: Size | None = None, scroll: bool = False) -> None:
            sizes.append(size or screen.outer_size)
            lay_out(size, scroll)

        screen._refresh_layout = counted  # type: ignore[method-assign]
        for size in (Size(60, 15), Size(160, 48), Size(80, 24), Size(160, 48)):
            screen.post_message(events.Resize.from_dimensions(size, None))
        for _ in range(20):
            await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: screen.size == Size(100, 30))

    survive(scenario, tmp_path, None)
    assert Size(100, 30) in sizes
    assert set(sizes) <= {Size(160, 48), Size(100, 30)}


def test_a_report_beside_the_runs_is_no_run_and_one_in_a_run_goes_with_it(tmp_path: Path) -> None:
    run = with_everything(tmp_path)
    for place in (tmp_path, run):
        assert Defects().note(raised("x"), (place,), {}).endswith(f"The report is {place / 'defect.txt'}")
    assert [found.path for found in list_runs(tmp_path)] == [run]
    remove_run(run, tmp_path)
    assert not run.exists()
