"""A page with the stored and running runs of every process as a list to filter, sort and mark. What is done with runs, subclasses say.

Only the rows that are seen are read at once; the others in the background, as far as a filter or an order asks for it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.contract import LabError
from screens.application import Application
from screens.background import in_background
from screens.listed_run import Preview, RunListing
from screens.page import Page
from screens.run_filter import EXAMPLE, SORTS, RunFilter, chosen, example, parse, shown_for
from screens.widgets.confirm_row import ConfirmRow
from screens.widgets.run_list import RunList, RunListHead
from screens.widgets.run_preview import RunPreview
from screens.widgets.text_row import TextRow, fit

PERIOD = 1.0  # seconds between two looks at the folder, and at least so many times what a look takes
LOOKS = 20
HALT = 0.5  # seconds between two arrangements while more is read, and at least so many times what one takes
SLICE = 0.1  # seconds of reading between two looks at what the person does
BEFORE = "/ and "  # before the example of a filter
NONE = "No runs are stored yet; start one with its key on home, or with: genlab run NAME"


@dataclass
class BrowserState:
    """What a browser is left with and opened again with."""

    filter: str = ""
    sort: str = "age"
    selected: str = ""
    marked: list[str] = field(default_factory=list)


class RunListPage(Page, ModalScreen[None], inherit_bindings=False):
    """A page with a row a run.

    Args:
        listing: the runs.
        application: what stands around the page.
        state: how it was left, changed as the person goes on.
        said: a sentence to begin with.
    """

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()  # in the last row, the most important first
    DEFAULT_CSS = """
    RunListPage { layout: vertical; background: $background; }
    RunListPage #filter-row { height: 1; }
    RunListPage #filter-name { width: 8; padding: 0; }
    RunListPage Input { width: 1fr; }
    RunListPage #said { height: auto; max-height: 3; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,b", "back", "Back", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("u", "unmark", "Unmark all", show=False),
        Binding("slash", "filter", "Filter", show=False),
        Binding("s", "sort", "Sort", show=False),
        Binding("question_mark", "app.help", "Help", show=False),
        Binding("ctrl+l", "app.redraw", "Draw the screen anew", show=False),
        Binding("q", "app.leave", "Quit", show=False),
    ]

    def __init__(self, listing: RunListing, application: Application, state: BrowserState, said: str = "") -> None:
        super().__init__()
        self.listing, self.state = listing, state
        self.list = RunList(self.listing.row, lambda run, name: shown_for(run, name, self.listing.knobs))
        self.preview = RunPreview(application.drawing)
        self.filter = Input(value=state.filter, placeholder=f"{BEFORE}{EXAMPLE}", compact=True, select_on_focus=False)
        self.filter.cursor_blink = False
        self.confirm = ConfirmRow()
        self._title, self._keys = TextRow(), TextRow()
        self._said = Static(id="said")
        self._first_words = said
        self._names: dict[str, str] = {}
        self._wanted = RunFilter()
        self._seen: object = None  # the rows that were arranged last
        self._all_read = False
        self._arrange_from = 0.0  # when what was read meanwhile is worth another look through all rows
        self._busy = self._started = self._empty = False
        self._wake = asyncio.Event()

    def compose(self) -> ComposeResult:
        """Lay out title, filter, list, preview, what is said, and the keys."""
        yield self._title
        with Horizontal(id="filter-row"):
            yield Static(Text(" filter "), id="filter-name")
            yield self.filter
        yield self.list.head
        yield self.list
        yield self.preview
        yield self.confirm
        yield self._said
        yield self._keys

    def on_mount(self) -> None:
        """Look at the runs, and again from time to time."""
        self.list.focus()
        self.list.marked = numbered(self.state.marked)
        if self._first_words:
            self.say(self._first_words)
        self.run_worker(self._follow(), exclusive=True, group="follow")
        self.run_worker(self._look_closer(), exclusive=True, group="preview")

    def on_resize(self, event: events.Resize) -> None:
        """Give the preview its share."""
        height = event.size.height
        self.preview.styles.height = 2 if height < 20 else 3 if height < 34 else height // 3
        self.preview.display = height >= 14
        self.filter.placeholder = f"{BEFORE}{example(event.size.width - len(BEFORE) - 9)}"  # 8 for the name of the row
        self.call_after_refresh(self._say_around)

    def explain_focus(self) -> Text:
        """Return what help says first."""
        return Text("The stored and running runs of every process.", "bold")

    # ------------------------------------------------------------ following the folder

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        if not self.state.filter:  # which is understood only once the names of all knobs are known
            await self._look()
        try:
            self._names = dict(await in_background(self.listing.names))
        except LabError as error:
            self.say(str(error), bad=True)
        self._read_filter()
        while self.is_attached:
            began = loop.time()
            await self._look()
            took = loop.time() - began
            until = loop.time() + max(PERIOD, LOOKS * took)
            while self.is_attached and loop.time() < until:
                await self._read_some()
                if self._all_read:
                    await self._asleep(until - loop.time())

    async def _look(self) -> None:
        """Look at the folder, and list what is there."""
        try:
            await in_background(self.listing.look)
        except LabError as error:
            self.say(str(error), bad=True)
        self._arrange(again=True)

    async def _read_some(self) -> None:
        """Read what is seen, then a little of the rest where the filter or the order needs it."""
        self._wake.clear()
        await in_background(self.listing.read, list(self.list.in_sight))
        needed = self._wanted.needs_reading or self.state.sort not in ("age", "name")
        claims = self._wanted.needs_claims(self._names) or self.state.sort == "claims" or self.state.sort in self._names
        self._all_read = not needed or await in_background(self.listing.read_on, SLICE, claims)
        if self._all_read and needed:
            await in_background(self.listing.keep)
        if self.is_attached:
            if self._all_read or time.monotonic() > self._arrange_from:
                self._arrange()
            else:
                self.list.refresh()

    async def _asleep(self, seconds: float) -> None:
        """Wait until it is time to look again, or something else is to be read."""
        try:
            await asyncio.wait_for(self._wake.wait(), max(0.0, seconds))
        except TimeoutError:
            return

    def _arrange(self, again: bool = False) -> None:
        """Bring the list up to date with what is known."""
        rows = self.listing.rows()
        if rows is self._seen and not again:
            return
        began, self._seen = time.monotonic(), rows
        self._drop_marks()
        sort = self._wanted.sort or self.state.sort
        found = chosen(rows, RunFilter(self._wanted.words, self._wanted.without, self._wanted.terms, sort), self.listing.knobs)
        own = sort.lstrip("-")
        with self.app.batch_update():
            self.list.put([run.name for run in found], sort, "" if own in SORTS else own)
            if not self._started and self.state.selected in self.list.names:
                self.list.go_to(self.list.names.index(self.state.selected))
            self._started = True
            self._show_selected()
            self._say_around()
        done = time.monotonic()
        self._arrange_from = done + max(HALT, LOOKS * (done - began))

    def _drop_marks(self) -> None:
        """Take the marks away of runs that are gone, and say so."""
        gone = [name for name in self.state.marked if self.listing.row(name) is None]
        if gone and self._started and not self._busy:
            self.state.marked[:] = [name for name in self.state.marked if name not in gone]
            self.list.marked = numbered(self.state.marked)
            count = "a marked run is" if len(gone) == 1 else f"{len(gone)} marked runs are"
            self.say(f"{count} no longer there")

    def _show_selected(self) -> None:
        name = self.list.selected
        self.preview.show_row(self.listing.row(name) if name else None)
        if name:
            self.state.selected = name

    def on_run_list_moved(self) -> None:
        """Read what is seen now."""
        self._show_selected()
        self._wake.set()
        self._closer.set()

    @property
    def _closer(self) -> asyncio.Event:
        if not hasattr(self, "_closer_event"):
            self._closer_event = asyncio.Event()
        return self._closer_event

    async def _look_closer(self) -> None:
        """Read the selected run's figure and claims, each time another is selected or it was written into."""
        shown: tuple[str, int] = ("", 0)
        while self.is_attached:
            run = self.listing.row(self.list.selected) if self.list.selected else None
            if run is not None and (run.name, run.changed) != shown and self.preview.display:
                shown = run.name, run.changed
                found: Preview = await in_background(self.listing.preview, run.name)
                if self.list.selected == run.name:
                    self.preview.show(found)
                continue
            self._closer.clear()
            try:
                await asyncio.wait_for(self._closer.wait(), PERIOD)
            except TimeoutError:
                continue

    # ------------------------------------------------------------ what is said around the list

    def _say_around(self) -> None:
        rows, width = self.listing.rows(), self.size.width
        working = sum(run.working for run in rows)
        shown = len(self.list.names)
        parts = [Text(" genlab ", "reverse bold"), Text("Runs", "bold")]
        if self._started:
            parts.append(Text(f"{shown:,} of {len(rows):,}" if shown != len(rows) else f"{len(rows):,}"))
        parts += [Text(f"{working} running", "bold green")] if working else []
        parts += [Text(f"{len(self.state.marked)} marked", "bold cyan")] if self.state.marked else []
        parts += [Text("reading on ...", "dim")] if not self._all_read else []
        self._title.show(fit(parts, width))
        self._keys.show(fit([Text.assemble((key, "bold cyan"), " ", what) for key, what in self.KEYS], width))
        if self._started and not rows and not self._empty:
            self.say(NONE)
        self._empty = self._started and not rows

    def say(self, sentence: str, bad: bool = False) -> None:
        """Say something below the list, until something else is done."""
        self._said.update(Text(sentence, "bold red" if bad else ""))

    def _hush(self) -> None:
        self._said.update(Text(self._wanted.problem, "bold red") if self._wanted.problem else Text())

    # ------------------------------------------------------------ filter and order

    def action_filter(self) -> None:
        """Type what is to be found; it replaces a filter that was kept, which the arrows go on with."""
        self.set_focus(self.filter)  # at once: what is typed ahead is meant for it
        self.filter.select_all()
        self._said.update(Text(EXAMPLE, "dim"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter by what was typed so far."""
        event.stop()
        self.state.filter = event.value
        self._read_filter()
        if self._started and self.filter.has_focus:
            problem = self._wanted.problem
            self._said.update(Text(problem, "bold red") if problem else Text(EXAMPLE, "dim"))

    def _read_filter(self) -> None:
        self._wanted = parse(self.state.filter, self._names) if self._names else RunFilter()
        if self._started:
            self._all_read = False
            self._arrange(again=True)
            self._wake.set()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go back to the list."""
        event.stop()
        self.set_focus(self.list)
        self._hush()

    def action_sort(self) -> None:
        """Sort by the next of the usual orders."""
        here = SORTS.index(self.state.sort) if self.state.sort in SORTS else -1
        self._sort_by(SORTS[(here + 1) % len(SORTS)])

    def on_run_list_head_clicked(self, event: RunListHead.Clicked) -> None:
        """Sort by a column; again, the other way round."""
        event.stop()
        self._sort_by(f"-{event.sort}" if self.state.sort == event.sort else event.sort)

    def _sort_by(self, sort: str) -> None:
        self.state.sort, self._all_read = sort, False
        self.say("sort= in the filter goes first" if self._wanted.sort else f"sorted by {sort.lstrip('-')}")
        self._arrange(again=True)
        self._wake.set()

    # ------------------------------------------------------------ marks

    @property
    def taken(self) -> list[str]:
        """The runs that are meant: the marked ones, else the selected one."""
        return list(self.state.marked) or ([self.list.selected] if self.list.selected else [])

    def action_mark(self) -> None:
        """Mark the selected run, or take its mark away."""
        name = self.list.selected
        if not name or self._busy:
            return
        if name in self.state.marked:
            self.state.marked.remove(name)
        else:
            self.state.marked.append(name)
        self._marks_changed()

    def on_run_list_mark_clicked(self, event: RunList.MarkClicked) -> None:
        """Mark the run that was clicked."""
        event.stop()
        self.action_mark()

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.state.marked.clear()
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.list.marked = numbered(self.state.marked)
        self.list.refresh()
        self._hush()
        self._say_around()

    def action_back(self) -> None:
        """Go one level back: from the filter to the list, then to the screen below."""
        if self.filter.has_focus:
            self.state.filter = self.filter.value = ""
            self._read_filter()  # what was wrong with it is wrong no more
            self.set_focus(self.list)
            self._hush()
        else:
            self.dismiss()


def numbered(names: list[str]) -> dict[str, int]:
    """Return the place of each marked run, counted from 1."""
    return {name: place for place, name in enumerate(names, 1)}
