"""The run browser: stored and running runs of every process to open, resume, compare, export, delete, or repeat by their command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from engine.contract import LabError
from screens.application import Application
from screens.background import in_background
from screens.export_page import ExportPage
from screens.keys import Key
from screens.listed_run import Browsing
from screens.run_filter import EXAMPLE, SORTS
from screens.run_list_page import BrowserState, RunListPage, numbered
from screens.widgets.confirm_row import ConfirmRow
from screens.widgets.run_list import RunList

NAMED = 3  # runs that a question names; the others are counted
BROWSER = "Run browser"
HELP_KEYS = (
    Key("", "", "enter", "Open the selected run; escape comes back here", BROWSER),
    Key("", "", "arrows", "Select; page up and down, home, end; or the mouse: a click selects, two open, one on a head sorts", BROWSER),
    Key("", "", "/", f"Filter: {EXAMPLE}; enter keeps it, escape empties it", BROWSER),
    Key("", "", "s", "Sort by the next of: " + ", ".join(SORTS), BROWSER),
    Key("", "", "space", "Mark or unmark; C, e and d take the marked runs, or the selected one; u unmarks all", BROWSER),
    Key("", "", "C", "Compare the marked runs", BROWSER),
    Key("", "", "r", "Let a stopped run go on, in this app", BROWSER),
    Key("", "", "e", "Export", BROWSER),
    Key("", "", "d", "Delete for good; asks. A run that is being computed is never deleted", BROWSER),
    Key("", "", "c", "Copy the command that computes the run anew", BROWSER),
    Key("", "", "escape", "Back", BROWSER),
    Key("", "", "q", "Quit; runs are saved", BROWSER),
)


class RunBrowser(RunListPage, inherit_bindings=True):
    """The list with what can be done.

    Args:
        browsing: the runs and what can be done with them.
        application: what stands around the page.
        state: how it was left.
        said: a sentence to begin with.
    """

    carries_pages = True
    help_keys = HELP_KEYS
    KEYS = (
        ("enter", "open"), ("space", "mark"), ("/", "filter"), ("s", "sort"), ("C", "compare"), ("r", "resume"), ("d", "delete"),
        ("e", "export"), ("c", "command"), ("?", "help"), ("esc", "back"), ("u", "unmark all"),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "resume", "Resume", show=False),
        Binding("C", "compare", "Compare", show=False),
        Binding("e", "export", "Export", show=False),
        Binding("d,delete", "delete", "Delete", show=False),
        Binding("c", "copy", "Copy the command", show=False),
    ]

    def __init__(self, browsing: Browsing, application: Application, state: BrowserState, said: str = "") -> None:
        super().__init__(browsing.listing, application, state, said)
        self.browsing = browsing
        self._deleting: list[str] = []

    def on_run_list_chosen(self, event: RunList.Chosen) -> None:
        """Open the selected run."""
        event.stop()
        self._do(self._opened, self.list.selected)

    def action_resume(self) -> None:
        """Let the selected run go on."""
        if self.list.selected:
            self._do(self._resumed, self.list.selected)

    def action_compare(self) -> None:
        """Compare the marked runs."""
        if len(self.state.marked) < 2:
            self.say("Mark two runs or more of one phenomenon: space marks the selected one.")
        else:
            self._do(self._compared)

    def action_export(self) -> None:
        """Ask how the runs are to be written."""
        if self.taken:
            self._do(self._asked_for_export)

    def action_copy(self) -> None:
        """Copy the command that computes the selected run anew."""
        if self.list.selected:
            self._do(self._copied, self.list.selected)

    def action_delete(self) -> None:
        """Ask whether the runs are to be deleted."""
        if self.taken:
            self._do(self._asked_to_delete)

    def _do(self, deed: Callable[..., Awaitable[None]], *given: str) -> None:
        if not self._busy and self.is_topmost:
            self._busy = True
            self.run_worker(self._try(deed, *given), group="deed")

    async def _try(self, deed: Callable[..., Awaitable[None]], *given: str) -> None:
        try:
            await deed(*given)
        except LabError as error:
            self.say(str(error), bad=True)
        finally:
            self._busy = False

    async def _opened(self, name: str) -> None:
        run = self.listing.row(name)
        if run is not None and run.problem:
            self.say(run.problem, bad=True)
            return
        self.browsing.open(name)

    async def _resumed(self, name: str) -> None:
        self.browsing.resume(name)

    async def _compared(self) -> None:
        self.say("reading ...")
        show = await in_background(self.browsing.compare, self.taken)
        show()

    async def _copied(self, name: str) -> None:
        command = await in_background(self.browsing.command, name)
        self.app.copy_to_clipboard(command)
        self.say(f"{getattr(self.app, 'where_copied', 'Sent to the terminal')}: {command}")

    async def _asked_for_export(self) -> None:
        names = self.taken
        figures = await in_background(self.browsing.figures, names)
        run = self.listing.row(names[0])
        title = f"{len(names)} runs" if len(names) > 1 or run is None else run.called
        if self.is_topmost:
            self.app.push_screen(ExportPage(title, figures, lambda wanted: self.browsing.export(names, wanted), self.say))

    async def _asked_to_delete(self) -> None:
        names = self.taken
        await in_background(self.browsing.require_deletable, names)
        rows = [run for name in names if (run := self.listing.row(name)) is not None]
        size = sum(run.size for run in rows) / 1e6
        told = ", ".join(run.called for run in rows[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
        count = "this run" if len(names) == 1 else f"these {len(names)} runs"
        self._deleting = names
        self._said.update(Text())
        self.confirm.ask(Text.assemble((f"Delete {count} for good ({size:.1f} MB)? ", "bold red"), told, ("  y deletes, n keeps", "bold")))

    def on_confirm_row_answered(self, event: ConfirmRow.Answered) -> None:
        """Delete, or keep."""
        event.stop()
        names, self._deleting = self._deleting, []
        self.set_focus(self.list)
        if event.yes and names:
            self._do(self._deleted, *names)
        else:
            self.say("Nothing was deleted.")

    async def _deleted(self, *names: str) -> None:
        try:
            self.say(await asyncio.to_thread(self.browsing.delete, names))
        finally:
            await in_background(self.listing.look)
            there = {run.name for run in self.listing.rows()}
            self.state.marked[:] = [name for name in self.state.marked if name in there]
            self.list.marked = numbered(self.state.marked)
            self._arrange(again=True)
