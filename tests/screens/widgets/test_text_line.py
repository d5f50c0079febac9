"""A line to type into, with keys that come faster than an app takes them."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App, ComposeResult

from screens.widgets.text_line import EDITS, TextLine


class Lines(App[None]):
    def compose(self) -> ComposeResult:
        yield TextLine(value="double", select_on_focus=False)


def typed(*keys: str) -> str:
    """The line after keys that were all there before the first was heeded."""

    async def run() -> str:
        app = Lines()
        async with app.run_test() as pilot:
            line = app.query_one(TextLine)
            line.focus()
            await pilot.pause()
            for key in keys:
                app.post_message(events.Key(key, key if len(key) == 1 else "\x7f" if key == "backspace" else None))
            await pilot.pause()
            await pilot.pause()
            return line.value

    return asyncio.run(run())


def test_letters_do_not_overtake_the_keys_that_edit() -> None:
    assert typed(*["backspace"] * 6, *"grok") == "grok"
    assert typed("home", "delete", "D", "end", "left", "L") == "DoublLe"
    assert set(EDITS) == {"backspace", "delete", "left", "right", "home", "end"}
