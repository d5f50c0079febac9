"""One phenomenon on the home screen: key, title, state, question; or the sentence that says why it cannot be opened."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Literal

from rich.text import Text
from textual.message import Message
from textual.widget import Widget

from engine.contract import Phase, Snapshot
from screens import formatting
from screens.application import PhenomenonEntry
from screens.widgets.text_row import fit, spread

Detail = Literal["whole question", "two rows", "one row"]
GAP = 2  # columns between title, question and state in one row


def state_of(snapshot: Snapshot | None) -> list[Text]:
    """Return what became of a phenomenon so far, the most important first: phase with progress, and its claims by mark."""
    if snapshot is None:
        return [Text("not opened", "dim")]
    phase = Text(snapshot.phase.value, formatting.PHASE_STYLE[snapshot.phase])
    if snapshot.phase in (Phase.RUNNING, Phase.PAUSED):
        phase.append(f" {formatting.percent(snapshot)}", "none")
    counts = formatting.tally(snapshot.verdicts)
    unstored = [Text("not stored", "bold red")] if snapshot.unstored else []
    return [phase, *unstored, *(Text(f"{len(ids)} {status.mark}", formatting.STATUS_STYLE[status]) for status, ids in counts.items())]


class PhenomenonCard(Widget, can_focus=True):
    """A card: one row or two where room is short, the whole question where there is more.

    Args:
        entry: the phenomenon.
        key: what opens it.
        title_width: columns of the longest title of all cards, so that questions in one row stand below one another.
    """

    DEFAULT_CSS = """
    PhenomenonCard { height: auto; width: 1fr; padding: 0 1; border-left: blank; }
    PhenomenonCard:focus { border-left: outer $primary; }
    """

    class Opened(Message):
        """A card was clicked."""

        def __init__(self, card: PhenomenonCard) -> None:
            super().__init__()
            self.card = card

    def __init__(self, entry: PhenomenonEntry, key: str, title_width: int = 0) -> None:
        super().__init__()
        self.entry = entry
        self.key = key
        self.detail: Detail = "two rows"
        self._title_width = title_width
        self._state = [Text("cannot be opened", "red")] if entry.problem else state_of(None)

    def spoil(self, problem: str) -> None:
        """Say from now on why the phenomenon cannot be opened."""
        self.entry = replace(self.entry, problem=problem)
        self._state = [Text("cannot be opened", "red")]
        self.refresh(layout=True)

    def show(self, snapshot: Snapshot | None) -> None:
        """Show what became of the phenomenon; repainted only when the words change."""
        state = self._state if self.entry.problem else state_of(snapshot)
        if [(part.plain, part.style) for part in state] != [(part.plain, part.style) for part in self._state]:
            self._state = state
            self.refresh()

    def give(self, detail: Detail) -> None:
        """Take so many rows."""
        if detail != self.detail:
            self.detail = detail
            self.refresh(layout=True)

    @property
    def sentence(self) -> str:
        """What stands below the title: the question, or what is wrong."""
        return self.entry.problem or self.entry.question or self.entry.name

    @property
    def cut(self) -> bool:
        """Whether the card shows only the beginning of its sentence."""
        room = self._room() if self.detail == "one row" else self.content_region.width - 2
        return self.detail != "whole question" and len(self.sentence) > room

    def on_click(self) -> None:
        """Open the phenomenon."""
        self.post_message(self.Opened(self))

    def render(self) -> Text:
        """Draw key, title and state in one row, the sentence in the same or below."""
        width = self._width
        name = Text.assemble((f"{self.key or ' '} ", "bold cyan"), (self.entry.title, "bold reverse" if self.has_focus else "bold"))
        state = self._fitting_state()
        style = "red" if self.entry.problem else "" if self.has_focus else "dim"
        if self.detail == "one row":
            if self._room() > 1:
                name.append(" " * (self._title_width - len(self.entry.title) + GAP)).append_text(_cut(self.sentence, self._room(), style))
            return spread(name, state, width)
        if self.detail == "two rows":
            lines = [_cut(self.sentence, width - 2, style)]
        else:
            lines = [Text(part, style) for part in textwrap.wrap(self.sentence, max(10, width - 2))]
        return Text("\n").join([spread(name, state, width), *(Text.assemble("  ", line) for line in lines)])

    @property
    def _width(self) -> int:
        return max(1, self.content_region.width or self.app.size.width)

    def _fitting_state(self) -> Text:
        title = self._title_width if self.detail == "one row" else len(self.entry.title)
        return fit(self._state, self._width - 2 - title - GAP)

    def _room(self) -> int:
        """Columns of the sentence between title and state in one row."""
        return self._width - 2 - self._title_width - GAP - self._fitting_state().cell_len - GAP


def _cut(sentence: str, width: int, style: str) -> Text:
    text = Text(sentence, style)
    text.truncate(max(1, width), overflow="ellipsis")
    return text
