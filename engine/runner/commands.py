"""Which command does what in which phase: all of it, as one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.contract import Pause, Phase, Reseed, Resume, Rewind, SetKnob, Start, Step, Stop
from engine.runner.control import Control
from engine.runner.mailbox import Close, Keep, Message, Save

Action = Callable[[Control, Any], None]


def ignored(control: Control, command: Message) -> None:
    """Nothing to do: what the command asks for is so already, or there is nothing it could be done to."""


_ROWS: Mapping[type[Message], tuple[Action, ...]] = {
    #         ready            preparing        running         paused          over
    Start:   (Control.begin,   Control.follow,  ignored,        Control.go_on,  Control.begin),
    Pause:   (ignored,         Control.follow,  Control.pause,  ignored,        ignored),
    Resume:  (ignored,         Control.follow,  ignored,        Control.go_on,  ignored),
    Step:    (Control.begin,   Control.follow,  Control.go_on,  Control.go_on,  ignored),
    Stop:    (Control.give_up, Control.abandon, Control.stop,   Control.stop,   ignored),
    SetKnob: (Control.change,  Control.change,  Control.turn,   Control.turn,   Control.change),
    Rewind:  (Control.change,  Control.change,  Control.change, Control.change, Control.change),
    Reseed:  (Control.change,  Control.change,  Control.change, Control.change, Control.change),
    Save:    (Control.save,    Control.save,    Control.save,   Control.save,   Control.save),
    Keep:    (ignored,         ignored,         Control.keep,   Control.keep,   Control.keep),
    Close:   (Control.close,   Control.close,   Control.close,  Control.close,  Control.close),
}  # fmt: skip
_COLUMNS = (
    {Phase.READY: 0, Phase.RUNNING: 2, Phase.PAUSED: 3}
    | {phase: 1 for phase in Phase if phase.preparing}
    | {phase: 4 for phase in Phase if phase.over}
)

TABLE = {(phase, command): row[column] for command, row in _ROWS.items() for phase, column in _COLUMNS.items()}


def obey(control: Control, message: Message) -> None:
    """Do what a message asks for in the present phase.

    Changes wait for the message after them, or for `Control.apply`: turning a knob ten times makes one new run.
    """
    if not isinstance(message, SetKnob | Rewind | Reseed):
        control.apply()
    TABLE[control.phase, type(message)](control, message)
