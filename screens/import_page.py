"""Asks for a file of one's own data and what it shall be called: the words of `genlab data import`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.contract import LabError
from screens.page import Page

TAKEN = "npz with X and y, CSV or TSV, IDX (MNIST's format), CIFAR's binary files, or eigenvalues with --kind spectrum"
OPTIONS = "behind the file as on the command line: --target COLUMN, --labels FILE, --shape 28,28, --kind targets, --force"


class ImportPage(Page, ModalScreen[None], inherit_bindings=False):
    """A page with a line for the file and one for the name.

    Args:
        take_in: imports; takes the name, then the file with options; returns a sentence. Blocks; called in a thread.
        tell: says that sentence on the screen below, once this page is closed.
    """

    DEFAULT_CSS = """
    ImportPage { align: center middle; }
    ImportPage Vertical { width: 76; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; border: round $primary; }
    ImportPage Static { width: 1fr; height: auto; }
    ImportPage Input, ImportPage Input:focus { width: 1fr; height: 1; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("up,shift+tab,down,tab", "other", "Other line", show=False),
    ]

    def __init__(self, take_in: Callable[[str, str], str], tell: Callable[[str], None]) -> None:
        super().__init__()
        self._take_in = take_in
        self._tell = tell
        self._busy = False
        self.file = Input(placeholder="such as ~/data/train.csv --target price")
        self.name_line = Input(placeholder="such as prices")
        self.file.cursor_blink = self.name_line.cursor_blink = False
        self._said = Static(Text(f"{TAKEN};\n{OPTIONS}", "dim"))

    def compose(self) -> ComposeResult:
        """Lay out the two lines, what is said, and the keys."""
        with Vertical():
            yield Static(Text("Import data", "bold reverse"))
            yield Static(Text("file", "bold"))
            yield self.file
            yield Static(Text("name, which knobs take afterwards", "bold"))
            yield self.name_line
            yield self._said
            yield Static(Text("up and down move, return imports, escape goes back", "dim"))

    def on_mount(self) -> None:
        """Let the person type at once."""
        self.file.focus()

    def action_other(self) -> None:
        """Move the keyboard to the other line."""
        (self.name_line if self.file.has_focus else self.file).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Import once both lines are filled in; else go to the empty one."""
        event.stop()
        if self._busy or not self.is_topmost:
            return
        name, file = self.name_line.value.strip(), self.file.value.strip()
        if not (name and file):
            (self.name_line if file else self.file).focus()
            return
        self._busy = True
        self._said.update(Text("reading ..."))
        self.run_worker(self._try(name, file), exclusive=True)

    async def _try(self, name: str, file: str) -> None:
        try:
            said = await asyncio.to_thread(self._take_in, name, file)
        except LabError as error:
            self._said.update(Text.assemble((error.message, "bold red"), "\n", error.hint))
        except Exception:  # a defect, which the app tells of below this page
            if self.is_attached:
                self._said.update(Text("Nothing was imported: genlab failed. Escape shows how.", "bold red"))
            raise
        else:
            self.dismiss()
            self._tell(said)
        finally:
            self._busy = False

    def action_back(self) -> None:
        """Go back; what was begun to be imported is finished."""
        self.dismiss()
