"""The chosen figure as the exported picture: in the terminal where that can show one, else as a file that is named once it is written."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from textual.geometry import Size

from engine.contract import LabError, Session
from lab.terminal import LabDriver
from lab.terminal_answers import Answer
from lab.terminal_pictures import FORGET, Ability, ability, cell_of, fitted, in_kitty, in_sixel, question
from screens.application import ExportRequest
from screens.background import in_background
from screens.picture_page import PicturePage

if TYPE_CHECKING:
    from lab.themed_app import ThemedApp

PATIENCE = 1.0  # seconds for the terminal's answers
EXTRA = "with pip install 'genlab[pictures]' it is shown here"


class Picturing:
    """Shows figures of the app's runs as pictures.

    Args:
        app: whose runs and terminal they are.
    """

    def __init__(self, app: ThemedApp) -> None:
        self._app = app
        self._ability: Ability | None = None
        self._heard: list[Answer] = []
        self._all_heard = asyncio.Event()
        self._busy = False

    def hear(self, answer: Answer) -> None:
        """Take an answer of the terminal; that to the last question means that no other comes."""
        self._heard.append(answer)
        if answer.about == "attributes":
            self._all_heard.set()

    def show(self, session: Session, figure: str, title: str) -> None:
        """Begin to draw a figure; what becomes of it is said."""
        if self._busy:
            self._app.tell("A picture is being drawn already.")
            return
        self._busy = True
        self._app.tell(f"Drawing {title} as a picture ...")
        self._app.run_worker(self._show(session, figure, title), exit_on_error=False)

    async def _show(self, session: Session, figure: str, title: str) -> None:
        try:
            can = await self._asked()
            if can.protocol:
                png = await in_background(partial(self._drawn, session, figure))
                await in_background(_in_words, png, Size(10, 10), can)  # what is missing is said before a page is opened
                self._app.tell("")
                self._app.screens.open(PicturePage(title, lambda size: self._paint(png, size, can), lambda: self._wipe(can)))
            else:
                self._app.tell(await in_background(partial(self._written, session, figure)))
        except LabError as error:
            self._app.tell(str(error), bad=True)
        finally:
            self._busy = False

    async def _asked(self) -> Ability:
        """Ask the terminal, once, what it can show."""
        driver = self._app._driver
        asking = question(os.environ) if isinstance(driver, LabDriver) else ""
        if self._ability is None and asking and isinstance(driver, LabDriver):
            self._heard.clear()
            self._all_heard.clear()
            driver.ask(asking)
            try:
                await asyncio.wait_for(self._all_heard.wait(), PATIENCE)
            except TimeoutError:
                return Ability()  # a slow line may have answered by the next time
            found = ability(self._heard)
            self._ability = Ability(found.protocol, cell_of(driver.fileno) or found.cell)
        return self._ability or Ability()

    def _drawn(self, session: Session, figure: str) -> bytes:
        """Return the exported PNG. Blocks."""
        with TemporaryDirectory(prefix="genlab-picture-") as folder:
            self._app.open_runs.export(session, ExportRequest("png", Path(folder), (figure,)))
            return next(Path(folder).glob("*.png")).read_bytes()

    def _written(self, session: Session, figure: str) -> str:
        """Write the PNG into the present folder and say so. Blocks."""
        return self._app.open_runs.export(session, ExportRequest("png", None, (figure,), force=True))

    def _paint(self, png: bytes, size: Size, can: Ability) -> None:
        if isinstance(self._app._driver, LabDriver):
            self._app._driver.write_past(f"\x1b7\x1b[H{_in_words(png, size, can)}\x1b8")

    def _wipe(self, can: Ability) -> None:
        if isinstance(self._app._driver, LabDriver):
            self._app._driver.write_past(FORGET if can.protocol == "kitty" else "")
            self._app._driver.diff.forget()


def _in_words(png: bytes, size: Size, can: Ability) -> str:
    columns, rows = fitted(png, size.width, size.height, can.cell)
    return in_kitty(png, columns, rows) if can.protocol == "kitty" else in_sixel(png, columns, rows, can.cell)
