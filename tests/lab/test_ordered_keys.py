"""Keys that are all there before the first is heeded: each does what it does when typed slowly."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from lab import ordered_keys
from lab.app import LabApp
from screens.home import HomeScreen
from tests.screens.canned import CannedSession
from tests.screens.pilot import drive, opened, until
from tests.screens.test_mistimed_keys import send


async def heeded(pilot: Pilot[int], app: LabApp) -> None:
    await pilot.pause()
    await until(pilot, lambda: app.heeding is None)


def line_after(*keys: str) -> str:
    """The line for a file of own data after keys that come at once, from home on."""
    values: list[str] = []

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        app.offer_import()
        await until(pilot, lambda: isinstance(app.focused, Input))
        assert isinstance(app.focused, Input)
        line = app.focused
        send(app, *keys)
        await heeded(pilot, app)
        values.append(line.value)

    drive(scenario)
    return values[0]


def test_letters_do_not_overtake_the_keys_that_edit() -> None:
    assert line_after(*"double", *["backspace"] * 6, *"grok") == "grok"
    assert line_after(*"double", "home", "delete", "D", "end", "left", "L") == "DoublLe"


def test_letters_do_not_overtake_the_enter_that_ends_a_line() -> None:
    assert line_after(*"a.csv", "enter", *"name", "up", "end", "b") == "a.csvb", "enter goes to the name, up comes back"


def test_keys_go_to_the_page_that_the_key_before_opens() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        send(app, "question_mark", "escape", "C", "slash", *"grok", "enter", "escape")
        await heeded(pilot, app)
        assert isinstance(app.screen, HomeScreen)

    drive(scenario)


def test_a_part_that_is_held_up_does_not_hold_up_the_keys_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen, go_on = await opened(pilot, app), asyncio.Event()
        screen.figures.call_later(go_on.wait)
        monkeypatch.setattr(ordered_keys, "PATIENCE", 0.01)
        send(app, "x")
        await asyncio.sleep(0)
        screen.set_focus(screen.claims)
        send(app, "n")
        try:  # the pilot would wait for the figures
            async with asyncio.timeout(10):
                while screen.side_panel != "notes":
                    await asyncio.sleep(0.005)
        finally:
            go_on.set()
        await heeded(pilot, app)

    drive(scenario, (160, 48), session=CannedSession())
