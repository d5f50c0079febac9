"""The screen of vacuous bounds: bars first; what each bar is made of stands above the notes, not in the status line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from engine.contract import Session, Snapshot, Spec
from screens.base import PhenomenonScreen
from screens.desk import Desk
from screens.layout import LEAST_HEIGHT, Page, pages
from screens.widgets.deck import Deck
from screens.widgets.notes import NotesPanel

BOUND = "Bound "  # how a note begins that prints a bound's constants
VERDICT_STYLE = {"vacuous": "red", "useless": "yellow", "informative": "green"}


class BoundNotes(NotesPanel):
    """Every bound with its verdicts, formula and constants, then the notes."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self._bounds = Static()
        self._shown: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Hold the bounds above the text."""
        yield self._bounds
        yield from super().compose()

    def show(self, notes: Sequence[str]) -> None:
        """Print the bounds anew where they changed."""
        if tuple(notes) != self._shown:
            self._shown = tuple(notes)
            self._bounds.update(printed(self._shown))


class BarsDeck(Deck):
    """Views with the first one, 26 bars and their names, as wide as there is room: in a row of its own, or on a page of its own."""

    def spread(self, width: int, height: int) -> None:
        """Choose the grids for a size and show the active view's page."""
        if self.full:
            super().spread(width, height)
            return
        others = len(self.tiles) - 1
        below = pages(others, width, height - max(LEAST_HEIGHT, height // 3))
        if len(below) == 1 and height >= 2 * LEAST_HEIGHT:
            self.pages = (Page(tuple(range(others + 1)), below[0].columns, below[0].rows + 1),)
        else:
            shifted = (Page(tuple(view + 1 for view in page.views), page.columns, page.rows) for page in pages(others, width, height))
            self.pages = (Page((0,), 1, 1), *shifted)
        self._lay_out()

    def _lay_out(self) -> None:
        super()._lay_out()
        page = self.page
        if len(page.views) > 1 and page.views[0] == 0:
            self.tiles[0].styles.column_span = page.columns
            self.tiles[page.views[-1]].styles.column_span = 2 + page.columns * (page.rows - 1) - len(page.views)


class VacuousBoundsScreen(PhenomenonScreen):
    """Bounds beside what they bound."""

    VIEWS = ("bounds", "two-sided-plane", "two-sided", "margins", "bound-vs-n")

    def __init__(self, spec: Spec, session: Session, desk: Desk) -> None:
        super().__init__(spec, session, desk)
        self.deck = BarsDeck(spec, desk.drawing, self.VIEWS)
        self.notes = self._bounds = BoundNotes(spec)

    def draw(self, snapshot: Snapshot) -> None:
        """Show a snapshot, its bounds in the panel of the notes."""
        self._bounds.show([note.removeprefix(BOUND) for note in snapshot.notes if note.startswith(BOUND)])
        super().draw(snapshot)

    def _say_phase(self) -> None:
        self.snapshot = without_bounds(self.snapshot)
        super()._say_phase()


def without_bounds(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with those of its notes that are no bounds."""
    return replace(snapshot, notes=tuple(note for note in snapshot.notes if not note.startswith(BOUND)))


def printed(notes: Sequence[str]) -> Text:
    """Return the bounds as text: name, values and verdicts, then the formula, then each arm's constants, a blank line between."""
    text = Text()
    for note in notes:
        head, *rest = note.split(" | ")
        name, colon, values = head.partition(":")
        text.append(name + colon, "bold")
        for word in values.split(" "):
            text.append(word, VERDICT_STYLE.get(word.rstrip(";"), "")).append(" ")
        text.rstrip()
        text.append("\n")
        for line in rest:
            text.append(f"  {line}\n", "dim" if line is rest[0] else "")
        text.append("\n")
    return text
