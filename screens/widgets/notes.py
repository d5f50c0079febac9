"""What to notice: the phenomenon's own text in Markdown, with its claims' formulas and its references."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.contract import Spec


class NotesPanel(VerticalScroll):
    """The notes; the Markdown is read when they are first opened."""

    DEFAULT_CSS = "NotesPanel { height: 1fr; padding: 0 1; } NotesPanel Static { width: 1fr; }"

    def __init__(self, spec: Spec, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spec = spec
        self._text = Static()
        self._run = Static()
        self._said: tuple[str, ...] = ()
        self._filled = False

    def on_mount(self) -> None:
        """Begin without a word of the run."""
        self._run.display = bool(self._said)

    def compose(self) -> ComposeResult:
        """Hold what this run says of itself, then the text."""
        yield self._run
        yield self._text

    def show_run(self, notes: Sequence[str]) -> None:
        """Show what the run says of itself above the text; nothing happens when that is shown already."""
        if tuple(notes) != self._said:
            self._said = tuple(notes)
            text = Text("\n").join(Text.assemble(("- ", "dim"), note) for note in notes)
            self._run.display = bool(notes)
            self._run.update(Text.assemble(("This run\n", "bold"), text, "\n") if notes else "")

    def on_show(self) -> None:
        """Read the Markdown, once."""
        if not self._filled:
            from rich.markdown import Markdown

            self._filled = True
            references = "\n".join(f"- {item}" for item in self._spec.references)
            self._text.update(Markdown(f"**{self._spec.question}**\n\n{self._spec.notes}\n\n**References**\n\n{references}\n"))
