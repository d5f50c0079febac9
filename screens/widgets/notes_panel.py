"""What to notice: what the run says of itself and the details behind its numbers, then the phenomenon's text in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.contract import Detail, Spec
from screens.widgets.details_table import details_table


class NotesPanel(VerticalScroll):
    """The notes; their Markdown is read when they are first opened."""

    DEFAULT_CSS = "NotesPanel { height: 1fr; scrollbar-gutter: stable; } NotesPanel Static { width: 1fr; }"

    def __init__(self, spec: Spec, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spec = spec
        self._text = Static()
        self._run = Static()
        self._table = Static()
        self._said: tuple[str, ...] = ()
        self._details: tuple[Detail, ...] = ()
        self._width = 0

    def on_mount(self) -> None:
        """Begin without a word of the run."""
        self._run.display = bool(self._said)
        self._table.display = bool(self._details)

    def compose(self) -> ComposeResult:
        """Hold what this run says of itself, its details, then the text."""
        yield self._run
        yield self._table
        yield self._text

    def show_run(self, notes: Sequence[str]) -> None:
        """Show what the run says of itself above the text; nothing happens when that is shown already."""
        if tuple(notes) != self._said:
            self._said = tuple(notes)
            text = Text("\n").join(Text.assemble(("- ", "dim"), note) for note in notes)
            self._run.display = bool(notes)
            self._run.update(Text.assemble(("This run\n", "bold"), text, "\n") if notes else "")

    def show_details(self, details: Sequence[Detail]) -> None:
        """Show the details behind the run's numbers above the text; nothing happens when they are shown already."""
        if tuple(details) != self._details:
            self._details = tuple(details)
            self._table.display = bool(details)
            self._lay_details_out()

    def on_resize(self) -> None:
        """Lay the Markdown out for a new width; that is dear, so never twice for the same one."""
        width = self.scrollable_content_region.width
        if width > 0 and width != self._width:
            self._width = width
            self._text.update(laid_out(self._markdown(), width))
            self._lay_details_out()

    def _lay_details_out(self) -> None:
        if self._width > 0:
            self._table.update(details_table(self._details, self._width).append("\n"))

    def _markdown(self) -> str:
        references = "\n".join(f"- {item}" for item in self._spec.references)
        return f"**{self._spec.question}**\n\n{self._spec.notes}\n\n**References**\n\n{references}\n"


def laid_out(markdown: str, width: int) -> Text:
    """Return Markdown as text whose lines are broken for a width."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=width, color_system=None, legacy_windows=False)
    lines = console.render_lines(Markdown(markdown, hyperlinks=False), pad=False)
    return Text("\n", no_wrap=True).join(Text.assemble(*((part.text, part.style or "") for part in line)) for line in lines)
