"""The screen of a phenomenon, from canned snapshots: no torch, no thread, no clock."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from engine.contract import Pause, Phase, Reseed, Resume, Rewind, Start, Step
from lab.app import LabApp
from screens.home import HomeScreen
from screens.keys import KEYS
from screens.widgets.figure_grid import FigureGrid
from screens.widgets.knob_form import KnobField
from screens.widgets.notes_panel import NotesPanel
from screens.widgets.verdict_panel import VerdictPanel
from tests.screens.canned import CannedSession, canned
from tests.screens.pilot import SIZES, compare, drive, masked, opened, said, text_of, until


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("panel", "key"), [("figures", ""), ("knobs", "k"), ("claims", "v"), ("notes", "n")])
def test_what_stands_where(size: tuple[int, int], panel: str, key: str) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        if key:
            await pilot.press(key)
            await pilot.pause()
        await pilot.pause()
        compare(f"{panel}-{size[0]}x{size[1]}", masked(app))

    drive(scenario, size)


@pytest.mark.parametrize("size", SIZES)
def test_the_status_row_tells_phase_step_rate_time_left_device_and_memory(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        row = next(row for row in text_of(app) if row.startswith("running"))
        for part in ("step 300 of 600", "854 steps/s", "ETA 8 s", "cpu"):
            assert part in row
        assert size[0] < 80 or "412 MB" in row

    drive(scenario, size)


def test_all_views_stand_side_by_side_where_there_is_room_and_on_pages_where_not() -> None:
    async def wide(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        assert len(screen.figures.pages) == 1
        assert all(panel.region.width >= 38 and panel.region.height >= 12 for panel in screen.figures.panels)

    async def narrow(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        seen = set()
        for digit in "12345":
            await pilot.press(digit)
            await pilot.pause()
            assert screen.figures.panels[int(digit) - 1].region.width >= 38
            seen |= {panel.index for panel in screen.figures.panels if panel.display}
        assert seen == {0, 1, 2, 3, 4}

    drive(wide, (160, 48))
    drive(narrow, (80, 24))
    drive(narrow, (60, 20))


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("phase", "key", "command"),
    [
        (Phase.READY, "space", Start()),
        (Phase.RUNNING, "space", Pause()),
        (Phase.PAUSED, "space", Resume()),
        (Phase.FINISHED, "space", Start()),
        (Phase.DIVERGED, "space", Start()),
        (Phase.RUNNING, "s", Step()),
        (Phase.PAUSED, "r", Rewind()),
        (Phase.RUNNING, "R", Reseed()),
        (Phase.RUNNING, "p", Rewind()),
    ],
)
def test_keys_that_command_the_run(phase: Phase, key: str, command: object) -> None:
    session = CannedSession(canned(phase=phase))

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press(key)
        await until(pilot, lambda: session.posted)

    drive(scenario, session=session)
    assert session.posted == [command]


@pytest.mark.parametrize("size", SIZES)
def test_every_documented_key_can_be_pressed_anywhere(size: tuple[int, int]) -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        for key in (*(key.keys.split(",")[0] for key in KEYS if key.keys != "q"), "left", "right", "up", "down", "enter"):
            if app.screen is not screen:
                await pilot.press("escape")
                await opened(pilot, app)
            if screen.side_panel:
                screen.action_side_panel(screen.side_panel)
            await pilot.press(key)
        assert {type(command) for command in session.posted} == {Pause, Resume, Step, Rewind, Reseed}

    drive(scenario, size, session=session)


def test_no_key_that_terminals_or_multiplexers_take() -> None:
    taken = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q", "ctrl+z"}

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        assert not taken & set(app.screen.active_bindings)
        await opened(pilot, app)
        assert not taken & set(app.screen.active_bindings)

    drive(scenario)


def test_pin_runs_again_also_from_a_pause() -> None:
    session = CannedSession(canned(phase=Phase.PAUSED))

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("p")
        await until(pilot, lambda: len(session.posted) == 2)

    drive(scenario, session=session)
    assert session.posted == [Resume(), Rewind()]


def test_pin_keeps_the_curves_and_unpin_drops_them() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        before = session.latest().series
        await pilot.press("p")
        await until(pilot, lambda: session.posted)
        assert screen.figures.pinned == before
        assert "Pinned 7 curves" in said(app)
        await pilot.press("P")
        await until(pilot, lambda: not screen.figures.pinned)

    drive(scenario, session=session)


def test_the_cursor_moves_over_the_points_of_the_active_figure_and_says_their_values() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        series = {item.name: item for item in session.latest().series}
        await pilot.press("comma")
        await until(pilot, lambda: screen.figures.at == 300)
        await pilot.press("comma")
        previous = float(series["train/true"].x[-2])
        await until(pilot, lambda: screen.figures.at == previous)
        shown = said(app)
        assert f"step {previous:g}: true labels {series['train/true'].y[-2]:.4g}, random labels {series['train/random'].y[-2]:.4g}" in shown
        await pilot.press("full_stop")
        await until(pilot, lambda: screen.figures.at == 300)
        await pilot.press("0")
        await until(pilot, lambda: screen.figures.at is None)

    drive(scenario, session=session)


def test_zoom_pan_and_log_axes_change_the_active_figure_alone() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        figures = (await opened(pilot, app)).figures
        first, second = figures.panels[0].view, figures.panels[1].view
        await until(pilot, lambda: first.scales)
        whole = first.scales[0]
        await pilot.press("plus")
        await until(pilot, lambda: first.view.x0 is not None)
        assert first.view.x0 > whole.lo
        assert first.view.x1 < whole.hi
        zoomed = first.view
        await pilot.press("right")
        await until(pilot, lambda: first.view.x0 > zoomed.x0)
        await pilot.press("0")
        await until(pilot, lambda: first.view.x0 is None)
        assert first.request.log_x
        await pilot.press("x")
        await until(pilot, lambda: not first.request.log_x)
        await pilot.press("y")
        await until(pilot, lambda: first.request.log_y)
        assert second.request.log_x
        assert not second.request.log_y

    drive(scenario)


def test_full_gives_the_active_figure_the_whole_deck() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        figures = (await opened(pilot, app)).figures
        await pilot.press("2", "f")
        await until(pilot, lambda: [panel.index for panel in figures.panels if panel.display] == [1])
        await pilot.press("f")
        await until(pilot, lambda: sum(panel.display for panel in figures.panels) == 5)

    drive(scenario, (160, 48))


@pytest.mark.parametrize(("key", "kind"), [("k", KnobField), ("v", VerdictPanel), ("n", NotesPanel)])
def test_panels_take_the_keyboard_and_give_it_back(key: str, kind: type) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(screen.focused, kind))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(screen.focused, FigureGrid))

    drive(scenario)


def test_tab_goes_through_what_is_visible() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        visited = []
        for _ in range(3):
            await pilot.press("tab")
            await pilot.pause()
            visited.append(type(screen.focused))
        assert visited == [KnobField, VerdictPanel, FigureGrid]

    drive(scenario, (160, 48))


def test_copy_gives_the_headless_command_to_the_terminal_and_shows_it() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("c")
        await until(pilot, lambda: app.clipboard)
        assert app.clipboard == "genlab run canned --preset quick --seed 0 --seeds 1 --device cpu"
        assert app.clipboard in said(app)

    drive(scenario)


def test_export_says_where() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("e")
        await until(pilot, lambda: "Wrote 3 files to /somewhere/canned-quick-s0" in said(app))

    assert drive(scenario).exported == 1


def test_export_that_fails_is_a_sentence() -> None:
    from engine.errors import StoreError

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        def refuse(session: object) -> str:
            raise StoreError("cannot write /full/figures.txt: no space left on device", "Free some space.")

        app.open_runs.export = refuse  # type: ignore[method-assign]
        await opened(pilot, app)
        await pilot.press("e")
        await until(pilot, lambda: "no space left on device Free some space." in said(app))

    drive(scenario)


def test_escape_goes_home_and_q_quits() -> None:
    async def home(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    async def leave(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
        assert app.return_value == 0

    async def interrupt(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app._exit)
        assert app.return_value == 130

    for scenario in (home, leave, interrupt):
        drive(scenario)
