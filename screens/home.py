"""The home screen: a card for each phenomenon, and the runs of every process.

It stands before torch is imported and a run is read: what is known of the runs comes later, from a thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid
from textual.screen import Screen
from textual.widgets import Static

from engine.contract import LabError
from screens.application import Application
from screens.background import in_background
from screens.key_lists import HOME_KEYS, card_keys
from screens.keys import bindings
from screens.listed_run import Glimpses
from screens.widgets.latest_runs import LEAST, LatestRuns
from screens.widgets.phenomenon_card import Detail, PhenomenonCard
from screens.widgets.scrolled_list import ScrolledList
from screens.widgets.text_row import TextRow, fit

PERIOD = 1.0  # seconds between two looks at the runs
WIDE = 120  # columns from which cards stand in two columns
ROWS_AROUND = 4  # title, the selected question, keys
LOOKS = 20  # between two looks at the folder of the runs, at least so many times what a look takes
FOR_RUNS = 8  # rows that pictures leave to the runs
LEAST_PICTURE, MOST_PICTURE = 4, 6  # rows of a card from which it shows a picture; rows of the picture
DIGITS = 10


class HomeScreen(Screen[None], inherit_bindings=False):
    """Cards to choose a phenomenon from; its key or enter opens one."""

    DEFAULT_CSS = """
    HomeScreen { layout: vertical; }
    HomeScreen #cards { height: 1fr; }
    HomeScreen #selected { height: auto; max-height: 4; padding: 0 1; text-style: italic; }
    HomeScreen Grid { height: auto; grid-size: 1; grid-rows: auto; grid-gutter: 0 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = list(bindings(HOME_KEYS))

    def __init__(self, application: Application) -> None:
        super().__init__()
        entries = application.phenomena()
        longest = max((len(entry.title) for entry in entries), default=0)
        self._card_keys = card_keys(application.home_keys)
        keys = [*self._card_keys, *("" for _ in entries)]
        self.cards = [PhenomenonCard(entry, key, longest, application.drawing) for entry, key in zip(entries, keys, strict=False)]
        self.application = application
        self._grid = Grid(*self.cards)
        self._list = ScrolledList(self._grid, id="cards")
        self._sentence, self._keys = Static(id="selected"), TextRow(id="keys")
        self.runs = LatestRuns()
        self._glimpses, self._looked = Glimpses(), False
        self._answer = ""  # why what was opened last was not

    def compose(self) -> ComposeResult:
        """Lay out title, cards, the selected question and the keys."""
        yield TextRow(Text.assemble((" genlab ", "reverse bold"), "  Why do overparameterized models generalize?"))
        yield self._list
        yield self._sentence
        yield self.runs
        yield self._keys

    def on_mount(self) -> None:
        """Look at the runs from time to time."""
        self.set_interval(PERIOD, self.look)
        self.call_after_refresh(lambda: self.run_worker(self._follow(), group="runs"))
        self.set_timer(PERIOD, lambda: self.run_worker(self._examine()))

    async def _examine(self) -> None:
        """Mark the phenomena that only an import shows to be broken, once home stands."""
        problems = await in_background(self.application.examine)
        for card in self.cards:
            if card.entry.name in problems:
                card.spoil(problems[card.entry.name])
        self._describe()  # presets are known now

    def on_screen_resume(self) -> None:
        """Show what became of the runs meanwhile."""
        self.look()

    def on_resize(self, event: events.Resize) -> None:
        """Choose columns, how much of each card is shown, and what room is left for the runs."""
        columns = 2 if event.size.width >= WIDE else 1
        rows = -(-len(self.cards) // columns)
        room = max(1, event.size.height - ROWS_AROUND)
        each = (room - FOR_RUNS) // max(1, rows)
        detail: Detail = "picture" if each >= LEAST_PICTURE else "two rows" if rows * 2 <= room else "one row"
        picture = min(MOST_PICTURE, each - 2)
        for card in self.cards:
            card.give(detail, picture if detail == "picture" else 0)
        self._grid.styles.grid_size_columns = columns
        needed = rows * {"picture": picture + 2, "two rows": 2, "one row": 1}[detail]
        left = room - needed - (detail == "one row")  # then the question stands above the further presets
        self.runs.styles.height = left if left >= LEAST else 0
        self.call_after_refresh(self._keep_in_sight)
        self._describe()

    def _keep_in_sight(self) -> None:
        selected = self._selected
        if selected is not None:
            self._list.scroll_to_widget(selected, animate=False)

    @property
    def _selected(self) -> PhenomenonCard | None:
        return next((card for card in self.cards if card.has_focus), None)

    async def _follow(self) -> None:
        """Look at the runs of every process while home is seen; in a thread, once home stands."""
        while self.is_attached:
            if self.app.screen is self:
                began, problem = time.monotonic(), ""
                try:
                    self._glimpses = await in_background(self.application.glimpses)
                    self._looked = True
                except LabError as error:
                    problem = error.message
                self.runs.show(self._glimpses, problem)
                self.look()
                await asyncio.sleep(max(PERIOD, LOOKS * (time.monotonic() - began)))
            else:
                await asyncio.sleep(PERIOD)

    def look(self) -> None:
        """Bring every card up to date."""
        if self.app.screen is not self:
            return
        with self.app.batch_update():
            for card in self.cards:
                name = card.entry.name
                snapshot, stored = self.application.latest(name), self._glimpses.newest.get(name)
                if snapshot is None and stored is not None:
                    card.show_stored(stored)
                elif snapshot is not None:
                    card.show(snapshot, self.application.main_figure(name))
                elif self._looked:
                    card.show(None)
            self.runs.tick()

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

    def on_key(self, event: events.Key) -> None:
        """Open the phenomenon of a card's key."""
        for card in self.cards:
            if card.key and event.character == card.key:
                event.stop()
                event.prevent_default()
                card.focus()
                self._open(card)

    def on_phenomenon_card_opened(self, event: PhenomenonCard.Opened) -> None:
        """Open a card that was clicked."""
        self._open(event.card)

    def on_latest_runs_clicked(self) -> None:
        """Open the run browser."""
        self.application.offer_runs()

    def _open(self, card: PhenomenonCard) -> None:
        self._answer = ""
        if card.entry.problem:
            self.say(card.entry.problem, bad=True)
        else:
            self.application.open_phenomenon(card.entry.name)

    def say(self, text: str, bad: bool = False) -> None:
        """Show a sentence until another card is selected; bad: that something failed, such as why a phenomenon cannot be opened."""
        self._answer = text
        self._sentence.update(Text(text, "bold red" if bad else "bold"))

    def _describe(self) -> None:
        now = {item.id: item.shown for item in self.application.home_keys}
        keys = [
            (_key_range(self._card_keys[: len(self.cards)]), "open"), (now["tour"], "tour"), (now["browse"], "runs"), ("ctrl+p", "palette"),
            (now["help"], "help"), (now["quit"], "quit"), (now["sweeps"], "sweeps"), (now["compare"], "compare runs"),
            ("arrows", "select"), ("enter", "open"),
        ]  # fmt: skip
        parts = [Text.assemble((key, "bold cyan"), " ", what) for key, what in keys]
        self._keys.show(fit(parts, self.size.width))
        selected = self._selected
        if not self._answer:
            question = Text(selected.sentence if selected is not None and selected.cut else "")
            self._sentence.update(Text("\n").join(part for part in (question, self._further(selected)) if part))

    def _further(self, card: PhenomenonCard | None) -> Text:
        """Say in one row which presets a card's phenomenon has besides: those first that show something else than quick."""
        spec = None if card is None or card.entry.problem else self.application.declaration(card.entry.name)
        if spec is None:
            return Text()
        plain = [preset.name for preset in spec.presets[2:] if not preset.needs]
        names = [name for name in plain if name in spec.topics] + [name for name in plain if name not in spec.topics]
        head, room = f"more presets of {spec.title} (ctrl+p): ", self.size.width - 2
        count = next((count for count in range(len(names), 0, -1) if len(_listed(head, names, count)) <= room), 0)
        return Text(_listed(head, names, count), "not italic dim") if count else Text()


def _listed(head: str, names: Sequence[str], count: int) -> str:
    return f"{head}{', '.join(names[:count])}{', ...' if count < len(names) else ''}"


def _key_range(keys: str) -> str:
    """Write the keys of cards: `1..0 a c..e`, a range for three or more that follow each other."""
    groups: list[str] = [keys[:DIGITS]]
    for letter in keys[DIGITS:]:
        if len(groups) > 1 and ord(letter) == ord(groups[-1][-1]) + 1:
            groups[-1] += letter
        else:
            groups.append(letter)
    return " ".join(f"{group[0]}..{group[-1]}" if len(group) > 2 else " ".join(group) for group in groups if group)
