"""Sends a terminal only the cells that changed.

Textual writes whole rows of a widget when any of them changes, and paints a new screen several times over. `TerminalDiff`
reads that output as a terminal would, compares with what the terminal shows already, and writes the difference: short cursor
moves, no colour code twice, the end of a row erased rather than filled with blanks.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import lru_cache

from lab.terminal_screen import BLANK, Cell, TerminalScreen, parse

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # synchronised update
ALTERNATE = "\x1b[?1049h"
BRIDGE = 4  # unchanged cells that are cheaper to write again than to jump over


class TerminalDiff(TerminalScreen):
    """What the terminal should show, beside what it shows.

    Attributes:
        fresh: whether a synchronised update was announced and nothing was written in it yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fresh = False
        self._shown: list[list[Cell | None]] = []

    def resize(self, width: int, height: int) -> None:
        """Take a new size; what the terminal shows is unknown from then on."""
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self.cells = [[BLANK] * width for _ in range(height)]
            self.forget()

    def forget(self) -> None:
        """Assume nothing of what the terminal shows."""
        self._shown = [[None] * self.width for _ in range(self.height)]

    def feed(self, data: str) -> str:
        """Return what must be written so that the terminal shows what it would after `data`."""
        out: list[str] = []
        for sequence in self.read(data):
            out.extend(self._pass(sequence))
        out.extend(self._difference())
        return "".join(out)

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

    def _difference(self) -> Iterator[str]:
        if not self.dirty:
            return
        rows = sorted(self.dirty)
        self.dirty.clear()
        style = ""
        for y in rows:
            if y < self.height and self._shown[y] != self.cells[y]:
                yield from self._begun()
                style = yield from self._row(y, style)
        if style:
            yield "\x1b[m"

    def _row(self, y: int, style: str) -> Generator[str, None, str]:
        """Write the changed stretches of a row; returns the style that the terminal is left with."""
        wanted, at = self.cells[y], -1
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
        wanted, shown = self.cells[y], self._shown[y]
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
        while x and self.cells[y][x - 1] == BLANK:
            x -= 1
        return x


@lru_cache(16384)
def sgr(before: str, after: str) -> str:
    """Return a short code that changes one style into another."""
    was, now = parse(before), parse(after)
    lost = not was[0] <= now[0] or any(old and not new for old, new in zip(was[1:], now[1:], strict=True))
    if lost:
        return f"\x1b[0;{after}m" if after else "\x1b[m"
    new = [*map(str, sorted(now[0] - was[0])), *(colour for colour, old in zip(now[1:], was[1:], strict=True) if colour != old)]
    return f"\x1b[{';'.join(new)}m"
