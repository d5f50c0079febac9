"""Whether the terminal's background is dark or light: said by COLORFGBG, or asked of the terminal itself (OSC 11).

The question goes out before the app is imported and is answered meanwhile. A second one, which every terminal answers (DA1),
follows it: where its answer comes alone, no other will. What comes later than the patience, the app's input hears.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import termios
import time
from collections.abc import Mapping
from typing import Any

from lab.terminal_answers import ANSWERS, TerminalAnswers

PATIENCE = 0.1  # seconds from when the answer is needed
QUESTION = "\x1b]11;?\x1b\\\x1b[c"
COLOUR = re.compile(r"rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})(?:/[0-9a-fA-F]{1,4})?")
HALF = 0.18  # relative luminance at which black and white stand out alike from a background (WCAG contrast)
LIGHT = ("7", "15")  # of COLORFGBG
SILENT = ("dumb", "linux", "unknown", "")  # values of TERM whose terminals have no answer


def said_by(environ: Mapping[str, str]) -> bool | None:
    """Whether the background is dark, as COLORFGBG says; None where it does not."""
    last = environ.get("COLORFGBG", "").rpartition(";")[2]
    return last not in LIGHT if last.isdecimal() else None


def must_ask(theme: str, environ: Mapping[str, str] | None = None) -> bool:
    """Whether the terminal has to be asked: the theme follows it, there are colours, and nothing else says it."""
    env = os.environ if environ is None else environ
    return theme == "auto" and "NO_COLOR" not in env and said_by(env) is None


def is_dark(colour: str) -> bool | None:
    """Whether a colour as X11 writes it (`rgb:1e1e/1e1e/2e2e`) is dark; None where this is none."""
    match = COLOUR.fullmatch(colour)
    if match is None:
        return None
    parts = [int(part, 16) / (16 ** len(part) - 1) for part in match.groups()]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return bool(0.2126 * red + 0.7152 * green + 0.0722 * blue < HALF)


class BackgroundQuestion:
    """A question to the terminal of standard input, with echo and line editing off until it is closed.

    Args:
        environ: whose TERM says whether it is asked at all.

    Attributes:
        typed: what came from the keyboard meanwhile, for the app.
        asked: whether the terminal was asked. answered: whether it said all that it will say.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.typed = b""
        self.asked = self.answered = False
        self._modes: Any = None
        self._file = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
        env = os.environ if environ is None else environ
        with contextlib.suppress(OSError, ValueError, termios.error):
            if env.get("TERM", "") not in SILENT and self._is_ours():
                self._ask()

    def _is_ours(self) -> bool:
        """Whether standard input and output are a terminal that this process may talk to: in the background it would be stopped."""
        both = all(os.isatty(file) for file in (self._file, sys.__stdout__.fileno() if sys.__stdout__ else -1))
        return both and os.tcgetpgrp(self._file) == os.getpgrp()

    def _ask(self) -> None:
        self._modes = termios.tcgetattr(self._file)
        quiet = termios.tcgetattr(self._file)
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 0, 0
        termios.tcsetattr(self._file, termios.TCSANOW, quiet)
        os.write(self._file, QUESTION.encode())
        self.asked = True

    def dark(self, patience: float = PATIENCE) -> bool | None:
        """Return whether the background is dark; None where the terminal does not say so in time."""
        if not self.asked:
            return None
        heard, end = "", time.monotonic() + patience
        with contextlib.suppress(OSError):
            while not ANSWERS["attributes"].search(heard) and select.select([self._file], [], [], max(0.0, end - time.monotonic()))[0]:
                data = os.read(self._file, 4096)
                if not data:
                    break
                heard += data.decode(errors="surrogateescape")
        whole = TerminalAnswers()
        typed, answers = whole.read(heard)
        self.typed = (typed + whole.kept).encode(errors="surrogateescape")
        self.answered = any(answer.about == "attributes" for answer in answers)
        return next((is_dark(answer.said) for answer in answers if answer.about == "background"), None)

    def close(self) -> None:
        """Give the terminal its modes back."""
        if self._modes is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._file, termios.TCSANOW, self._modes)
            self._modes = None

    def __enter__(self) -> BackgroundQuestion:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
