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
        assert len(screen.figures.pages) == 2
        seen = [panel for panel in screen.figures.panels if panel.display]
        assert len(seen) == 4 and all(panel.region.width >= 56 and panel.region.height >= 18 for panel in seen)

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
            if screen.place.has_focus:
                await pilot.press("escape")
            if screen.side_panel:
                screen.action_side_panel(screen.side_panel)
            await pilot.press(key)
        assert {type(command) for command in session.posted} == {Pause, Step, Rewind, Reseed}

    drive(scenario, size, session=session)


def test_no_key_that_terminals_or_multiplexers_take() -> None:
    taken = {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q", "ctrl+z"}

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        assert not taken & set(app.screen.active_bindings)
        await opened(pilot, app)
        assert not taken & set(app.screen.active_bindings)

    drive(scenario)


def test_full_gives_the_active_figure_the_whole_deck() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        figures = (await opened(pilot, app)).figures
        await pilot.press("2", "f")
        await until(pilot, lambda: [panel.index for panel in figures.panels if panel.display] == [1])
        await pilot.press("f")
        await until(pilot, lambda: sum(panel.display for panel in figures.panels) == 4)

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


def test_escape_goes_one_level_back() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press("f")
        await until(pilot, lambda: screen.figures.full)
        await pilot.press("n")
        await until(pilot, lambda: screen.side_panel == "notes")
        await pilot.press("escape")
        await until(pilot, lambda: not screen.side_panel)
        assert screen.figures.full
        await pilot.press("escape")
        await until(pilot, lambda: not screen.figures.full)
        assert app.screen is screen
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not screen)

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
