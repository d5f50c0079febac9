"""The home screen: a card for each phenomenon. Needs nothing but names and questions, so it stands before torch is imported."""

from __future__ import annotations

import asyncio
from string import ascii_lowercase
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.screen import Screen
from textual.widgets import Static

from screens.application import Application
from screens.widgets.phenomenon_card import Detail, PhenomenonCard
from screens.widgets.scrolled_list import ScrolledList
from screens.widgets.text_row import TextRow, fit

PERIOD = 1.0  # seconds between two looks at the runs
WIDE = 120  # columns from which cards stand in two columns
ROWS_AROUND = 4  # title, the selected question, keys
QUIT, TOUR, SWEEPS = "q", "t", "w"
DIGITS = 10
KEYS = "1234567890" + ascii_lowercase.replace(QUIT, "").replace(TOUR, "").replace(SWEEPS, "")  # of the cards in order


class HomeScreen(Screen[None], inherit_bindings=False):
    """Cards to choose a phenomenon from; its key or enter opens one."""

    DEFAULT_CSS = """
    HomeScreen { layout: vertical; }
    HomeScreen #cards { height: 1fr; }
    HomeScreen #selected { height: auto; max-height: 4; padding: 0 1; text-style: italic; }
    HomeScreen Grid { height: auto; grid-size: 1; grid-rows: auto; grid-gutter: 0 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "open", "Open the selected phenomenon", show=False),
        *(Binding(key, f"open_card({index})", "Open a phenomenon", show=False) for index, key in enumerate(KEYS)),
        Binding("up,left", "move(-1)", "Select the card before", show=False, key_display="up left"),
        Binding("down,right", "move(1)", "Select the next card", show=False, key_display="down right"),
        Binding("C", "app.compare", "Compare stored runs", show=False),
        Binding("question_mark", "app.help", "Help", show=False, key_display="?"),
        Binding(TOUR, "app.open_tour", "The tour", show=False),
        Binding(SWEEPS, "app.open_sweeps", "Stored sweeps", show=False),
        Binding(QUIT, "app.leave", "Quit; runs are saved", show=False),
    ]

    def __init__(self, application: Application) -> None:
        super().__init__()
        entries = application.phenomena()
        longest = max((len(entry.title) for entry in entries), default=0)
        keys = [*KEYS, *("" for _ in entries)]
        self.cards = [PhenomenonCard(entry, key, longest) for entry, key in zip(entries, keys, strict=False)]
        self.application = application
        self._grid = Grid(*self.cards)
        self._list = ScrolledList(self._grid, id="cards")
        self._sentence, self._keys = Static(id="selected"), TextRow(id="keys")
        self._answer = ""  # why what was opened last was not

    def compose(self) -> ComposeResult:
        """Lay out title, cards, the selected question and the keys."""
        yield TextRow(Text.assemble((" genlab ", "reverse bold"), "  Why do overparameterized models generalize?"))
        yield self._list
        yield self._sentence
        yield self._keys

    def on_mount(self) -> None:
        """Look at the runs from time to time."""
        self.set_interval(PERIOD, self.look)
        self.set_timer(PERIOD, lambda: self.run_worker(self._examine()))

    async def _examine(self) -> None:
        """Mark the phenomena that only an import shows to be broken, once home stands."""
        problems = await asyncio.to_thread(self.application.examine)
        for card in self.cards:
            if card.entry.name in problems:
                card.spoil(problems[card.entry.name])

    def on_screen_resume(self) -> None:
        """Show what became of the runs meanwhile."""
        self.look()

    def on_resize(self, event: events.Resize) -> None:
        """Choose columns and how much of each question is shown."""
        columns = 2 if event.size.width >= WIDE else 1
        rows = -(-len(self.cards) // columns)
        room = event.size.height - ROWS_AROUND
        grid = self._grid
        grid.styles.grid_size_columns = columns
        grid.styles.grid_gutter_horizontal = 1 if rows * 4 <= room else 0
        grid.styles.margin = (1 if rows * 4 < room else 0, 0)
        detail: Detail = "whole question" if rows * 4 <= room else "two rows" if rows * 2 <= room else "one row"
        for card in self.cards:
            card.give(detail)
        self.call_after_refresh(self._keep_in_sight)
        self._describe()

    def _keep_in_sight(self) -> None:
        selected = self._selected
        if selected is not None:
            self._list.scroll_to_widget(selected, animate=False)

    @property
    def _selected(self) -> PhenomenonCard | None:
        return next((card for card in self.cards if card.has_focus), None)

    def look(self) -> None:
        """Bring every card up to date."""
        if self.app.screen is not self:
            return
        with self.app.batch_update():
            for card in self.cards:
                card.show(self.application.latest(card.entry.name))

    def on_descendant_focus(self) -> None:
        """Say the selected card's whole question."""
        self._describe()

    def action_move(self, direction: int) -> None:
        """Select the next or previous card."""
        if self.cards:
            self._answer = ""
            place = self.cards.index(self._selected) if self._selected is not None else -direction
            self.cards[(place + direction) % len(self.cards)].focus()

    def action_open(self) -> None:
        """Open the selected card's phenomenon."""
        if self._selected is not None:
            self._open(self._selected)

    def action_open_card(self, index: int) -> None:
        """Open the phenomenon of a key."""
        if index < len(self.cards):
            self.cards[index].focus()
            self._open(self.cards[index])

    def on_phenomenon_card_opened(self, event: PhenomenonCard.Opened) -> None:
        """Open a card that was clicked."""
        self._open(event.card)

    def _open(self, card: PhenomenonCard) -> None:
        self._answer = ""
        if card.entry.problem:
            self.say(card.entry.problem)
        else:
            self.application.open_phenomenon(card.entry.name)

    def say(self, text: str) -> None:
        """Show a sentence, such as why a phenomenon cannot be opened, until another card is selected."""
        self._answer = text
        self._sentence.update(Text(text, "bold red"))

    def _describe(self) -> None:
        keys = [
            (_key_range(len(self.cards)), "open"), ("arrows", "select"), ("enter", "open"), (TOUR, "tour"), ("?", "help"),
            (QUIT, "quit"), ("ctrl+p", "palette"), ("C", "compare runs"), (SWEEPS, "sweeps"),
        ]  # fmt: skip
        parts = [Text.assemble((key, "bold cyan"), " ", what) for key, what in keys]
        self._keys.show(fit(parts, self.size.width))
        selected = self._selected
        if not self._answer:
            self._sentence.update(Text(selected.sentence if selected is not None and selected.cut else ""))


def _key_range(count: int) -> str:
    """Write the keys of so many cards: `1..0 a..d`."""
    parts = KEYS[: min(count, DIGITS)], KEYS[DIGITS:count]
    return " ".join(f"{part[0]}..{part[-1]}" if len(part) > 1 else part for part in parts if part)
