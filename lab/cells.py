"""Sends a terminal only the cells that changed.

Textual writes whole rows of a widget when any of them changes, and paints a new screen several times over. `Cells` reads
that output into a model of the screen, compares it with what the terminal shows already, and writes the difference:
short cursor moves, no colour code twice, the end of a row erased rather than filled with blanks.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from functools import lru_cache

from rich.cells import cell_len

Cell = tuple[str, str]  # character (empty in the second half of a wide one) and style as SGR parameters

TOKEN = re.compile(r"\x1b\[(?P<args>[\d;]*)(?P<end>[Hm])|(?P<text>[^\x1b\n\r]+)|(?P<feed>[\r\n]+)|(?P<other>" + "|".join((
    r"\x1b\[[0-?]*[ -/]*[@-~]",  # any other control sequence
    r"\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)",  # operating system commands and other strings
    r"\x1b.?",
)) + ")", re.DOTALL)  # fmt: skip
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # synchronised update
ALTERNATE = "\x1b[?1049h"
BRIDGE = 4  # unchanged cells that are cheaper to write again than to jump over
BLANK: Cell = (" ", "")


class Cells:
    """A model of the terminal's screen.

    Attributes:
        fresh: whether a synchronised update was announced and nothing was written in it yet.
    """

    def __init__(self) -> None:
        self.width = self.height = 0
        self.fresh = False
        self._shown: list[list[Cell | None]] = []
        self._wanted: list[list[Cell]] = []
        self._dirty: set[int] = set()
        self._x = self._y = 0
        self._style = ""

    def resize(self, width: int, height: int) -> None:
        """Take a new size; what the terminal shows is unknown from then on."""
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self._wanted = [[BLANK] * width for _ in range(height)]
            self.forget()

    def forget(self) -> None:
        """Assume nothing of what the terminal shows."""
        self._shown = [[None] * self.width for _ in range(self.height)]

    def feed(self, data: str) -> str:
        """Return what must be written so that the terminal shows what it would after `data`."""
        out: list[str] = []
        for token in TOKEN.finditer(data):
            kind = token.lastgroup
            if kind == "text":
                self._put(token["text"])
            elif kind == "end":
                self._control(token["args"], token["end"])
            elif kind == "feed":
                self._y += token["feed"].count("\n")
            else:
                out.extend(self._pass(token[0]))
        out.extend(self._difference())
        return "".join(out)

    # ------------------------------------------------------------ reading

    def _control(self, args: str, end: str) -> None:
        if end == "H":
            row, _, column = args.partition(";")
            self._y, self._x = int(row or 1) - 1, int(column or 1) - 1
        else:
            self._style = style_of(f"{self._style};{args or 0}")

    def _put(self, text: str) -> None:
        x, y = self._x, self._y
        self._x += len(text) if text.isascii() else cell_len(text)
        if not 0 <= y < self.height:
            return
        row, style = self._wanted[y], self._style
        self._dirty.add(y)
        if text.isascii():
            space = (" ", on_blank(style))
            cells: list[Cell] = [space if character == " " else (character, style) for character in text]
        else:
            cells = list(_cells_of(text, style))
        start, stop = max(0, -x), max(0, self.width - x)
        cells = cells[start:stop]
        row[max(0, x) : max(0, x) + len(cells)] = cells

    def _pass(self, sequence: str) -> Iterator[str]:
        """Pass on what is not text, after what came before it; drop updates that turn out to be empty."""
        if sequence == BEGIN:
            self.fresh = True
            return
        yield from self._difference()
        if sequence == END:
            if not self.fresh:
                yield END
            self.fresh = False
            return
        if sequence == ALTERNATE:
            self.forget()
        yield from self._begun()
        yield sequence

    def _begun(self) -> Iterator[str]:
        if self.fresh:
            self.fresh = False
            yield BEGIN

    # ------------------------------------------------------------ writing

    def _difference(self) -> Iterator[str]:
        if not self._dirty:
            return
        rows = sorted(self._dirty)
        self._dirty.clear()
        style = ""
        for y in rows:
            if y < self.height and self._shown[y] != self._wanted[y]:
                yield from self._begun()
                style = yield from self._row(y, style)
        if style:
            yield "\x1b[m"

    def _row(self, y: int, style: str) -> Generator[str, None, str]:
        """Write the changed stretches of a row; returns the style that the terminal is left with."""
        wanted, at = self._wanted[y], -1
        for start, stop in self._stretches(y):
            yield f"\x1b[{y + 1};{start + 1}H" if at < 0 else f"\x1b[{start - at}C"
            erase = self._blank_from(y) if stop == self.width else stop
            erase = stop if stop - erase < BRIDGE else max(erase, start)
            for x in range(start, erase):
                character, look = wanted[x]
                if look != style:
                    yield sgr(style, look)
                    style = look
                yield character
            if erase < stop:
                if style:
                    yield "\x1b[m"
                    style = ""
                yield "\x1b[K"
            at = erase
        self._shown[y] = list(wanted)
        return style

    def _stretches(self, y: int) -> list[tuple[int, int]]:
        """Return where a row differs, short equal parts included."""
        wanted, shown = self._wanted[y], self._shown[y]
        found: list[tuple[int, int]] = []
        for x in range(self.width):
            if wanted[x] != shown[x]:
                start = x - 1 if wanted[x][0] == "" and x else x  # a wide character is written from its first half
                if found and start - found[-1][1] <= BRIDGE:
                    found[-1] = (found[-1][0], x + 1)
                else:
                    found.append((start, x + 1))
        return [(start, self._whole(wanted, stop)) for start, stop in found]

    def _whole(self, wanted: list[Cell], stop: int) -> int:
        return stop + 1 if stop < self.width and wanted[stop][0] == "" else stop

    def _blank_from(self, y: int) -> int:
        x = self.width
        while x and self._wanted[y][x - 1] == BLANK:
            x -= 1
        return x


def _cells_of(text: str, style: str) -> Iterator[Cell]:
    for character in text:
        width = cell_len(character)
        if width:
            yield character, style
        if width == 2:
            yield "", style


@lru_cache(16384)
def sgr(before: str, after: str) -> str:
    """Return a short code that changes one style into another."""
    was, now = parse(before), parse(after)
    lost = not was[0] <= now[0] or any(old and not new for old, new in zip(was[1:], now[1:], strict=True))
    if lost:
        return f"\x1b[0;{after}m" if after else "\x1b[m"
    new = [*map(str, sorted(now[0] - was[0])), *(colour for colour, old in zip(now[1:], was[1:], strict=True) if colour != old)]
    return f"\x1b[{';'.join(new)}m"


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
