"""A page that is left blank for a picture, which the terminal draws over it; the last row says what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from screens.page import Page
from screens.widgets.text_row import TextRow, spread


class PicturePage(Page, Screen[None], inherit_bindings=False):
    """A blank page. Any key closes it.

    Args:
        title: what is shown.
        paint: draws the picture into so many columns and rows from the corner on.
        wipe: takes it away.
    """

    DEFAULT_CSS = """
    PicturePage { layout: vertical; }
    PicturePage #picture { width: 1fr; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,enter,space", "dismiss", "Back", show=False),
        Binding("q", "app.leave", "Quit", show=False),
    ]

    def __init__(self, title: str, paint: Callable[[Size], None], wipe: Callable[[], None]) -> None:
        super().__init__()
        self._title, self._paint, self._wipe = title, paint, wipe
        self._row = TextRow(id="keys")

    def compose(self) -> ComposeResult:
        """Lay out nothing, and the row below it."""
        yield Widget(id="picture")
        yield self._row

    def on_resize(self, event: events.Resize) -> None:
        """Draw the picture anew in another size."""
        self._row.show(spread(Text.assemble(("esc", "bold cyan"), " back"), Text(self._title, "dim"), event.size.width))
        self._wipe()
        self.call_after_refresh(self._draw)

    def on_screen_resume(self) -> None:
        """Draw the picture where something was over it."""
        self.call_after_refresh(self._draw)

    def on_screen_suspend(self) -> None:
        """Take the picture away with its page, or from under another one."""
        self._wipe()

    def _draw(self) -> None:
        if self.is_topmost:
            self._paint(Size(self.size.width, self.size.height - 1))
