"""What a terminal answers to questions, told from what a person types: no answer, however late or cut, comes out as keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import NamedTuple

ANSWERS = {
    "background": re.compile(r"\x1b\]1[01];(?P<said>[ -~]*)(?:\x07|\x1b\\)"),  # OSC 11
    "graphics": re.compile(r"\x1b_G(?P<said>[ -~]*)\x1b\\"),  # Kitty's protocol
    "attributes": re.compile(r"\x1b\[\?(?P<said>[\d;]*)c"),  # DA1, which every terminal knows
    "cell": re.compile(r"\x1b\[6;(?P<said>\d+;\d+)t"),  # height and width of a character in pixels
}
ANY = re.compile("|".join(f"(?P<{kind}>{re.sub(r'[?]P<said>', '', pattern.pattern)})" for kind, pattern in ANSWERS.items()))
BEGUN = re.compile(r"\x1b(?:\](?:1(?:[01](?:;[ -~]*\x1b?)?)?)?|_(?:G[ -~]*\x1b?)?|\[\?[\d;]*|\[6(?:;[\d;]*)?)$")
LONE = re.compile(r"\x1b\[?$")  # the beginning of an answer, but also of a key, or a key
SURE = ("\x1b]10;", "\x1b]11;", "\x1b_G")  # no key begins so
LATEST = 5.0  # seconds after a question within which an answer may begin


class Answer(NamedTuple):
    """What the terminal said, about what it was asked."""

    about: str
    said: str


class TerminalAnswers:
    """Takes the answers out of the input.

    Args:
        clock: seconds.

    Attributes:
        kept: the beginning of what may be an answer.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.kept = ""
        self._asked = -LATEST

    def expect(self) -> None:
        """An answer is on its way: an escape alone is kept until it is sure that it does not begin one."""
        self._asked = self._clock()

    def read(self, text: str) -> tuple[str, list[Answer]]:
        """Return what was typed and what was answered. Without text nothing more is coming now: what was kept is let go."""
        if not text:
            kept, self.kept = self.kept, ""
            return ("" if kept.startswith(SURE) else kept), []
        text = self.kept + text
        begun = BEGUN.search(text) or (LONE.search(text) if self._clock() - self._asked < LATEST else None)
        end = begun.start() if begun else len(text)
        text, self.kept = text[:end], text[end:]
        found = [Answer(str(match.lastgroup), _said(match)) for match in ANY.finditer(text)]
        return ANY.sub("", text), found


def _said(match: re.Match[str]) -> str:
    inner = ANSWERS[str(match.lastgroup)].fullmatch(match[0])
    return inner["said"] if inner else ""
