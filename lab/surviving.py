"""An app that outlives exceptions in its actions, message handlers, timers, workers and drawing.

Textual ends an app at the first of them, and a part whose handler raised hears nothing more. Here an exception becomes a
sentence on the screen and a report on the disk, and everything goes on. What repeats is not looped on: the app goes back to
home, and where home itself cannot be shown it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import RenderableType
from textual import events
from textual._context import active_message_pump
from textual.app import App
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import WorkerFailed

from engine.errors import LabError
from lab.defects import Defects

Answer = TypeVar("Answer")


class SurvivingApp(App[int], inherit_bindings=False):
    """The part of the app that outlives defects; what is said and shown of them is its subclass's.

    Attributes:
        defects: those that were survived.
        ended_by: the exception that ended the app, if one did.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.defects = Defects()
        self.ended_by: Exception | None = None
        self._in_loop = False

    # ------------------------------------------------------------ for the subclass

    def tell(self, sentence: str, bad: bool = False) -> None:
        """Show a sentence; bad: that something failed."""

    def begin_anew(self, sentence: str) -> bool:
        """Leave the present screen for one that can be shown; return whether there is one."""
        return False

    def report_folders(self) -> Sequence[Path]:
        """Return where a report belongs, the best place first."""
        return ()

    def circumstances(self) -> Mapping[str, str]:
        """Return what was shown, for a report."""
        return {}

    # ------------------------------------------------------------ where exceptions are caught

    async def _process_messages_loop(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._forgotten)
        self._in_loop = True
        try:
            await super()._process_messages_loop()
        finally:
            self._in_loop = False

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self._in_loop:  # a part of the app that has not begun cannot go on
                raise
            self._handle_exception(error)

    def _register_child(self, parent: DOMNode, child: Widget, before: int | None, after: int | None) -> None:
        self._shield(child)
        super()._register_child(parent, child, before, after)

    def _start_widget(self, parent: Widget, widget: Widget) -> None:
        self._shield(widget)
        super()._start_widget(parent, widget)

    def _shield(self, part: MessagePump) -> None:
        """Let a part hear further messages after one whose handler raised, and a screen no size that the terminal no longer has.

        A screen that is laid out for a size tells itself of it, once more: of two sizes in a quick sequence the first
        would be laid out after the second, that again after the first, and so on without end.
        """
        if "_dispatch_message" in vars(part):
            return
        dispatch = part._dispatch_message

        async def shielded(message: Message) -> None:
            if isinstance(message, events.Resize) and isinstance(part, Screen) and message.size != self.size:
                return
            try:
                await dispatch(message)
            except Exception as error:
                self._handle_exception(error)

        part._dispatch_message = shielded  # type: ignore[method-assign]

    def _forgotten(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take the exception of a task that nobody waited for."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self._handle_exception(error)

    # ------------------------------------------------------------ what becomes of them

    def _handle_exception(self, error: Exception) -> None:
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        if isinstance(error, LabError):
            self.call_later(self.tell, str(error), True)
            return
        if _is_late(error):
            return
        if self._exception is None:  # Textual's test harness raises it in the end
            self._exception = error
            self._exception_event.set()
        sentence = self.defects.note(error, _asked(self.report_folders, ()), _asked(self.circumstances, {}))
        if not self._in_loop:
            self._end(error)
        elif self.defects.repeat:
            self.defects.forget()
            self.call_later(self._recover, error, sentence)
        elif not self._exit:
            self.call_later(self.tell, sentence, True)

    def _recover(self, error: Exception, sentence: str) -> None:
        if not self.begin_anew(sentence):
            self._end(error)

    def _end(self, error: Exception) -> None:
        """End without Textual's traceback: whoever ran the app tells of the defect in a sentence."""
        self.ended_by = self.ended_by or error
        self._exit = True
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """End without printing what Textual has to say: keys can no longer be read, and the terminal may be gone."""
        self._close_messages_no_wait()


def _asked(question: Callable[[], Answer], otherwise: Answer) -> Answer:
    """The answer of the subclass, which may be what is defective."""
    try:
        return question()
    except Exception:
        return otherwise


def _is_late(error: Exception) -> bool:
    """Whether a part that is no longer there looked for something, such as the palette just after it was closed."""
    part = active_message_pump.get(None)
    return isinstance(error, NoMatches | NoScreen) and isinstance(part, Widget) and not (part.is_attached and part.is_running)
