"""The page with every stop of the tour and what became of it; one is chosen to go there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from engine.contract.tour import Stop, Visit
from screens.page import Page
from screens.widgets.tour_text import result_of

WIDTH, AROUND = 78, 5  # columns of the page, and those of its border, padding and scrollbar
ROWS_AROUND = 4  # border, summary, keys


class TourList(Page, ModalScreen[None], inherit_bindings=False):
    """A page over the tour.

    Args:
        stops: in their order.
        visits: what became of them, by name.
        place: the stop that is marked at first.
        go: goes to a stop.
    """

    DEFAULT_CSS = """
    TourList { align: center middle; }
    TourList Vertical { width: 78; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; border: round $primary; }
    TourList OptionList, TourList OptionList:focus { height: auto; border: none; padding: 0; background: $background; }
    TourList Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", show=False),
        Binding("l", "dismiss", "Back", show=False, id="tour_list"),
        Binding("q", "app.leave", "Quit", show=False, id="quit"),
    ]

    def __init__(self, stops: Sequence[Stop], visits: Mapping[str, Visit], place: int, go: Callable[[int], None]) -> None:
        super().__init__()
        self._stops, self._visits, self._place, self._go = stops, visits, place, go
        self.list = OptionList(*(Text(stop.title) for stop in stops))
        self._width = WIDTH - AROUND
        self._marked = place

    def compose(self) -> ComposeResult:
        """Lay out the summary, the stops and the keys."""
        with Vertical():
            yield Static(summary(self._stops, self._visits))
            yield self.list
            yield Static(Text("enter goes there; escape goes back", "dim"))

    def on_mount(self) -> None:
        """Mark the present stop."""
        self.list.focus()
        self.list.highlighted = self._place

    def on_resize(self, event: events.Resize) -> None:
        """Write a row a stop for the width there is, and keep the marked one in sight."""
        self._width = min(WIDTH, event.size.width) - AROUND
        self.list.styles.max_height = max(1, event.size.height - ROWS_AROUND)
        for place in range(len(self._stops)):
            self._write(place)
        self.call_after_refresh(self.list.scroll_to_highlight)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Take the colours of words off the marked row, where they could not be read, and give back those of the one before."""
        event.stop()
        before, self._marked = self._marked, event.option_index
        for place in {before, self._marked}:
            self._write(place)

    def _write(self, place: int) -> None:
        stop = self._stops[place]
        row = _row(place + 1, stop, self._visits.get(stop.name), self._width)
        self.list.replace_option_prompt_at_index(place, Text(row.plain) if place == self._marked else row)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to a stop, once."""
        event.stop()
        if self.is_topmost:
            self.dismiss()
            self._go(event.option_index)


def summary(stops: Sequence[Stop], visits: Mapping[str, Visit]) -> Text:
    """Return how far a person is: `17 stops: 5 right, 2 near, 1 seen, 1 skipped, 8 to come`."""
    results = [visits[stop.name].result for stop in stops if stop.name in visits]
    words = {"right": "right", "near": "near", "off": "seen", "skipped": "skipped"}
    parts = [f"{results.count(result)} {word}" for result, word in words.items() if result in results]
    parts += [f"{len(stops) - len(results)} to come"] if len(results) < len(stops) else []
    return Text(f"{len(stops)} stops: {', '.join(parts)}", "bold")


def _row(number: int, stop: Stop, visit: Visit | None, width: int) -> Text:
    """Return one row, without what it is in a textbook where that has no room."""
    concept = f": {stop.concept}" if visit is not None and visit.result != "skipped" and stop.concept else ""
    row = Text.assemble(f"{number:2} ", result_of(visit), f"{stop.title}{concept}")
    if row.cell_len + 2 + len(stop.page) <= width:
        row.append(f"  {stop.page}", "dim")
    row.truncate(max(1, width), overflow="ellipsis")
    return row
