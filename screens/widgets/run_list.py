"""A list of runs, however many: a row is made when it is seen. Arrows, page keys and the mouse move in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.listed_run import ListedRun
from screens.widgets.run_columns import MARK, Column, column_at, columns_of, head, row, telling
from screens.widgets.text_row import TextRow

SELECTED = Style(reverse=True)


class RunListHead(TextRow):
    """The row over the list; a click on a column sorts by it."""

    class Clicked(Message):
        """A column was clicked."""

        def __init__(self, sort: str) -> None:
            super().__init__()
            self.sort = sort

    def __init__(self) -> None:
        super().__init__()
        self.columns: tuple[Column, ...] = ()

    def on_click(self, event: events.Click) -> None:
        """Sort by a column that can be sorted by."""
        column = column_at(self.columns, event.x)
        if column is not None and column.sort:
            self.post_message(self.Clicked(column.sort))


class RunList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of runs, one of them selected.

    Args:
        look_up: returns what is known of a run by its name.
        value: returns a knob or value of a run as text.
    """

    DEFAULT_CSS = "RunList { height: 1fr; width: 1fr; overflow-x: hidden; overflow-y: auto; background: $background; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "end(-1)", "First", show=False),
        Binding("end", "end(1)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    class Moved(Message):
        """Another run is selected, or other rows are seen."""

    class Chosen(Message):
        """The selected run is to be opened."""

    class MarkClicked(Message):
        """The selected run's mark was clicked."""

    def __init__(self, look_up: Callable[[str], ListedRun | None], value: Callable[[ListedRun, str], str]) -> None:
        super().__init__()
        self._look_up, self._value = look_up, value
        self.names: list[str] = []
        self.marked: Mapping[str, int] = {}
        self.place = 0
        self.head = RunListHead()
        self._sort = ""
        self._own_column = ""
        self._first: Mapping[str, Sequence[str]] = {}

    # ------------------------------------------------------------ what is shown

    @property
    def selected(self) -> str:
        """The name of the selected run; empty where there is none."""
        return self.names[self.place] if self.place < len(self.names) else ""

    @property
    def in_sight(self) -> Sequence[str]:
        """The names of the runs whose rows are seen."""
        top = int(self.scroll_offset.y)
        return self.names[top : top + max(1, self.scrollable_content_region.height)]

    def put(self, names: list[str], sort: str, own_column: str) -> None:
        """Show these runs in this order; the selected one stays selected, or the one that takes its place. own_column: a knob or value."""
        selected = self.selected
        self._sort, self._own_column = sort, own_column
        if names != self.names:
            self.names = names
            if selected and (self.place >= len(names) or names[self.place] != selected):
                self.place = names.index(selected) if selected in set(names) else min(self.place, max(0, len(names) - 1))
            self.virtual_size = Size(self.scrollable_content_region.width, len(names))
        self.lay_out()
        self.keep_in_sight()

    def lay_out(self) -> None:
        """Bring rows and head up to date."""
        runs = [run for name in self.names if (run := self._look_up(name)) is not None]
        self._first = telling(runs)
        columns = columns_of(max(20, self.scrollable_content_region.width), self._own_column, runs)
        self.head.columns = columns
        self.head.show(head(columns, self._sort))
        self.refresh()

    def on_resize(self) -> None:
        """Lay the rows out for a new width."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.names))
        self.lay_out()
        self.keep_in_sight()

    def keep_in_sight(self) -> None:
        """Scroll to the selected row."""
        self.scroll_to_region(Region(0, self.place, 1, 1), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        width = self.scrollable_content_region.width
        place = y + int(self.scroll_offset.y)
        if place >= len(self.names):
            return Strip.blank(width, self.rich_style)
        name = self.names[place]
        run = self._look_up(name) or ListedRun(name, 0, True, problem="this run is no longer there")
        text = row(run, self.head.columns, self.marked.get(name, 0), time.time_ns(), self._value, self._first)
        return self._strip(text, width, selected=place == self.place)

    def _strip(self, text: Text, width: int, *, selected: bool) -> Strip:
        text.truncate(width, overflow="ellipsis", pad=True)
        base = self.rich_style
        style = (SELECTED if self.has_focus else Style(bold=True, underline=True)) if selected else Style()
        segments = [
            Segment(words, base + (style if selected else found or style)) for words, found, _ in text.render(self.app.console)
        ]  # a selected row in one colour: others would be as hard to read as their reverse
        return Strip(segments).adjust_cell_length(width, base)

    # ------------------------------------------------------------ moving

    def action_move(self, by: int) -> None:
        """Select a row further up or down."""
        self.go_to(self.place + by)

    def action_page(self, direction: int) -> None:
        """Select a row a page further."""
        self.go_to(self.place + direction * max(1, self.scrollable_content_region.height - 1))

    def action_end(self, direction: int) -> None:
        """Select the first or the last row."""
        self.go_to(0 if direction < 0 else len(self.names) - 1)

    def action_choose(self) -> None:
        """Open the selected run."""
        if self.selected:
            self.post_message(self.Chosen())

    def go_to(self, place: int) -> None:
        """Select a row."""
        place = max(0, min(place, len(self.names) - 1))
        if place != self.place:
            self.place = place
            self.refresh()
        self.keep_in_sight()
        self.post_message(self.Moved())

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Tell that other rows are seen."""
        super().watch_scroll_y(old, new)
        self.post_message(self.Moved())

    def on_click(self, event: events.Click) -> None:
        """Select a row; open it where it is selected already; in front of its name, mark it."""
        place = event.y + int(self.scroll_offset.y)
        if place >= len(self.names):
            return
        again = place == self.place
        self.go_to(place)
        if event.x < MARK:
            self.post_message(self.MarkClicked())
        elif again and event.chain > 1:
            self.post_message(self.Chosen())
