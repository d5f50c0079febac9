"""A grid of characters, each with an ink: what figures and pictures are drawn on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from rich.text import Text

from screens.widgets.palette import PLAIN, style_of


class TextGrid:
    """Characters and inks. codes: (height, width) code points; inks: (height, width) indices of `palette.ink_of`."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self.codes = np.full((self.height, self.width), ord(" "), dtype=np.uint32)
        self.inks = np.full((self.height, self.width), PLAIN, dtype=np.int32)

    def copy(self) -> TextGrid:
        """Return a grid of its own with the same content."""
        other = TextGrid(self.width, self.height)
        other.codes[:], other.inks[:] = self.codes, self.inks
        return other

    def write(self, row: int, column: int, words: str, tone: int = PLAIN) -> None:
        """Write text, one character a cell; what lies outside is left out."""
        if not 0 <= row < self.height:
            return
        words = words[max(0, -column) : max(0, self.width - column)]
        column = max(0, column)
        if words:
            self.codes[row, column : column + len(words)] = np.frombuffer(words.encode("utf-32-le"), dtype=np.uint32)
            self.inks[row, column : column + len(words)] = tone

    def line(self, row: int) -> str:
        """Return the characters of a row."""
        return str(self.codes[row].tobytes(), "utf-32-le")

    def runs(self, row: int) -> list[tuple[str, int]]:
        """Return a row as stretches of one ink."""
        words, inks = self.line(row), self.inks[row]
        if not words:
            return []
        cuts = [0, *(np.flatnonzero(inks[1:] != inks[:-1]) + 1).tolist(), len(words)]
        return [(words[a:b], int(inks[a])) for a, b in pairwise(cuts)]

    def text(self) -> list[Text]:
        """Return the rows as rich text, for printing."""
        return [Text.assemble(*((words, style_of(tone)) for words, tone in self.runs(row)), no_wrap=True) for row in range(self.height)]
