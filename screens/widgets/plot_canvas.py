"""The inside of a figure: layers of dots (braille, eight a character), rasterised with NumPy.

plotext paints one dot after the other in Python (13 ms for six reduced curves at 80x20, 28 ms at 5,000 points), and gives
a cell that two curves share to the later one. Here a curve is one comparison of arrays, and curves that share a cell take
turns along x (steep ones along y), so that coinciding curves show as alternating colours, and no dot has another curve's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from screens.widgets.palette import PLAIN
from screens.widgets.text_grid import TextGrid

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

BRAILLE = 0x2800
COLUMNS = (0b01000111, 0b10111000)  # dots of the left and the right column of a character
ROWS = (0b00001001, 0b00010010, 0b00100100, 0b11000000)  # of its four rows
# np.packbits gives dots 1 2 3 7 4 5 6 8 from the lowest bit on; Unicode numbers them 1 2 3 4 5 6 7 8.
_ORDER = np.array([sum(((byte >> i) & 1) << bit for i, bit in enumerate((0, 1, 2, 6, 3, 4, 5, 7))) for byte in range(256)], dtype=np.uint8)


def dots_per_cell(ascii: bool) -> tuple[int, int]:
    """Rows and columns of dots in a character."""
    return (1, 1) if ascii else (4, 2)


@dataclass
class Canvas:
    """The part of a grid inside the axes, in layers that each cover the ones before.

    shape: (rows, columns) in characters; fine: dots per character, (4, 2) with braille and (1, 1) in ASCII.
    dots: (rows, columns) which dots are set; codes: characters that stand instead of dots, 0 for none.
    """

    rows: int
    columns: int
    ascii: bool = False
    dots: Bytes = field(init=False)
    codes: NDArray[np.uint32] = field(init=False)
    inks: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.rows, self.columns)
        self.dots = np.zeros(shape, dtype=np.uint8)
        self.codes = np.zeros(shape, dtype=np.uint32)
        self.inks = np.full(shape, PLAIN, dtype=np.int32)

    @property
    def fine(self) -> tuple[int, int]:
        """Rows and columns of dots."""
        down, across = dots_per_cell(self.ascii)
        return down * self.rows, across * self.columns

    def pack(self, masks: Bools) -> Bytes:
        """Turn masks of dots, (layers, *fine), into dots per character, (layers, rows, columns)."""
        if self.ascii:
            return masks.astype(np.uint8)
        blocks = masks.reshape(-1, self.rows, 4, self.columns, 2).transpose(0, 1, 3, 4, 2).reshape(-1, 8)
        return np.asarray(_ORDER[np.packbits(blocks, axis=1, bitorder="little")]).reshape(len(masks), self.rows, self.columns)

    def share(self, masks: Bools, tones: Sequence[int], glyphs: Sequence[str], scattered: bool = False) -> None:
        """Lay curves over everything so far; in cells that they share they take turns along x, or along y where one is steep.

        A cell has one ink: it shows the dots of the curve whose turn it is, for those of the others would seem to be its own.
        scattered: turns go from one shared cell to the next, wherever these lie, so that none of a few points misses its own.

        masks: (curves, *fine); in ASCII a cell shows its curve's glyph.
        """
        if not len(masks):
            return
        stack = self.pack(masks)
        here = stack > 0
        count = here.sum(axis=0)
        turn = self._turns(stack, count, scattered) % np.maximum(count, 1)
        owner = np.argmax(here & (np.cumsum(here, axis=0) - 1 == turn), axis=0)
        any_here = count > 0
        self.dots[any_here] = np.take_along_axis(stack, owner[None], axis=0)[0][any_here]
        self.inks[any_here] = np.array(tones, dtype=np.int32)[owner[any_here]]
        letters = np.array([ord(glyph) for glyph in glyphs], dtype=np.uint32)
        self.codes[any_here] = letters[owner[any_here]] if self.ascii else 0

    def _turns(self, stack: Bytes, count: NDArray[np.int64], scattered: bool) -> NDArray[np.int64]:
        """Number the cells, (rows, columns): by columns where every curve is flat, by rows where one is steep, or those shared in a row."""
        if scattered:
            shared = np.cumsum((count > 1).T.ravel()).reshape(self.columns, self.rows).T
            return np.asarray(np.maximum(shared - 1, 0))
        across, down = np.arange(self.columns)[None, :] // (1 if self.ascii else 2), np.arange(self.rows)[:, None]
        high, wide = (sum(((stack & part) > 0).astype(np.int64) for part in parts) for parts in (ROWS, COLUMNS))
        flat = np.all(high <= wide, axis=0) | self.ascii
        return np.where(flat, across, down)

    def add(self, masks: Sequence[tuple[Bools, int]]) -> None:
        """Add dots to cells that show those of the same ink, such as thicker places to lines; not where text stands or another curve."""
        for mask, tone in masks:
            cells = self.pack(mask[None])[0]
            here = (cells > 0) & (self.codes == 0) & ((self.inks == tone) | (self.dots == 0))
            self.dots[here] |= cells[here]
            self.inks[here] = tone

    def put(self, row: int, column: int, words: str, tone: int) -> None:
        """Write text over everything so far."""
        for offset, letter in enumerate(words):
            if 0 <= row < self.rows and 0 <= column + offset < self.columns:
                self.codes[row, column + offset] = ord(letter)
                self.dots[row, column + offset] = 0
                self.inks[row, column + offset] = tone

    def empty(self, row: int, start: int, stop: int) -> bool:
        """Whether nothing is drawn in the cells of a row from start to before stop, and they all exist."""
        if not (0 <= row < self.rows and 0 <= start <= stop <= self.columns):
            return False
        return not (self.dots[row, start:stop].any() or self.codes[row, start:stop].any())

    def onto(self, grid: TextGrid, top: int, left: int) -> None:
        """Copy what is drawn to a grid."""
        codes = np.where(self.codes > 0, self.codes, np.where(self.dots > 0, BRAILLE + self.dots.astype(np.uint32), 0))
        place = (slice(top, top + self.rows), slice(left, left + self.columns))
        grid.codes[place] = np.where(codes > 0, codes, grid.codes[place])
        grid.inks[place] = np.where(codes > 0, self.inks, grid.inks[place])


def say(canvas: Canvas, words: str, tone: int) -> None:
    """Write a sentence in the middle of an empty figure, in as many rows as it takes."""
    rows = wrap(words, max(1, canvas.columns - 2))[: canvas.rows]
    top = (canvas.rows - len(rows)) // 2
    for index, row in enumerate(rows):
        canvas.put(top + index, (canvas.columns - len(row)) // 2, row, tone)


def polyline(x: Floats, y: Floats, shape: tuple[int, int]) -> Bools:
    """Return the mask of a line through points of any order, in dots (x to the right, y downward), clipped to the shape.

    x, y: (k,) finite. Long paths are thinned first: points that fall onto the dot before add nothing, and of a path that
    still has more vertices than the canvas has dots only every so-manieth is kept.
    """
    rows, columns = shape
    mask = np.zeros(shape, dtype=bool)
    col, row = np.floor(x + 0.5), np.floor(y + 0.5)
    if col.size == 1:
        col, row = np.repeat(col, 2), np.repeat(row, 2)
    fresh = np.ones(col.size, dtype=bool)
    fresh[1:-1] = (np.diff(col[:-1]) != 0) | (np.diff(row[:-1]) != 0)
    every = 1 + int(fresh.sum()) // (rows * columns + 1)
    col, row = col[fresh][::every], row[fresh][::every]
    c0, c1, r0, r1 = _clip(col[:-1], col[1:], row[:-1], row[1:], rows, columns)
    steps = np.maximum(np.abs(c1 - c0), np.abs(r1 - r0)).astype(np.int64) + 1
    which = np.repeat(np.arange(steps.size), steps)
    part = (np.arange(which.size) - np.repeat(np.cumsum(steps) - steps, steps)) / np.maximum(steps - 1, 1)[which]
    cols = np.floor(c0[which] + part * (c1 - c0)[which] + 0.5).astype(np.int64)
    rws = np.floor(r0[which] + part * (r1 - r0)[which] + 0.5).astype(np.int64)
    inside = (cols >= 0) & (cols < columns) & (rws >= 0) & (rws < rows)
    mask[rws[inside], cols[inside]] = True
    return mask


def _clip(c0: Floats, c1: Floats, r0: Floats, r1: Floats, rows: int, columns: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Cut segments to the canvas (Liang and Barsky 1984); segments that miss it are left out."""
    enter, leave = np.zeros(c0.size), np.ones(c0.size)
    missed = np.zeros(c0.size, dtype=bool)
    for start, end, most in ((c0, c1, columns - 0.51), (r0, r1, rows - 0.51)):
        along = end - start
        flat = along == 0
        safe = np.where(flat, 1.0, along)
        near, far = (-0.49 - start) / safe, (most - start) / safe
        near, far = np.minimum(near, far), np.maximum(near, far)
        missed |= flat & ((start < -0.49) | (start > most))
        enter = np.where(flat, enter, np.maximum(enter, near))
        leave = np.where(flat, leave, np.minimum(leave, far))
    hit = ~missed & (enter <= leave)
    dc, dr = (c1 - c0)[hit], (r1 - r0)[hit]
    enter, leave = enter[hit], leave[hit]
    return c0[hit] + enter * dc, c0[hit] + leave * dc, r0[hit] + enter * dr, r0[hit] + leave * dr
