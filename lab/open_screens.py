"""Which screens are open: home; at most one phenomenon over it; a page over that, over the run
browser another; over all the sentence of a small terminal.

Only this opens and closes them (a page also closes itself), so that whatever comes late or twice finds nothing to do.
"""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.geometry import Size
from textual.screen import Screen

from screens.page import Page
from screens.too_small import TooSmallScreen, too_small


class OpenScreens:
    """The screens of an app.

    Args:
        app: its stack of screens is changed by nobody else.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    @property
    def stack(self) -> list[Screen[Any]]:
        """The open screens from the bottom up; none while the app begins or ends."""
        return self._app.screen_stack

    def show(self, screen: Screen[Any]) -> None:
        """Show the screen of a phenomenon, and nothing over it but the sentence of a small terminal."""
        self._close_down_to(screen if screen in self.stack else None)
        if screen not in self.stack:
            self._app.push_screen(screen)
        self.cover(self._app.size)

    def open(self, page: Screen[None]) -> None:
        """Open a page over the present screen, unless that is a page that carries no other, of the same kind, or covered."""
        top = self.stack[-1] if self.stack else None
        bare = isinstance(top, Page) and (not top.carries_pages or type(top) is type(page))
        if top is not None and not bare and not isinstance(top, TooSmallScreen):
            self._app.push_screen(page)

    def ask(self, page: Screen[None]) -> bool:
        """Open a page in place of any other; false where the terminal is too small for it."""
        if not self.stack or isinstance(self.stack[-1], TooSmallScreen):
            return False
        if isinstance(self.stack[-1], Page):
            self._app.pop_screen()
        self._app.push_screen(page)
        return True

    def home(self) -> None:
        """Close all but home."""
        self._close_down_to(None)
        self.cover(self._app.size)

    def cover(self, size: Size) -> None:
        """Cover everything while the terminal is too small, and uncover it when it no longer is."""
        covered = any(isinstance(screen, TooSmallScreen) for screen in self.stack[-1:])
        if self.stack and too_small(size) and not covered:
            self._app.push_screen(TooSmallScreen())
        elif covered and not too_small(size):
            self._app.pop_screen()

    def _close_down_to(self, screen: Screen[Any] | None) -> None:
        """Close what lies over a screen, or over home."""
        while len(self.stack) > 1 and self.stack[-1] is not screen:
            self._app.pop_screen()
