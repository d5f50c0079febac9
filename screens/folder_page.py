"""Asks for another folder for runs that are not stored: before the app is left with them, or when a person wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.contract import LabError, Snapshot
from screens.page import Page

SHOWN = 4  # runs that are named; the rest is counted


class FolderPage(Page, ModalScreen[None], inherit_bindings=False):
    """A page with the runs that are not stored, why, and a line to type a folder.

    Args:
        unstored: the runs.
        store: stores them under a folder and returns those that are not stored even then. Blocks; called in a thread.
        leave: what follows once they are stored, or are to be left as they are; None where nothing follows.
        stay: what follows when the person does not leave after all.
    """

    DEFAULT_CSS = """
    FolderPage { align: center middle; }
    FolderPage Vertical { width: 76; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; border: round $primary; }
    FolderPage Static { width: 1fr; height: auto; }
    FolderPage Input, FolderPage Input:focus { width: 1fr; height: 1; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stay", "Back", show=False)]

    def __init__(
        self,
        unstored: Sequence[Snapshot],
        store: Callable[[str], Sequence[Snapshot]],
        leave: Callable[[], None] | None = None,
        stay: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._unstored = unstored
        self._store = store
        self._leave = leave
        self._stay = stay
        self._busy = False
        self._said = Static(_named(unstored))
        self._answer = Static()
        self.folder = Input(placeholder="another folder, such as ~/runs")
        self.folder.cursor_blink = False

    def compose(self) -> ComposeResult:
        """Lay out what is not stored, the line to type in, and the keys."""
        otherwise = "return alone leaves" if self._leave else "return alone changes nothing"
        with Vertical():
            yield self._said
            yield self.folder
            yield self._answer
            yield Static(Text(f"return stores there; {otherwise}; escape goes back", "dim"))

    def on_mount(self) -> None:
        """Let the person type at once."""
        self.folder.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Store the runs under what was typed, or leave them."""
        event.stop()
        if self._busy or not self.is_topmost:
            return
        if not event.value.strip():
            self._end(self._leave)
            return
        self._busy = True
        self._answer.update(Text("storing ..."))
        self.run_worker(self._try(event.value.strip()), exclusive=True)

    async def _try(self, folder: str) -> None:
        try:
            left = await asyncio.to_thread(self._store, folder)
            answer = "not stored there either: " + "; ".join(f"{run.sentence}  {run.hint}".rstrip() for run in left[:1])
        except LabError as error:
            left, answer = self._unstored, str(error)
        finally:
            self._busy = False
        if left:
            self._answer.update(Text(answer, "bold red"))
        else:
            self._end(self._leave)

    def action_stay(self) -> None:
        """Go back to where the person was."""
        self._end(self._stay)

    def _end(self, then: Callable[[], None] | None) -> None:
        self.dismiss()
        if then is not None:
            then()


def _named(unstored: Sequence[Snapshot]) -> Text:
    """Say which runs are not stored, and why."""
    text = Text()
    for run in unstored[:SHOWN]:
        text.append("\n" if text else "").append(f"{run.run}: ", "bold").append(run.unstored, "red")
    if len(unstored) > SHOWN:
        text.append(f"\nand {len(unstored) - SHOWN} more", "red")
    return text
