"""Where a person answers a question of the tour: options to choose from, a number to type, a curve to draw by handles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from rich.table import Table
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from engine.contract import KnobError
from engine.contract.tour import Answer, Number, Sketch, written
from screens.widgets.axis_scales import Scale

TYPED = frozenset("0123456789.,+-_eE")
LONGEST = 16  # characters of a number
KEYS, FEW_KEYS = "  arrows, far: page up and down; then enter", "  arrows, page up, down; enter"
FINE, COARSE = 1 / 40, 1 / 8  # of the height of the axes: how far a handle moves


class AnswerField(Widget, can_focus=True):
    """A field that posts an answer."""

    DEFAULT_CSS = "AnswerField { height: auto; width: 1fr; }"

    class Given(Message):
        """A question was answered."""

        def __init__(self, answer: Answer) -> None:
            super().__init__()
            self.answer = answer


class ChoiceField(AnswerField):
    """Options with their numbers; a digit chooses, or the arrows and enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "The option before", show=False),
        Binding("down", "move(1)", "The next option", show=False),
        Binding("enter,space", "choose", "Choose the marked option", show=False),
        *(Binding(str(digit), f"choose_number({digit})", "Choose an option", show=False) for digit in range(10)),
    ]

    def __init__(self, options: Sequence[str]) -> None:
        super().__init__()
        self.options = tuple(options)
        self.marked = 0
        self._wrong = ""

    def action_move(self, direction: int) -> None:
        """Mark the next option or the one before."""
        self.marked, self._wrong = (self.marked + direction) % len(self.options), ""
        self.refresh(layout=True)

    def action_choose(self) -> None:
        """Answer with the marked option; not right after a number that none has, which was meant for another one."""
        if self._wrong:
            self._wrong = f"{self._wrong.partition(';')[0]}; nothing was answered: a number, or arrows and enter"
            self.refresh(layout=True)
        else:
            self.post_message(self.Given(self.marked))

    def action_choose_number(self, number: int) -> None:
        """Answer with an option by its number."""
        if 1 <= number <= len(self.options):
            self.marked, self._wrong = number - 1, ""
            self.action_choose()
        else:
            self._wrong = f"there is no option {number}, but 1 to {len(self.options)}"
            self.refresh(layout=True)

    def render(self) -> Table:
        """Draw the options, one a row or more; further rows of one stand below its words."""
        table = Table.grid(padding=0)
        table.add_column(width=3)
        table.add_column()
        for place, option in enumerate(self.options):
            table.add_row(Text(f" {place + 1}", "bold cyan"), Text(option, "reverse" if place == self.marked else ""))
        if self._wrong:
            table.add_row("", Text(self._wrong, "bold red"))
        return table


class NumberAnswerField(AnswerField):
    """A row that takes a number; the screen's own keys are its as long as nothing was typed, not even in error."""

    def __init__(self, question: Number) -> None:
        super().__init__()
        self.question = question
        self.typed = ""
        self._wrong = ""

    def on_key(self, event: events.Key) -> None:
        """Take a character of a number, or what ends the entry."""
        letter = event.character or ""
        if event.key == "enter":
            self._enter()
        elif event.key == "backspace":
            self.typed, self._wrong = self.typed[:-1], ""
        elif letter in TYPED and letter and (letter not in "eE" or self.typed) and len(self.typed) < LONGEST:
            self.typed, self._wrong = self.typed + letter, ""
        elif event.is_printable and (self.typed or self._wrong or event.key not in self.screen.active_bindings):
            self._wrong = f"{letter!r} is in no number; backspace and the digits go on"
        else:
            return
        event.stop()
        event.prevent_default()
        self.refresh(layout=True)

    def on_paste(self, event: events.Paste) -> None:
        """Take what is pasted, as far as it can be a number."""
        event.stop()
        self.typed = (self.typed + "".join(letter for letter in event.text[:LONGEST] if letter in TYPED))[:LONGEST]
        self.refresh(layout=True)

    def _enter(self) -> None:
        try:
            self.post_message(self.Given(self.question.read(self.typed)))
        except KnobError as error:
            self._wrong = error.message

    def render(self) -> Text:
        """Draw what is asked, what was typed, and what is allowed or wrong."""
        allowed = f"a number between {self.question.range}; enter answers"
        told = (f"\n {self._wrong}", "bold red") if self._wrong else (f"  {allowed}", "dim")
        return Text.assemble((f" {self.question.what} = ", "bold"), (f"{self.typed} ", "reverse"), told)


class SketchField(AnswerField):
    """A row that says what the marked handle's height is; the figure above shows them all.

    Attributes:
        heights: of the handles.
        marked: the place of the marked one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "mark(-1)", "The handle before", show=False),
        Binding("right", "mark(1)", "The next handle", show=False),
        Binding("up", "lift(1)", "Higher", show=False),
        Binding("down", "lift(-1)", "Lower", show=False),
        Binding("pageup", "lift(1, True)", "Much higher", show=False),
        Binding("pagedown", "lift(-1, True)", "Much lower", show=False),
        Binding("enter", "done", "Answer", show=False),
    ]

    class Moved(Message):
        """A handle was moved, or another one marked."""

    def __init__(self, question: Sketch, x_name: str) -> None:
        super().__init__()
        self.question = question
        self.heights = [question.start] * len(question.at)
        self.marked = 0
        self._moved: set[int] = set()
        self._asked = False  # whether a person heard that part of the curve is not drawn
        self._x_name = x_name
        self._scale = Scale(question.lo, question.hi, question.log)

    def action_mark(self, direction: int) -> None:
        """Mark the next handle or the one before."""
        self.marked = min(max(self.marked + direction, 0), len(self.heights) - 1)
        self._tell()

    def action_lift(self, direction: int, far: bool = False) -> None:
        """Move the marked handle within the axes."""
        here = float(self._scale.unit(np.array([self.heights[self.marked]]))[0])
        there = min(max(here + direction * (COARSE if far else FINE), 0.0), 1.0)
        self.heights[self.marked] = float(self._scale.data(np.array([there]))[0])
        self._moved.add(self.marked)
        self._tell()

    def action_done(self) -> None:
        """Answer with the curve as it is; where handles were never moved, only when asked again."""
        if len(self._moved) < len(self.heights) and not self._asked:
            self._asked = True
            self.refresh(layout=True)
        else:
            self.post_message(self.Given(tuple(self.heights)))

    def _tell(self) -> None:
        self._asked = False
        self.refresh(layout=True)
        self.post_message(self.Moved())

    def render(self) -> Text:
        """Draw the marked handle's place and height, and the keys or what is not drawn yet."""
        place = f" {self.marked + 1}/{len(self.heights)}  {self._x_name} = {written(self.question.at[self.marked])}: "
        text = Text.assemble((place, "bold"), (f" {written(self.heights[self.marked])} ", "reverse"))
        if self._asked:
            still = len(self.heights) - len(self._moved)
            return text.append(f"  {still} of {len(self.heights)} not moved yet; enter again answers so", "bold yellow")
        room = (self.size.width or len(KEYS)) - text.cell_len
        text.append(KEYS if len(KEYS) <= room else FEW_KEYS, "dim")
        text.no_wrap, text.overflow = True, "ellipsis"
        return text
