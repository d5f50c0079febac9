"""What stands on a terminal that got these characters: a model of its screen, cell by cell with style.

It follows what programs that draw whole screens write: cursor moves, styles, erasing, text; it never scrolls. All else is handed on.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len

Cell = tuple[str, str]  # character (empty in the second half of a wide one) and style as SGR parameters

TOKEN = re.compile(r"\x1b\[(?P<args>[\d;]*)(?P<end>[A-HJKdfm])|(?P<text>[^\x1b\n\r\x08]+)|(?P<feed>[\r\n\x08]+)|(?P<other>" + "|".join((
    r"\x1b\[[0-?]*[ -/]*[@-~]",  # any other control sequence
    r"\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)",  # operating system commands and other strings
    r"\x1b.?",
)) + ")", re.DOTALL)  # fmt: skip
OPEN = re.compile(r"\x1b(\[[0-?]*[ -/]*|[\]P_^X][^\x07\x1b]*\x1b?)?$")  # a sequence whose end has not arrived
BLANK: Cell = (" ", "")


class TerminalScreen:
    """The cells of a screen. Columns and rows count from 0.

    Attributes:
        cells: a list of cells for each row.
        dirty: the rows that were written on; whoever asks empties it.
    """

    def __init__(self, width: int = 0, height: int = 0) -> None:
        self.width, self.height = width, height
        self.cells = [[BLANK] * width for _ in range(height)]
        self.dirty: set[int] = set()
        self._x = self._y = 0
        self._style = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    @property
    def text(self) -> str:
        """The characters that stand there, a line a row."""
        return "\n".join("".join(character for character, _ in row) for row in self.cells)

    def take(self, data: bytes) -> None:
        """Read a piece of what a program wrote; its last character or sequence may be cut off."""
        text = self._rest + self._decoder.decode(data)
        unfinished = OPEN.search(text)
        end = unfinished.start() if unfinished else len(text)
        self._rest = text[end:]
        for _ in self.read(text[:end]):
            pass

    def read(self, data: str) -> Iterator[str]:
        """Read what a program wrote; yields each sequence that changes no cell, when all before it has been read."""
        for token in TOKEN.finditer(data):
            kind = token.lastgroup
            if kind == "text":
                self._put(token["text"])
            elif kind == "end":
                self._control(token["args"], token["end"])
            elif kind == "feed":
                self._feed(token["feed"])
            else:
                yield token[0]

    def _put(self, text: str) -> None:
        x, y = self._x, self._y
        self._x += len(text) if text.isascii() else cell_len(text)
        if not 0 <= y < self.height:
            return
        row, style = self.cells[y], self._style
        self.dirty.add(y)
        if text.isascii():
            space = (" ", on_blank(style))
            cells: list[Cell] = [space if character == " " else (character, style) for character in text]
        else:
            cells = list(_cells_of(text, style))
        start, stop = max(0, -x), max(0, self.width - x)
        cells = cells[start:stop]
        row[max(0, x) : max(0, x) + len(cells)] = cells

    def _feed(self, characters: str) -> None:
        for character in characters:
            if character == "\n":
                self._move(0, 1)
            else:
                self._x = 0 if character == "\r" else max(0, self._x - 1)

    def _control(self, args: str, end: str) -> None:
        if end == "m":
            self._style = style_of(f"{self._style};{args or 0}")
        elif end in "Hf":
            row, _, column = args.partition(";")
            self._y, self._x = int(row or 1) - 1, int(column or 1) - 1
        else:
            self._edit(end, int(args or 0))

    def _edit(self, end: str, number: int) -> None:
        """Obey the rarer controls: moves from where the cursor is, and erasing."""
        many = max(1, number)
        if end in "AB":
            self._move(0, many if end == "B" else -many)
        elif end in "CD":
            self._move(many if end == "C" else -many, 0)
        elif end in "EF":
            self._move(-self._x, many if end == "E" else -many)
        elif end == "G":
            self._x = many - 1
        elif end == "d":
            self._y = many - 1
        else:
            self._erase(self._y, number)
            if end == "J":
                below, above = range(self._y + 1, self.height), range(self._y)
                for y in {0: [*below], 1: [*above]}.get(number, [*above, *below]):
                    self._erase(y, 2)

    def _move(self, columns: int, rows: int) -> None:
        """Move the cursor, no further than the edges."""
        self._x = max(0, min(self.width - 1, min(self.width - 1, self._x) + columns))
        self._y = max(0, min(self.height - 1, self._y + rows))

    def _erase(self, y: int, mode: int) -> None:
        """Blank a row from the cursor on (0), up to it (1), or whole (2)."""
        if 0 <= y < self.height:
            x = min(self.width - 1, self._x)
            start, stop = x if mode == 0 else 0, x + 1 if mode == 1 else self.width
            self.cells[y][start:stop] = [(" ", parse(self._style)[2])] * (stop - start)
            self.dirty.add(y)


def _cells_of(text: str, style: str) -> Iterator[Cell]:
    for character in text:
        width = cell_len(character)
        if width:
            yield character, style
        if width == 2:
            yield "", style


@lru_cache(4096)
def style_of(args: str) -> str:
    """Return SGR parameters in one form: what came before a reset is dropped, and so are default colours."""
    attributes, foreground, background = parse(args)
    return ";".join(part for part in (*map(str, sorted(attributes)), foreground, background) if part)


@lru_cache(4096)
def on_blank(style: str) -> str:
    """Return what of a style can be seen on a blank: the background, or all of it where it is underlined, reversed or struck."""
    attributes, _, background = parse(style)
    return style if attributes & {4, 7, 9} else background


def parse(args: str) -> tuple[set[int], str, str]:
    """Return the attributes, foreground and background that SGR parameters leave behind."""
    attributes: set[int] = set()
    colours = {"fg": "", "bg": ""}
    numbers = [int(item or 0) for item in args.split(";")]
    place = 0
    while place < len(numbers):
        number, length = numbers[place], 1
        ground = "fg" if number // 10 in (3, 9) else "bg"
        if number in (38, 48):
            length = 3 if numbers[place + 1 : place + 2] == [5] else 5
            colours[ground] = ";".join(map(str, numbers[place : place + length]))
        elif number == 0:
            attributes, colours = set(), {"fg": "", "bg": ""}
        elif number < 10:
            attributes.add(number)
        else:
            colours[ground] = "" if number in (39, 49) else str(number)
        place += length
    return attributes, colours["fg"], colours["bg"]
