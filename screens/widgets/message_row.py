"""The sentence below the status row: an error first, then what the interface answers, the cursor's values, what the run says."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from engine.contract import Phase


class MessageRow(Widget):
    """One to four rows of text; as many as the sentence needs."""

    DEFAULT_CSS = "MessageRow { height: auto; min-height: 1; max-height: 4; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.text = Text()
        self._answer = Text()
        self._run = Text()
        self._readout: Text | None = None
        self._bad = False

    def show(self, run: Text, readout: Text | None, bad: Phase) -> None:
        """Show what the run says, unless something more urgent stands here."""
        self._run, self._readout = run, readout
        self._bad = bad in (Phase.FAILED, Phase.DIVERGED)
        self._choose()

    def tell(self, answer: str, bad: bool = False) -> None:
        """Show an answer of the interface until `forget`; bad: that something failed."""
        self._answer = Text(answer, "bold red" if bad else "bold")
        self._choose()

    def forget(self) -> None:
        """Drop the answer."""
        self._answer = Text()
        self._choose()

    def _choose(self) -> None:
        if self._answer:
            text = self._answer
        elif self._bad or self._readout is None:
            text = self._run
        else:
            text = self._readout
        if text != self.text or text.spans != self.text.spans:
            rows = self._rows(self.text)
            self.text = text
            self.refresh(layout=self._rows(text) != rows)

    def _rows(self, text: Text) -> int:
        return len(text.wrap(self.app.console, self.size.width or 80))

    def render(self) -> Text:
        """Return the text."""
        return self.text
