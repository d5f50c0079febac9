"""One phenomenon on the home screen: key, title, state, question."""

from __future__ import annotations

from rich.text import Text
from textual.message import Message
from textual.widget import Widget

from engine.contract import Phase, Snapshot
from screens import formatting
from screens.application import PhenomenonEntry
from screens.widgets.text_row import spread


def state_of(snapshot: Snapshot | None) -> Text:
    """Return what became of a phenomenon so far: phase, progress, and its claims by mark."""
    if snapshot is None:
        return Text("not opened", "dim")
    text = Text(snapshot.phase.value, formatting.PHASE_STYLE[snapshot.phase])
    if snapshot.phase in (Phase.RUNNING, Phase.PAUSED):
        text.append(f" {formatting.percent(snapshot)}", "none")
    for mark, count, _ in formatting.tally(snapshot.verdicts):
        if mark in ("yes", "no") or not snapshot.phase.over:
            text.append("  ").append(f"{count} {mark}", formatting.MARK_STYLE[mark])
    return text


class PhenomenonCard(Widget, can_focus=True):
    """A card: two rows where room is short, the whole question where there is more."""

    DEFAULT_CSS = """
    PhenomenonCard { height: auto; width: 1fr; padding: 0 1; border-left: blank; }
    PhenomenonCard:focus { border-left: outer $primary; }
    """

    class Opened(Message):
        """The phenomenon of this card was chosen."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, data: PhenomenonEntry, key: str) -> None:
        super().__init__(id=f"card-{data.name}")
        self.data = data
        self.key = key
        self.compact = True
        self._state = state_of(None)

    def show(self, snapshot: Snapshot | None) -> None:
        """Show what became of the phenomenon; repainted only when the words change."""
        state = state_of(snapshot)
        if state != self._state or state.spans != self._state.spans:
            self._state = state
            self.refresh()

    def shorten(self, compact: bool) -> None:
        """Use two rows (compact) or as many as the question needs."""
        if compact != self.compact:
            self.compact = compact
            self.refresh(layout=True)

    @property
    def cut(self) -> bool:
        """Whether the card shows only the beginning of its question."""
        return self.compact and len(self.data.question) > self.content_region.width - 2

    def on_click(self) -> None:
        """Open the phenomenon."""
        self.post_message(self.Opened(self.data.name))

    def render(self) -> Text:
        """Draw key, title and state in one row, the question below."""
        width = max(1, self.content_region.width or self.app.size.width)
        name = Text.assemble((f"{self.key or ' '} ", "bold cyan"), (self.data.title, "bold reverse" if self.has_focus else "bold"))
        question = Text(self.data.question or self.data.name, "" if self.has_focus else "dim")
        if self.compact:
            question.truncate(max(1, width - 2), overflow="ellipsis")
            lines = [question]
        else:
            import textwrap

            lines = [Text(part, question.style) for part in textwrap.wrap(question.plain, max(10, width - 2))]
        return Text("\n").join([spread(name, self._state, width), *(Text.assemble("  ", line) for line in lines)])
