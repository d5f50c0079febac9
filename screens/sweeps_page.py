"""The stored sweeps as a list to open one from."""

from __future__ import annotations

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
from screens.background import in_background
from screens.page import Page

NAME = 40  # columns of a sweep's name
NONE = "No sweeps are stored yet; begin one with: genlab sweep NAME --grid KNOB=V1,V2"


class SweepsPage(Page, ModalScreen[None], inherit_bindings=False):
    """A page with a row a sweep.

    Args:
        stored: returns the sweeps, newest first. Blocks; called in a thread.
        choose: opens one.
    """

    DEFAULT_CSS = """
    SweepsPage { align: center middle; }
    SweepsPage Vertical { width: 100; max-width: 100%; height: auto; max-height: 90%; padding: 0 1; border: round $primary; }
    SweepsPage Static { width: 1fr; height: auto; }
    SweepsPage OptionList, SweepsPage OptionList:focus { height: auto; border: none; padding: 0; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("q", "app.leave", "Quit", show=False),
    ]

    def __init__(self, stored: Callable[[], Sequence[StoredRun]], choose: Callable[[Path], None]) -> None:
        super().__init__()
        self._stored, self._choose = stored, choose
        self.sweeps: list[StoredRun] = []
        self.rows = OptionList()
        self.said = Static(Text("reading the stored sweeps ...", "dim"))

    def compose(self) -> ComposeResult:
        """Lay out the list, what is said, and the keys."""
        with Vertical():
            yield Static(Text("Stored sweeps", "bold"))
            yield self.rows
            yield self.said
            yield Static(Text("return opens; escape goes back", "dim"))

    def on_mount(self) -> None:
        """Read the sweeps."""
        self.rows.focus()
        self.run_worker(self._read(), exclusive=True)

    async def _read(self) -> None:
        try:
            self.sweeps = list(await in_background(self._stored))
        except LabError as error:
            self.said.update(Text(str(error), "bold red"))
            return
        names = [one.name if len(one.name) < NAME else one.name[: NAME - 4] + "..." for one in self.sweeps]
        said = zip(names, self.sweeps, strict=True)
        self.rows.add_options([Option(Text(f"{name:{NAME}}{one.problem or one.words}", no_wrap=True)) for name, one in said])
        if self.sweeps:
            self.rows.highlighted = 0
        self.said.update(Text("" if self.sweeps else NONE, "dim"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open a sweep, after return."""
        event.stop()
        sweep = self.sweeps[event.option_index]
        if sweep.problem:
            self.said.update(Text(sweep.problem, "bold red"))
        elif self.is_topmost:
            self.dismiss()
            self._choose(sweep.folder)

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss()
