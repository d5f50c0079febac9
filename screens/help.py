"""Help: what is selected, then every key, made from the same list as the bindings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.keys import Key
from screens.page import Page

PALETTE_KEY = Key("ctrl+p", "", "ctrl+p", "Palette: every command, preset and study, by its words", "Lab")


def key_table(keys: Sequence[Key], width: int) -> Text:
    """Return the keys by group, descriptions wrapped to the width."""
    text = Text()
    for group, listed in groupby(keys, lambda key: key.group):
        text.append(f"\n{group}\n", "bold")
        for shown, same in groupby(listed, lambda key: key.shown):
            lines = textwrap.wrap(next(same).text, max(20, width - 14))
            text.append(f"  {shown:12}", "cyan").append("\n              ".join(lines) + "\n")
    return text


class HelpScreen(Page, ModalScreen[None], inherit_bindings=False):
    """A page over the present screen; escape or `?` closes it."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll { width: 76; max-width: 100%; height: 90%; padding: 0 1; border: round $primary; }
    HelpScreen Static { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,enter", "dismiss", "Close", show=False),
        Binding("q", "app.leave", "Quit", show=False),
    ]

    def __init__(self, selected: Text | None, keys: Sequence[Key]) -> None:
        super().__init__()
        self._selected, self._keys = selected, keys

    def compose(self) -> ComposeResult:
        """Lay out the explanation and the keys; arrows scroll."""
        with VerticalScroll():
            yield Static(self._selected if self._selected is not None else Text("Choose a phenomenon; it starts at once.", "bold"))
            yield Static(key_table(self._keys, 70))
            yield Static(Text("escape closes this page; arrows scroll it", "dim"))
