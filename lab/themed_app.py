"""The app as far as its looks go: the theme on this terminal's background, also where that is said late, and the keys of the settings."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console
from textual.filter import LineFilter
from textual.scrollbar import ScrollBar, ScrollBarRender

from lab.asking import AskingApp
from lab.terminal_answers import Answer
from lab.terminal_background import is_dark
from screens import key_lists, keys
from screens.appearance import WholeCells, line_filters, theme
from screens.keys import Key
from screens.widgets.palette import Level, Theme

if TYPE_CHECKING:
    from engine.contract import Session
    from lab.picturing import Picturing

COLOURS: dict[Level, Any] = {Level.NONE: "standard", Level.ANSI16: "standard", Level.ANSI256: "256", Level.TRUECOLOR: "256"}


class ThemedApp(AskingApp, inherit_bindings=False):
    """Draws in the colours and characters of its terminal.

    Attributes:
        drawing: what the terminal can show.
        follows: whether the colours follow the terminal's background, should it be said while the app runs.
        keys: the keys of a run's screen. home_keys, tour_keys: those of home and of the tour.
        typed_ahead: what was typed before the app read the keyboard. stands: set once there is a screen that takes keys.
    """

    drawing: Theme
    follows = False
    keys = keys.KEYS
    home_keys: Sequence[Key] = key_lists.HOME_KEYS
    tour_keys: Sequence[Key] = key_lists.TOUR_KEYS
    typed_ahead = b""
    _picturing: Picturing | None = None
    _line_filters: Sequence[LineFilter] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.stands = threading.Event()

    def on_ready(self) -> None:
        """Let keys in."""
        self.stands.set()

    def draw_for(self, drawing: Theme) -> None:
        """Draw in the colours and characters of a terminal."""
        self.drawing = drawing
        made = theme(drawing)
        self.register_theme(made)
        self.theme = made.name
        self._line_filters = line_filters(drawing)
        ScrollBar.renderer = WholeCells if drawing.ascii else ScrollBarRender
        self.console = Console(
            color_system=COLOURS[drawing.level], file=self.console.file, highlight=False, emoji=False, legacy_windows=False,
            force_terminal=True, safe_box=False, _environ={},
        )  # fmt: skip

    def see_background(self, dark: bool) -> None:
        """Take the theme for a background that the terminal names only now."""
        if not self.follows or dark == self.drawing.dark:
            return
        self.draw_for(replace(self.drawing, dark=dark))
        for screen in self.screens.stack:
            for grid in screen.query("FigureGrid"):  # by name: home stands before figures are imported
                cast(Any, grid).recolour(self.drawing)
            for view in screen.query("TextGridView"):
                cast(Any, view).theme = replace(cast(Any, view).theme, dark=dark)
            screen.refresh(layout=True)

    def hear(self, answer: Answer) -> None:
        """Take what the terminal answers."""
        if answer.about != "background":
            if self._picturing is not None:
                self._picturing.hear(answer)
        elif (dark := is_dark(answer.said)) is not None:
            self.see_background(dark)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every cell passes what brings it to the terminal's colours and characters."""
        return self._line_filters

    def show_picture(self, session: Session, figure: str, title: str) -> None:
        """Show a figure of a run as the exported picture, or write it and say where."""
        from lab.picturing import Picturing  # home stands sooner without

        if self._picturing is None:
            self._picturing = Picturing(self)
        self._picturing.show(session, figure, title)

    def use_keys(self, chosen: Mapping[str, str]) -> None:
        """Give actions other keys, before home stands."""
        self.keys = keys.rebound(chosen)
        self.home_keys, self.tour_keys = (keys.rebound(chosen, usual) for usual in (key_lists.HOME_KEYS, key_lists.TOUR_KEYS))
        self.set_keymap({action: keys.key_name(key) for action, key in chosen.items()})
