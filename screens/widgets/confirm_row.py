"""One row that asks before something is done that cannot be undone."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget


class ConfirmRow(Widget, can_focus=True):
    """Hidden until it asks. `y` means yes; every other key, a click elsewhere and losing the keyboard mean no."""

    DEFAULT_CSS = "ConfirmRow { height: auto; width: 1fr; padding: 0 1; display: none; }"

    class Answered(Message):
        """What was answered."""

        def __init__(self, yes: bool) -> None:
            super().__init__()
            self.yes = yes

    def __init__(self) -> None:
        super().__init__()
        self._question = Text()

    def ask(self, question: Text) -> None:
        """Show the question and take the keyboard."""
        self._question = question
        self.display = True
        self.screen.set_focus(self)
        self.refresh(layout=True)

    def on_blur(self) -> None:
        """What is selected elsewhere is no yes."""
        self._answer(False)

    def on_key(self, event: events.Key) -> None:
        """Take the answer."""
        if event.key in ("ctrl+c", "ctrl+l"):
            return
        event.stop()
        event.prevent_default()
        self._answer(event.key in ("y", "Y"))

    def _answer(self, yes: bool) -> None:
        if self.display:
            self.display = False
            self.post_message(self.Answered(yes))

    def render(self) -> Text:
        """Draw the question."""
        return self._question
