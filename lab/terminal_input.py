"""What a person types and pastes, read from a terminal: the keyboard outlives what cannot be read, and ctrl+c does not wait."""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Iterator

from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from lab.terminal_answers import Answer, TerminalAnswers

PARTS = re.compile(r"\x1b?[^\x1b]*")  # a sequence begins with escape; the last part is empty
ESCAPE = "\x1b"
BEGINS = "[O]P_^X"  # what makes a sequence of an escape: CSI, SS3, OSC, DCS, APC, PM, SOS
EDITS = "bf\x7f\t"  # with an escape: a word back and on, a word deleted, the field before, as many terminals say them
PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
PASTE_PATIENCE = 5.0  # seconds of silence after which a paste whose end was lost is given up
CTRL_C = ("\x03", "\x1b[99;5u")  # the second in terminals that tell keys by their codes


class TerminalInput:
    """Textual's parser of keys, mouse and pastes. A sequence that cannot be read, such as bytes that are no UTF-8, costs itself alone.

    A paste whose end never comes would swallow every key: silence ends it, and so does ctrl+c typed alone.

    Args:
        interrupt: what ctrl+c does, at once: it must not wait behind ten thousand keys that were not heeded yet.
        heard: takes what the terminal answers.
        clock: seconds.

    Attributes:
        answers: keeps the answers apart.
    """

    def __init__(
        self,
        interrupt: Callable[[], None],
        heard: Callable[[Answer], None] = lambda answer: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interrupt = interrupt
        self._heard_answer = heard
        self.answers = TerminalAnswers(clock)
        self._clock = clock
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._parser = XTermParser()
        self._pasting = False
        self._tail = ""
        self._escape = False  # the last that was read is an escape of which it is not yet known what it is
        self._heard = clock()

    def read(self, data: bytes) -> Iterator[Message]:
        """Return what the bytes say; without any, what the time says: an escape alone is told from the beginning of a sequence by it."""
        now = self._clock()
        text = self._decoder.decode(data)
        if self._pasting and (text in CTRL_C or (not data and now - self._heard > PASTE_PATIENCE)):
            self._parser, self._pasting = XTermParser(), False
        pasted = self._pasting
        if data:
            self._heard = now
            self._follow_paste(text)
        pasted = pasted or self._pasting or PASTE_ENDS in text
        text, answers = self.answers.read(text) if not self._pasting else (text, [])
        for answer in answers:
            self._heard_answer(answer)
        for message in self._parsed(text, pasted, more=bool(data)):
            if isinstance(message, events.Key) and message.key == "ctrl+c":
                self._interrupt()
            else:
                yield message

    def _parsed(self, text: str, pasted: bool, more: bool) -> Iterator[Message]:
        """Parse what one read brought, sequence by sequence; an escape before what makes no sequence is a key.

        On a slow line an escape comes together with the key after it, which Textual takes for alt and that key.
        """
        found = PARTS.findall(ESCAPE * self._escape + text)
        self._escape = more and not pasted and found[-2:] == [ESCAPE, ""]
        for part in found[:-2] if self._escape else found:
            if pasted or not part.startswith(ESCAPE) or part[1:2] in {*BEGINS, *EDITS}:
                yield from self._messages(part)
            else:
                yield events.Key("escape", ESCAPE)
                yield from self._messages(part[1:])

    def _messages(self, part: str) -> list[Message]:
        found: list[Message] = []
        try:
            found.extend(self._parser.feed(part) if part else self._parser.tick())
        except Exception:  # the parser has no errors of its own: a number out of range is a ValueError, and so on
            self._parser = XTermParser()
        return found

    def _follow_paste(self, text: str) -> None:
        """Whether a paste is open: of its two marks the later one says it; a mark may come in two pieces."""
        seen = self._tail + text
        begins, ends = seen.rfind(PASTE_BEGINS), seen.rfind(PASTE_ENDS)
        if begins != ends:
            self._pasting = begins > ends
        self._tail = seen[1 - len(PASTE_ENDS) :]
