"""What a screen says of its run, and the terminal's sizes: from canned snapshots, no torch, no thread, no clock."""

from __future__ import annotations

import re

import pytest
from textual.pilot import Pilot

from engine.contract import Pause, Phase, Reseed, Resume, SetKnob, Stop
from lab.app import LabApp
from screens.home import HomeScreen
from screens.widgets.knob_form import KnobField
from tests.screens.canned import CannedSession, canned
from tests.screens.pilot import SIZES, drive, opened, said, text_of, until


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("phase", [Phase.DIVERGED, Phase.FAILED])
def test_what_went_wrong_and_what_to_do_is_shown_and_the_screen_stays_alive(size: tuple[int, int], phase: Phase) -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        session.change(phase=phase, sentence="the loss is no longer a finite number at step 120", hint="lower learning rate (it is 1)")
        words = "the loss is no longer a finite number at step 120 lower learning rate (it is 1)"
        await until(pilot, lambda: words in said(app))
        await pilot.press("r")
        await until(pilot, lambda: session.posted)

    drive(scenario, size, session=session)


def test_what_it_waits_for_is_shown_before_there_is_anything_to_draw() -> None:
    waiting = canned(0, Phase.LOADING, sentence="loading torch", series=(), pictures=(), markers=(), verdicts=(), total=None, memory=0)
    session = CannedSession(waiting)

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await until(pilot, lambda: "loading torch" in said(app))
        screen._waiting_since -= 7
        await until(pilot, lambda: re.search(r"loading torch \(\d+ s\)", said(app)))

    drive(scenario, session=session)


def test_a_run_of_another_process_is_watched_and_takes_no_commands() -> None:
    session = CannedSession(controllable=False)

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("space")
        await until(pilot, lambda: "belongs to another process" in said(app))
        session.change(step=420)
        await until(pilot, lambda: "step 420 of 600" in said(app))

    drive(scenario, session=session)
    assert session.posted == []


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_knob_of_a_stored_run_that_is_over_begins_a_new_one_at_that_knob(size: tuple[int, int]) -> None:
    session = CannedSession(canned(phase=Phase.FINISHED), controllable=False)

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        stored = await opened(pilot, app)
        await pilot.press("s")
        await until(pilot, lambda: "space or r runs it again" in said(app))
        await pilot.press("k")
        await until(pilot, lambda: isinstance(stored.focused, KnobField))
        await pilot.press("1", "enter")
        await until(pilot, lambda: app.open_runs.begun_from and app.screen is not stored and isinstance(app.screen.focused, KnobField))
        await until(pilot, lambda: "which stays as it is" in said(app))
        assert app.screen.focused.knob.name == "lr"  # type: ignore[union-attr]
        assert app.sessions["canned"] is not session

    runs = drive(scenario, size, session=session)
    ((shown, command),) = runs.begun_from
    assert (shown, command) == (session.latest(), SetKnob("lr", 1.0))
    assert session.posted == []


def test_a_stored_run_that_was_stopped_says_how_it_goes_on() -> None:
    session = CannedSession(canned(phase=Phase.STOPPED), controllable=False)

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("space")
        await until(pilot, lambda: "in the browser (b), r goes on with it" in said(app))
        await pilot.press("R")
        await until(pilot, lambda: app.open_runs.begun_from)

    runs = drive(scenario, session=session)
    assert [command for _, command in runs.begun_from] == [Reseed()]


@pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.PAUSED])
def test_a_run_of_this_users_other_process_is_paused_and_stopped_and_nothing_else(phase: Phase) -> None:
    session = CannedSession(canned(phase=phase), controllable=False, obeyed=frozenset({Pause, Resume, Stop}))

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        keys = said(app, screen._row("keys"))
        assert ("space pause" if phase is Phase.RUNNING else "space go on") in keys and "S stop" in keys and "r rewind" not in keys
        for key in ("s", "r", "R"):
            await pilot.press(key)
            await until(pilot, lambda: "which alone turns its knobs" in said(app))
            screen.message.forget()
        before = dict(session.latest().config)
        await pilot.press("k")
        await until(pilot, lambda: isinstance(screen.focused, KnobField))
        for key in ("right", "5", "enter"):
            await pilot.press(key)
        await until(pilot, lambda: "the run belongs to another process" in said(app))
        assert session.latest().config == before and screen.focused.value == before["lr"] and screen.focused.draft is None  # type: ignore[union-attr]
        await pilot.press("k", "space", "S")
        await until(pilot, lambda: len(session.posted) == 2)

    drive(scenario, (160, 48), session=session)
    assert session.posted == [Pause() if phase is Phase.RUNNING else Resume(), Stop()]


def test_equal_snapshots_are_drawn_once_and_hidden_views_never() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        drawn: list[int] = []
        for panel in screen.figures.panels:
            show = panel.view.show

            def counted(*args: object, _index: int = panel.index, _show: object = show, **options: object) -> None:
                drawn.append(_index)
                _show(*args, **options)  # type: ignore[operator]

            panel.view.show = counted  # type: ignore[method-assign]
        for _ in range(3):
            screen._look()
        assert drawn == []
        session.change(phase=Phase.PAUSED)
        screen._look()
        assert drawn == [0, 1]

    drive(scenario, session=session)


def test_nothing_is_drawn_of_a_screen_that_was_left() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        assert screen._timer is None

    drive(scenario, session=session)


# ---------------------------------------------------------------- sizes


def test_below_60x15_one_sentence_and_back() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        for width, height in ((59, 24), (80, 14), (30, 8), (1, 1), (2, 1), (1, 40)):
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda: app.screen is not screen)
            assert "genlab needs" in " ".join(text_of(app)) or width < 20
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.screen is screen and "training accuracy" in said(app))

    drive(scenario)


def test_an_app_that_begins_too_small_grows() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await until(pilot, lambda: "genlab needs 60x15 characters" in " ".join(text_of(app)))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))

    drive(scenario, (40, 10))


@pytest.mark.parametrize("size", [(60, 15), (61, 16), (79, 23), (100, 30), (119, 40), (120, 40), (240, 70)])
def test_any_size_from_60x15_shows_figures_and_status(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        for key in ("k", "k", "v", "v", "n", "n"):
            await pilot.press(key)
            await pilot.pause()
        shown = said(app)
        assert "running" in shown
        assert "? help" in shown
        assert any(panel.display and panel.region.width >= 30 for panel in screen.figures.panels)

    drive(scenario, size)
