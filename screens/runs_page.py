"""The stored runs as a list to mark some in, which are then compared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.contract import LabError
from screens.application import StoredRun
from screens.page import Page

KEYS = "space marks; return compares what is marked, or C; escape goes back"
KIND, STATE, LEAST_NAME, MOST_NAME = 24, 22, 12, 40  # columns of a phenomenon, of phase with date, of a run's name


class RunsPage(Page, ModalScreen[None], inherit_bindings=False):
    """A page with a row a run.

    Args:
        stored: returns the runs, newest first. Blocks; called in a thread.
        prepare: loads the runs of some folders and returns what shows them side by side. Blocks; called in a thread.
        first: the phenomenon whose runs come first, if any.
    """

    DEFAULT_CSS = """
    RunsPage { align: center middle; }
    RunsPage Vertical { width: 100; max-width: 100%; height: 90%; max-height: 100%; padding: 0 1; border: round $primary; }
    RunsPage Static { width: 1fr; height: auto; }
    RunsPage OptionList, RunsPage OptionList:focus { height: 1fr; border: none; padding: 0; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("C", "compare", "Compare", show=False),
        Binding("q", "app.leave", "Quit", show=False),
    ]

    def __init__(
        self, stored: Callable[[], Sequence[StoredRun]], prepare: Callable[[Sequence[Path]], Callable[[], None]], first: str = ""
    ) -> None:
        super().__init__()
        self._stored, self._prepare, self._first = stored, prepare, first
        self._busy = False
        self.runs: list[StoredRun] = []
        self.marked: list[Path] = []
        self.rows = OptionList()
        self.said = Static(Text("reading the stored runs ...", "dim"))

    def compose(self) -> ComposeResult:
        """Lay out the list, what is said, and the keys."""
        with Vertical():
            yield Static(Text("Compare stored runs", "bold"))
            yield self.rows
            yield self.said
            yield Static(Text(KEYS, "dim"))

    def on_mount(self) -> None:
        """Read the runs."""
        self.rows.focus()
        self.run_worker(self._read(), exclusive=True)

    async def _read(self) -> None:
        try:
            found = await asyncio.to_thread(self._stored)
        except LabError as error:
            self.said.update(Text(str(error), "bold red"))
            return
        self.runs = sorted(found, key=lambda run: run.phenomenon != self._first) if self._first else list(found)
        self.rows.add_options([Option(self._row(run)) for run in self.runs])
        if self.runs:
            self.rows.highlighted = 0
        self.said.update(Text("" if self.runs else "No runs are stored yet; start one with its key, or with genlab run NAME.", "dim"))

    def _row(self, run: StoredRun) -> Text:
        mark = f"[{self.marked.index(run.folder) + 1}]" if run.folder in self.marked else "[ ]"
        width = self.rows.scrollable_content_region.width or 76
        room = min(MOST_NAME, max(LEAST_NAME, width - KIND - STATE - 4))
        name = run.name if len(run.name) < room else run.name[: room - 4] + "..."
        row = Text.assemble(
            (f"{mark} ", "bold"), (f"{name:{room}}{run.phenomenon:{KIND}}{run.problem or run.words}", "dim" if run.problem else "")
        )
        row.truncate(width, overflow="ellipsis")
        return row

    def _draw(self) -> None:
        for place, run in enumerate(self.runs):
            self.rows.replace_option_prompt_at_index(place, self._row(run))

    def on_resize(self) -> None:
        """Lay the rows out for a new width."""
        self._draw()

    def action_mark(self) -> None:
        """Mark the selected run, or take its mark away."""
        if self.rows.highlighted is None or self._busy or not self.runs:
            return
        run = self.runs[self.rows.highlighted]
        if run.problem:
            self.said.update(Text(run.problem, "bold red"))
            return
        self.marked = (
            [folder for folder in self.marked if folder != run.folder] if run.folder in self.marked else [*self.marked, run.folder]
        )
        self.said.update(Text(f"{len(self.marked)} marked" if self.marked else "", "dim"))
        self._draw()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Compare what is marked, after return."""
        event.stop()
        self.action_compare()

    def action_compare(self) -> None:
        """Compare what is marked."""
        if self._busy or not self.is_topmost:
            return
        if len(self.marked) < 2:
            self.said.update(Text("Mark two runs or more of one phenomenon: space marks the selected one.", "bold"))
            return
        self._busy = True
        self.said.update(Text("reading ..."))
        self.run_worker(self._try(list(self.marked)), exclusive=True)

    async def _try(self, folders: Sequence[Path]) -> None:
        try:
            show = await asyncio.to_thread(self._prepare, folders)
        except LabError as error:
            self.said.update(Text(str(error), "bold red"))
        else:
            self.dismiss()
            show()
        finally:
            self._busy = False

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()
