"""What stands on a terminal that is too small for figures: one sentence, and the way out."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

LEAST = Size(60, 15)


def too_small(size: Size) -> bool:
    """Whether a terminal is too small for the lab."""
    return size.width < LEAST.width or size.height < LEAST.height


class Sentence(Widget):
    """The sentence, wrapped to whatever room there is."""

    DEFAULT_CSS = "Sentence { width: 1fr; height: 1fr; }"

    def render(self) -> Text:
        """Name the size that is needed and the size there is."""
        size = self.app.size
        return Text(
            f"genlab needs {LEAST.width}x{LEAST.height} characters, this terminal has {size.width}x{size.height}: "
            "enlarge it. Runs go on; q quits and saves."
        )


class TooSmallScreen(Screen[None]):
    """Covers every other screen while the terminal is too small."""

    def __init__(self) -> None:
        super().__init__()
        self._sentence = Sentence()

    def compose(self) -> ComposeResult:
        """Hold the sentence."""
        yield self._sentence

    def on_resize(self) -> None:
        """Name the new size."""
        self._sentence.refresh()
