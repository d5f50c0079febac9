"""What a person would read on a terminal that got these bytes: enough of one to wait for a word to appear."""

from __future__ import annotations

import codecs
import re

TOKEN = re.compile(
    r"\x1b\[(?P<args>[\d;]*)(?P<end>[A-HJKdf])|(?P<other>\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]P_^X])"
    r"|(?P<feed>\r|\n|\x08)|(?P<text>[^\x1b\r\n\x08]+)"
)
OPEN = re.compile(r"\x1b(\[[0-?]*[ -/]*|[\]P_^X][^\x07\x1b]*\x1b?)?$")  # a sequence whose end has not arrived


class Glass:
    """The characters on a screen of a size, without colours. Columns and rows count from 0."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.cells = [[" "] * columns for _ in range(rows)]
        self.x = self.y = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    @property
    def text(self) -> str:
        """What stands there, a line a row."""
        return "\n".join("".join(row) for row in self.cells)

    def feed(self, data: bytes) -> None:
        """Take what a program wrote."""
        text = self._rest + self._decoder.decode(data)
        unfinished = OPEN.search(text)
        end = unfinished.start() if unfinished else len(text)
        self._rest = text[end:]
        for token in TOKEN.finditer(text[:end]):
            if token.lastgroup == "text":
                self._put(token["text"])
            elif token.lastgroup == "end":
                self._control(token["end"], [int(number or 0) for number in token["args"].split(";")])
            elif token.lastgroup == "feed":
                self._feed(token["feed"])
            self.x, self.y = max(0, min(self.columns - 1, self.x)), max(0, min(self.rows - 1, self.y))

    def _put(self, text: str) -> None:
        for character in text:
            if 0 <= self.y < self.rows and 0 <= self.x < self.columns:
                self.cells[self.y][self.x] = character
            self.x += 1

    def _feed(self, character: str) -> None:
        if character == "\n":
            self.y += 1
        else:
            self.x = 0 if character == "\r" else self.x - 1

    def _control(self, end: str, args: list[int]) -> None:
        first, many = args[0], max(1, args[0])
        if end in "Hf":
            self.y, self.x = many - 1, max(1, args[1] if len(args) > 1 else 1) - 1
        elif end in "AB":
            self.y += many if end == "B" else -many
        elif end in "CD":
            self.x += many if end == "C" else -many
        elif end == "G":
            self.x = many - 1
        elif end == "d":
            self.y = many - 1
        elif end in "EF":
            self.x, self.y = 0, self.y + (many if end == "E" else -many)
        elif end == "K":
            self._erase(self.y, first)
        elif end == "J":
            self._erase(self.y, first)
            for y in range(self.y + 1, self.rows) if first == 0 else range(self.y) if first == 1 else range(self.rows):
                self._erase(y, 2)

    def _erase(self, y: int, mode: int) -> None:
        """Blank a row from the cursor on (0), up to it (1), or whole (2)."""
        if 0 <= y < self.rows:
            start = self.x if mode == 0 else 0
            stop = min(self.columns, self.x + 1) if mode == 1 else self.columns
            self.cells[y][start:stop] = [" "] * max(0, stop - start)
