"""Keys that repeat, or come before a screen stands or after it is gone, do nothing more; the app goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets.option_list import Option

from engine.contract import Pause, Phase
from lab.app import LabApp
from screens.command_palette import FoundCommands, Palette
from screens.help import HelpScreen
from screens.home import HomeScreen
from screens.too_small import TooSmallScreen
from tests.screens.canned import CannedSession
from tests.screens.pilot import drive, opened, said, until


def send(app: LabApp, *keys: str) -> None:
    """Give the app keys as one write of a terminal does: the next before the one before is answered."""
    for key in keys:
        event = events.Key(key, key if len(key) == 1 else None)
        event.set_sender(app)
        app.post_message(event)


async def with_palette(pilot: Pilot[int], app: LabApp) -> Palette:
    """Open the palette, until it lists commands."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(app.screen, Palette) and app.screen.query_one(FoundCommands).option_count)
    assert isinstance(app.screen, Palette)
    return app.screen


@pytest.mark.parametrize("returns", [2, 3, 7])
def test_a_return_that_repeats_in_the_palette_does_its_command_once(returns: int) -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await with_palette(pilot, app)
        send(app, "up", "down", *["enter"] * returns)
        await until(pilot, lambda: app.screen is screen and session.posted)
        await pilot.pause()
        await pilot.pause()
        assert session.posted == [Pause()]
        assert app.screen_stack[1:] == [screen]

    drive(scenario, session=session)


def test_the_palette_opens_once_however_often_it_is_asked_for() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        for keys in (["ctrl+p"] * 3, ["ctrl+p", "escape"] * 3, ["ctrl+p", "escape", "escape", "ctrl+p"], ["ctrl+p", "x", "escape"]):
            send(app, *keys)
            for _ in range(5):
                await pilot.pause()
            assert len(app.screen_stack) <= 3
            assert len(app.query(Palette)) + sum(isinstance(item, Palette) for item in app.screen_stack) <= 2
            while not isinstance(app.screen, HomeScreen):
                await pilot.press("escape")
            app.open_phenomenon("canned")
            await until(pilot, lambda: app.screen is screen)

    drive(scenario)


def test_a_click_on_a_command_that_is_no_longer_listed_chooses_nothing() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        palette = await with_palette(pilot, app)
        found = palette.query_one(FoundCommands)
        region = found.region
        event = events.Click(found, 3, 2, 0, 0, 1, False, False, False, region.x + 3, region.y + 2, found.render_line(2)._segments[1].style)
        assert event.style.meta["option"] > 0
        found.clear_options()
        found.post_message(event)
        await pilot.pause()
        assert session.posted == []

    drive(scenario, session=session)


def test_pages_of_commands_that_are_not_drawn_yet() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        palette = await with_palette(pilot, app)
        found = palette.query_one(FoundCommands)
        found.add_options([Option(f"command {place}") for place in range(50)])
        found.highlighted = last = found.option_count - 1
        found.display = False
        await until(pilot, lambda: not found.scrollable_content_region)
        found._clear_caches()
        with pytest.raises(KeyError):
            CommandList.action_page_up(found)
        await pilot.press("pageup", "pagedown")
        assert found.highlighted == last
        found.display = True
        await until(pilot, lambda: found.scrollable_content_region)
        await pilot.press("pageup")
        assert found.highlighted != last

    drive(scenario)


@pytest.mark.parametrize("panel", ["k", "v", "n"])
def test_tab_on_a_screen_that_does_not_stand_yet(panel: str) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press(panel)
        send(app, "escape", "escape", "8", "tab", "shift+tab", "tab")
        await until(pilot, lambda: "other-7" in said(app))
        send(app, "tab")
        await pilot.pause()
        assert len(app.screen_stack) == 2

    drive(scenario)


def test_every_action_on_a_screen_that_was_never_laid_out() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        app.open_phenomenon("canned")
        screen = app.screen
        for binding in screen.BINDINGS:  # nothing was mounted yet: no message was handled since
            action = binding.action  # type: ignore[union-attr]
            if action != "back" and not action.startswith("app."):
                await app.run_action(action, screen)
        await until(pilot, lambda: app.screen is not screen)  # the page of `e`
        await pilot.press("escape")
        await until(pilot, lambda: "random labels" in said(app).lower())

    drive(scenario)


def test_help_closes_once_and_opens_over_no_page() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        send(app, *["question_mark"] * 5, "ctrl+p", "escape", "enter", "escape")
        for _ in range(5):
            await pilot.pause()
        assert isinstance(app.screen, HomeScreen | HelpScreen | Palette) or app.screen is screen
        page = HelpScreen(None, ())
        page.dismiss()
        app.screens.home()
        app.screens.open(page)
        page.dismiss()
        page.dismiss()
        assert isinstance(app.screen, HomeScreen)

    drive(scenario)


def test_a_terminal_that_shrinks_under_a_page_covers_it_and_gives_it_back() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        palette = await with_palette(pilot, app)
        for size in ((1, 1), (59, 15), (2, 40)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: isinstance(app.screen, TooSmallScreen))
            send(app, "ctrl+p", "question_mark", "escape", "enter", "8")
            palette.dismiss()
            await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.screen is palette)
        await pilot.resize_terminal(10, 10)
        await until(pilot, lambda: isinstance(app.screen, TooSmallScreen))
        app.open_phenomenon("canned")
        assert isinstance(app.screen, TooSmallScreen)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.screen is screen)

    drive(scenario)


def test_a_screen_that_is_opened_again_at_once_still_follows_its_run() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        send(app, "escape", "1")
        for _ in range(5):
            await pilot.pause()
        session.change(step=456, phase=Phase.PAUSED, sentence="paused")
        await until(pilot, lambda: "456" in said(app))

    drive(scenario, session=session)


def test_brackets_in_what_a_phenomenon_says_are_no_markup() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen: Any = await opened(pilot, app)
        panel = screen.figures.panels[0]
        panel.what = replace(panel.what, title="loss [/nats] [[@=#b'")
        palette = await with_palette(pilot, app)
        send(app, *"loss")
        await until(pilot, lambda: "loss [/nats] [[@=#b'" in said(app))
        assert app.screen is palette

    drive(scenario, (160, 48))
