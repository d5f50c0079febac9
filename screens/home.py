"""The home screen: a card for each phenomenon. Needs nothing but names and questions, so it stands before torch is imported."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from screens.application import Application
from screens.widgets.phenomenon_card import PhenomenonCard
from screens.widgets.text_row import TextRow, fit

PERIOD = 1.0  # seconds between two looks at the runs
WIDE = 120  # columns from which cards stand in two columns
ROWS_AROUND = 4  # title, the selected question, keys
DIGITS = "1234567890"


class HomeScreen(Screen[None], inherit_bindings=False):
    """Cards to choose a phenomenon from; a digit or enter opens it."""

    DEFAULT_CSS = """
    HomeScreen { layout: vertical; }
    HomeScreen #cards { height: 1fr; scrollbar-size-vertical: 1; }
    HomeScreen #selected { height: auto; max-height: 2; padding: 0 1; text-style: italic; }
    HomeScreen Grid { height: auto; grid-size: 1; grid-rows: auto; grid-gutter: 0 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "open", "Open the selected phenomenon", show=False),
        *(Binding(digit, f"open_card({index})", "Open a phenomenon", show=False) for index, digit in enumerate(DIGITS)),
        Binding("up,left", "move(-1)", "Select the card before", show=False, key_display="up left"),
        Binding("down,right", "move(1)", "Select the next card", show=False, key_display="down right"),
        Binding("question_mark", "app.help", "Help", show=False, key_display="?"),
        Binding("q", "app.leave", "Quit; runs are saved", show=False),
    ]

    def __init__(self, application: Application) -> None:
        super().__init__()
        self.cards = [
            PhenomenonCard(data, DIGITS[index] if index < len(DIGITS) else "") for index, data in enumerate(application.phenomena())
        ]
        self.application = application

    def compose(self) -> ComposeResult:
        """Lay out title, cards, the selected question and the keys."""
        yield TextRow(Text.assemble((" genlab ", "reverse bold"), "  Why do overparameterized models generalize?"))
        with VerticalScroll(id="cards", can_focus=False), Grid():
            yield from self.cards
        yield Static(id="selected")
        yield TextRow(id="keys")

    def on_mount(self) -> None:
        """Look at the runs from time to time."""
        self.set_interval(PERIOD, self.look)

    def on_screen_resume(self) -> None:
        """Show what became of the runs meanwhile."""
        self.look()

    def on_resize(self, event: events.Resize) -> None:
        """Choose columns and how much of each question is shown."""
        columns = 2 if event.size.width >= WIDE else 1
        rows = -(-len(self.cards) // columns)
        room = event.size.height - ROWS_AROUND
        self.query_one(Grid).styles.grid_size_columns = columns
        self.query_one(Grid).styles.grid_gutter_horizontal = 1 if rows * 4 <= room else 0
        self.query_one(Grid).styles.margin = (1 if rows * 4 < room else 0, 0)
        for card in self.cards:
            card.shorten(rows * 4 > room)
        self._describe()

    def look(self) -> None:
        """Bring every card up to date."""
        if self.app.screen is not self:
            return
        with self.app.batch_update():
            for card in self.cards:
                card.show(self.application.latest(card.data.name))

    def on_descendant_focus(self) -> None:
        """Say the selected card's whole question."""
        self._describe()

    def action_move(self, direction: int) -> None:
        """Select the next or previous card."""
        place = next((index for index, card in enumerate(self.cards) if card.has_focus), -direction)
        self.cards[(place + direction) % len(self.cards)].focus()

    def action_open(self) -> None:
        """Open the selected card's phenomenon."""
        for card in self.cards:
            if card.has_focus:
                self.application.open_phenomenon(card.data.name)

    def action_open_card(self, index: int) -> None:
        """Open the phenomenon of a digit."""
        if index < len(self.cards):
            self.cards[index].focus()
            self.application.open_phenomenon(self.cards[index].data.name)

    def on_phenomenon_card_opened(self, event: PhenomenonCard.Opened) -> None:
        """Open a card that was clicked."""
        self.application.open_phenomenon(event.name)

    def say(self, text: str) -> None:
        """Show a sentence, such as why a phenomenon cannot be opened, until another card is selected."""
        self.query_one("#selected", Static).update(Text(text, "bold red"))

    def _describe(self) -> None:
        width = self.size.width
        keys = [("digit", "open and start"), ("arrows", "select"), ("enter", "open"), ("?", "help"), ("q", "quit"), ("ctrl+p", "palette")]
        parts = [Text.assemble((key, "bold cyan"), " ", what) for key, what in keys]
        self.query_one("#keys", TextRow).show(fit(parts, width))
        chosen = next((card for card in self.cards if card.has_focus and card.cut), None)
        self.query_one("#selected", Static).update(chosen.data.question if chosen else "")
