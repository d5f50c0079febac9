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
from screens.widgets.notes import NotesPanel

BOUND = "Bound "  # how a note begins that prints a bound's constants


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


class VacuousBoundsScreen(PhenomenonScreen):
    """Bounds beside what they bound."""

    VIEWS = ("bounds", "two-sided-plane", "two-sided", "margins", "bound-vs-n")

    def __init__(self, spec: Spec, session: Session, desk: Desk) -> None:
        super().__init__(spec, session, desk)
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
    """Return the bounds as text, names bold, a blank line between."""
    text = Text()
    for note in notes:
        name, colon, rest = note.partition(":")
        text.append(name + colon, "bold").append(f"{rest}\n\n")
    return text
