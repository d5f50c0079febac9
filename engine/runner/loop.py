"""What the background thread does: messages, about 20 ms of work, a measurement if one is due, the disk, the mailbox. Again.

Everything here runs in that one thread. The interface is never called; it polls the mailbox.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVarTuple

from engine.runner.commands import obey as obey_one
from engine.runner.control import Control

Given = TypeVarTuple("Given")


def work(control: Control) -> None:
    """Obey and compute until told to close. Never raises."""
    try:
        while not control.closing:
            turn(control, control.patience)
    except BaseException as error:  # whatever it is, it must not print into the terminal
        control.fail(error)
    finally:
        with contextlib.suppress(Exception):
            control.leave()
        control.mailbox.close()


def turn(control: Control, patience: float | None) -> None:
    """Obey, and do a piece of work. patience: seconds to wait for a message, for ever when None."""
    obey(control, patience)
    if control.phase.working and not control.closing:
        _guarded(control, control.advance)
        control.mailbox.settle(0, control.phase)


def obey(control: Control, patience: float | None) -> None:
    """Obey every message. patience: seconds to wait for one, for ever when None."""
    idle = not control.phase.working
    control.hearing.hear()
    messages = control.mailbox.take(patience)
    for message in messages:
        control.mailbox.heed(message)
        _guarded(control, obey_one, control, message)
    _guarded(control, control.apply)
    if idle:
        _guarded(control, control.retry)
    control.mailbox.settle(len(messages), control.phase)


def _guarded(control: Control, call: Callable[[*Given], None], *given: *Given) -> None:
    """An exception ends the run, never the thread."""
    try:
        call(*given)
    except Exception as error:
        control.fail(error)
