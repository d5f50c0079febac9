"""Asks in which format, which figures and where a run is to be written: the options of `genlab export`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.contract import LabError
from screens.application import ExportRequest
from screens.background import in_background
from screens.page import Page
from screens.widgets.form_fields import FormField

FORMATS = {
    "svg": "drawings whose texts and lines other programs can change",
    "pdf": "drawings for LaTeX",
    "png": "drawings as pixels",
    "txt": "drawings in characters, and the claims",
    "csv": "tables: measurements, curves, values, claims",
    "json": "everything as one document",
    "npz": "curves and arrays for NumPy",
    "tensorboard": "an event file with every measurement",
}
WIDTHS = (3.3, 5.0, 6.4, 10.0)  # inches: a column, a page, the usual, a slide
ALL = "all"


class ChoiceField(FormField):
    """One row: left and right leaf through what it may be, return exports."""

    class Entered(Message):
        """Return was pressed in it."""

    def __init__(self, label: str, choices: Sequence[str], first: str) -> None:
        super().__init__()
        self.label = label
        self.choices = tuple(choices)
        self.value = first

    def action_step(self, direction: int) -> None:
        """Take the next one."""
        self.value = self.choices[(self.choices.index(self.value) + direction) % len(self.choices)]
        self.refresh(layout=True)
        self.post_message(self.Focused())

    def action_enter(self) -> None:
        """Export with what is chosen."""
        self.post_message(self.Entered())

    def lines(self, width: int) -> list[Text]:
        """Return the row: what is chosen."""
        return self.row(width, self.value, "", "")


class ExportPage(Page, ModalScreen[None], inherit_bindings=False):
    """A page with a row an option, and a line for the folder.

    Args:
        run: what the run is called.
        figures: the figures and pictures that have content, by name; the first is chosen on the screen below.
        export: writes the files and returns a sentence that says which. Blocks; called in a thread.
        tell: says that sentence on the screen below, once this page is closed.
    """

    DEFAULT_CSS = """
    ExportPage { align: center middle; }
    ExportPage Vertical { width: 76; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; border: round $primary; }
    ExportPage Static { width: 1fr; height: auto; }
    ExportPage Input, ExportPage Input:focus { width: 1fr; height: 1; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("up,shift+tab", "move(-1)", "Up", show=False),
        Binding("down,tab", "move(1)", "Down", show=False),
        Binding("q", "app.leave", "Quit", show=False),
    ]

    def __init__(self, run: str, figures: Sequence[str], export: Callable[[ExportRequest], str], tell: Callable[[str], None]) -> None:
        super().__init__()
        self._export = export
        self._tell = tell
        self._busy = self._left = False
        self._run = run
        self.to = ChoiceField("format", tuple(FORMATS), "svg")
        self.figure = ChoiceField("figures", (ALL, *figures), ALL)
        self.width = ChoiceField("width of drawings, in inches", tuple(f"{width:g}" for width in WIDTHS), "6.4")
        self.there = ChoiceField("files that are there", ("keep", "replace"), "keep")
        self.folder = Input(value=str(Path.cwd()), placeholder="the present folder")
        self.folder.cursor_blink = False
        self._said = Static()

    @property
    def rows(self) -> tuple[ChoiceField | Input, ...]:
        """What takes the keyboard, from the top down."""
        return (self.to, self.figure, self.width, self.there, self.folder)

    def compose(self) -> ComposeResult:
        """Lay out the rows, the folder and the keys."""
        with Vertical():
            yield Static(Text.assemble("Export ", (self._run, "bold")))
            yield from self.rows[:-1]
            yield Static("folder")
            yield self.folder
            yield self._said
            yield Static(Text("left and right choose, up and down move, return writes, escape goes back", "dim"))

    def on_mount(self) -> None:
        """Begin with the format."""
        self.to.focus()
        self._explain()

    def on_form_field_focused(self, event: FormField.Focused) -> None:
        """Say what the chosen format is for."""
        event.stop()
        self._explain()

    def _explain(self) -> None:
        if not self._busy:
            self._said.update(Text(f"{self.to.value}: {FORMATS[self.to.value]}", "dim"))

    def action_move(self, direction: int) -> None:
        """Move the keyboard to the row above or below."""
        here = next((place for place, row in enumerate(self.rows) if row.has_focus), 0)
        self.rows[(here + direction) % len(self.rows)].focus()

    def on_choice_field_entered(self, event: ChoiceField.Entered) -> None:
        """Write the files."""
        event.stop()
        self._begin()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write the files."""
        event.stop()
        self._begin()

    @property
    def wanted(self) -> ExportRequest:
        """What is chosen."""
        figures = () if self.figure.value == ALL else (self.figure.value,)
        folder = Path(self.folder.value.strip()) if self.folder.value.strip() else None
        return ExportRequest(self.to.value, folder, figures, float(self.width.value), self.there.value == "replace")

    def _begin(self) -> None:
        if self._busy or not self.is_topmost:
            return
        self._busy = True
        self._show_written(0, 0)
        wanted = replace(self.wanted, watch=self._watch)
        self.app.run_worker(self._try(wanted))  # of the app, since what becomes of it is told of though this page be closed

    def _watch(self, written: int, of: int) -> None:
        """Tell how far the export is, and end it once this page is left; called in its thread."""
        if self._left:
            raise LabError("the export was stopped, and nothing was written")
        self.app.call_later(self._show_written, written, of)

    def _show_written(self, written: int, of: int) -> None:
        if self._busy and self.is_attached:
            self._said.update(Text(f"writing ... {f'{written} of {of} ' if of else ''}(escape stops)"))

    async def _try(self, wanted: ExportRequest) -> None:
        try:
            said = await in_background(partial(self._export, wanted))
        except LabError as error:
            if self.is_attached:
                self._said.update(Text(str(error), "bold red"))
            else:
                self._tell(str(error))
        except Exception:  # a defect, which the app tells of below this page
            if self.is_attached:
                self._said.update(Text("Nothing was written: genlab failed. Escape shows how.", "bold red"))
            raise
        else:
            if self.is_attached:
                self.dismiss()
            self._tell(said)
        finally:
            self._busy = False

    def on_unmount(self) -> None:
        """Let an export that goes on end."""
        self._left = True

    def action_back(self) -> None:
        """Go back; an export that goes on is stopped, and what became of it is told on the screen below."""
        self.dismiss()
