"""The screen of vacuous bounds: bars first; what each bar is made of stands above the notes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from engine.contract import Detail, Grade, Session, Snapshot, Spec
from screens.application import Application
from screens.base import PhenomenonScreen
from screens.figure_pages import LEAST_HEIGHT, Page, pages
from screens.widgets.figure_grid import FigureGrid
from screens.widgets.notes_panel import NotesPanel

STYLES: dict[Grade, str] = {"": "", "good": "green", "poor": "yellow", "bad": "red"}


class BoundsPanel(NotesPanel):
    """Every bound with its values and what they say, its formula and constants, then the notes."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self._table = Static()
        self._shown: tuple[Detail, ...] = ()

    def compose(self) -> ComposeResult:
        """Hold the bounds above the text."""
        yield self._table
        yield from super().compose()

    def show_bounds(self, details: Sequence[Detail]) -> None:
        """Print the bounds anew where they changed."""
        if tuple(details) != self._shown:
            self._shown = tuple(details)
            self._table.update(printed(self._shown))


class BarsGrid(FigureGrid):
    """Views with the first one, 26 bars and their names, as wide as there is room: in a row of its own, or on a page of its own."""

    def spread(self, width: int, height: int) -> None:
        """Choose the grids for a size and show the active view's page."""
        if self.full:
            super().spread(width, height)
            return
        others = len(self.panels) - 1
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
            self.panels[0].styles.column_span = page.columns
            self.panels[page.views[-1]].styles.column_span = 2 + page.columns * (page.rows - 1) - len(page.views)


class VacuousBoundsScreen(PhenomenonScreen):
    """Bounds beside what they bound."""

    VIEWS = ("bounds", "two-sided-plane", "two-sided", "margins", "bound-vs-n")

    def __init__(self, spec: Spec, session: Session, application: Application) -> None:
        super().__init__(spec, session, application)
        self.figures = BarsGrid(spec, application.drawing, self.VIEWS)
        self.notes = self._bounds = BoundsPanel(spec)

    def draw(self, snapshot: Snapshot) -> None:
        """Show a snapshot, its bounds in the panel of the notes."""
        self._bounds.show_bounds(snapshot.details)
        super().draw(snapshot)


def printed(details: Sequence[Detail]) -> Text:
    """Return the bounds as text: name, values and what they say, then the formula, then the constants, a blank line between."""
    text = Text()
    for detail in details:
        first, formula, *constants = detail.lines()
        head = Text(first)
        head.stylize("bold", 0, len(detail.name))
        for row in detail.rows:
            head.highlight_words([row.word], STYLES[row.grade])
        text.append(head).append(f"\n  {formula}\n", "dim").append("".join(f"  {line}\n" for line in constants)).append("\n")
    return text
