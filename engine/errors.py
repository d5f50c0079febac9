"""Errors that a user reads: one sentence that names what is wrong and the value, one hint that names what to do next.

Every failure that is not a defect of genlab itself is raised as a `LabError`. The command line prints
`message` and `hint` and exits with `exit_code`; the interface shows both in the status line.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from enum import IntEnum

ECHOED = 40  # cells of what a person typed that an error shows


class Exit(IntEnum):
    """Exit codes of every genlab command.

    CLAIM_FAILED: of `verify`. USAGE: what was typed cannot be meant: an unknown option, a value that is not allowed, or a name of
    nothing that is there (a run, phenomenon, preset, knob, figure, data set, file or user). RUN_FAILED: it was meant, and it went
    wrong: a run failed, diverged or was not stored, a stored run is damaged. DATA_MISSING: a data set that exists is not here
    and could not be got. INTERRUPTED: by a person; what is stored is said.
    """

    DONE = 0
    CLAIM_FAILED = 1
    USAGE = 2
    RUN_FAILED = 3
    DATA_MISSING = 4
    INTERRUPTED = 130


class LabError(Exception):
    """What went wrong, as a sentence, with the next thing to do.

    Attributes:
        message: one sentence: what is wrong, the value, what is allowed.
        hint: the next command or knob to try; may be empty.
        exit_code: what the process exits with when this ends it.
    """

    exit_code: Exit = Exit.RUN_FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        stop = "." if self.message and self.hint and self.message[-1] not in ".?!:" else ""
        return f"{self.message}{stop} {self.hint}".strip()


class UsageError(LabError):
    """A name, option or combination that genlab does not accept."""

    exit_code = Exit.USAGE


class KnobError(UsageError):
    """A knob that does not exist, or a value outside its range."""


class DataError(LabError):
    """A data set that is not here and could not be fetched or read."""

    exit_code = Exit.DATA_MISSING


class StoreError(LabError):
    """A run folder that is missing, damaged, foreign, locked or not writable."""


class NoRun(StoreError):
    """A name or path at which there is no run."""

    exit_code = Exit.USAGE


class ProblemError(LabError):
    """Knobs that describe a problem without a solution; the sentence names the condition and its value."""

    exit_code = Exit.USAGE


class DefectError(LabError):
    """A defect of genlab itself that it could not go on with."""


class Diverged(LabError):
    """Training left the finite numbers; the message says at which step. The runner turns it into phase `diverged`."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return `; did you mean X?` for the closest valid name, or an empty string."""
    close = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def echoed(given: object) -> str:
    """Return what a person typed as an error shows it: as typed, control characters escaped, cut after `ECHOED` cells of a terminal."""
    try:
        text = str(given)
    except ValueError:  # a whole number of thousands of digits
        text = f"{given:#x}"
    if not text.isprintable():
        text = "".join(item if item.isprintable() else item.encode("unicode_escape").decode() for item in text)
    room = ECHOED
    for place, character in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if room < 0:
            return f"{text[:place]}... ({len(text):,} characters)"
    return text
