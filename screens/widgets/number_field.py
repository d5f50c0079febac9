"""One row that takes a number: what it is for, what was typed so far, and what is wrong with it."""

from __future__ import annotations

import math

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

MOST = 24  # characters


class NumberField(Widget, can_focus=True):
    """Hidden until it asks. Enter gives the number, escape none."""

    DEFAULT_CSS = "NumberField { height: 1; width: 1fr; display: none; }"

    class Given(Message):
        """A number was typed; None: no number, after all."""

        def __init__(self, value: float | None) -> None:
            super().__init__()
            self.value = value

    def __init__(self) -> None:
        super().__init__()
        self._what, self._typed, self._wrong = "", "", ""

    def ask(self, what: str) -> None:
        """Show the row and take what is typed."""
        self._what, self._typed, self._wrong = what, "", ""
        self.display = True
        self.focus()
        self.refresh()

    def close(self) -> None:
        """Hide the row."""
        self.display = False

    def on_blur(self) -> None:
        """What is selected elsewhere ends the question."""
        self.display = False

    def on_key(self, event: events.Key) -> None:
        """Take a character, or what ends the entry."""
        if event.key in ("ctrl+c", "ctrl+p", "ctrl+l", "tab", "shift+tab"):
            return
        event.stop()
        event.prevent_default()
        self._wrong = ""
        if event.key == "escape":
            self.post_message(self.Given(None))
        elif event.key == "enter":
            self._enter()
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.is_printable and event.character is not None and len(self._typed) < MOST:
            self._typed += event.character
        self.refresh()

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line of what is pasted, as far as there is room."""
        event.stop()
        self._typed = (self._typed + "".join(character for character in event.text[:MOST] if character.isprintable()))[:MOST]
        self.refresh()

    def _enter(self) -> None:
        try:
            value = float(self._typed.replace(",", "").replace("_", ""))
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            self.post_message(self.Given(value))
        else:
            self._wrong = "a number, please: 1200 or 1.5e3" if self._typed else "type a number; escape: none"

    def render(self) -> Text:
        """Draw the row."""
        return Text.assemble(
            (f"{self._what} ", "bold"),
            (f"{self._typed} ", "reverse"),
            "  ",
            (self._wrong or "enter goes there", "red" if self._wrong else "dim"),
        )
