"""The values of a picture as cells: half blocks in colour; without colour characters, or contour lines where layers lie over them."""

from __future__ import annotations

import math

import numpy as np

from engine.contract import Picture
from screens.widgets.axis_scales import place
from screens.widgets.palette import PLAIN, Level, Theme, ink
from screens.widgets.picture_cells import NOTHING, Ints, class_levels, fitted, levels, numbers, outlines, resample, value_range
from screens.widgets.picture_palette import characters, class_colours, ramp
from screens.widgets.plot_canvas import Canvas
from screens.widgets.plot_legend import LegendEntry
from screens.widgets.text_grid import TextGrid

MANY = 1 << 10  # more than there are colours, for packing two levels into one number


class HeatMap:
    """The values of a picture with the colours or characters that stand for them."""

    def __init__(self, picture: Picture, theme: Theme) -> None:
        self.picture, self.theme = picture, theme
        self.classes = picture.palette == "classes"
        self.values = numbers(picture.values if picture.values is not None else np.empty((0, 0)))
        self.low, self.high = value_range(self.values, picture.lo, picture.hi, picture.palette == "diverging")
        self.colours: tuple[int, ...] = ()
        if theme.level is not Level.NONE:
            muted = len(picture.layers) > 1  # a single line over a heat map is a contour of it
            self.colours = class_colours(theme, muted) if self.classes else ramp(picture.palette, theme, muted)
        self.letters = characters(picture.palette, theme)
        self.count = len(self.colours) or len(self.letters)
        self.drawn = self.values.shape  # rows and columns of cells of the last drawing

    @property
    def empty(self) -> bool:
        """Whether there are no values."""
        return not self.values.size

    @property
    def blocks(self) -> bool:
        """Whether a character holds two values, one above the other."""
        return bool(self.colours) and not self.theme.ascii

    @property
    def contours(self) -> bool:
        """Whether layers over these values would hide them, so that contour lines are drawn instead."""
        return not self.colours and not self.classes and bool(self.picture.layers)

    def levels(self, shape: tuple[int, int], count: int) -> Ints:
        """Which of `count` colours each of (rows, columns) cells takes."""
        small = resample(self.values, shape, self.classes)
        return class_levels(small, count) if self.classes else levels(small, self.low, self.high, count)

    def class_entries(self) -> list[LegendEntry]:
        """The classes as entries of a legend."""
        if self.empty or not self.classes:
            return []
        places = class_levels(np.arange(len(self.picture.legend), dtype=np.float64)[None], self.count)[0].tolist()
        glyphs, inks = self.glyphs(), self.inks()
        return [LegendEntry(glyphs[place], inks[place], word) for place, word in zip(places, self.picture.legend, strict=True)]

    def glyphs(self) -> list[str]:
        """The character that stands for each level in a legend and, where a character holds one value, in the picture."""
        if self.blocks:
            return ["█"] * self.count
        steps = np.arange(self.count) if self.classes else np.linspace(0, len(self.letters) - 1, self.count).astype(np.int64)
        return [self.letters[step % len(self.letters)] for step in steps.tolist()]

    def inks(self) -> list[int]:
        """The ink of each level."""
        return [ink(colour) for colour in self.colours] or [PLAIN] * self.count

    def scale_width(self, named: bool = False) -> int:
        """Characters that `write_scale` takes; 0 where there is no scale of values. named: with what the values are."""
        if self.empty or self.classes:
            return 0
        bare = sum(map(len, self._ends())) + 2 + (self.count if not self.contours else 2)
        return bare + (1 + len(self.theme.text(self.picture.shade)) if named and self.picture.shade else 0)

    def _ends(self) -> tuple[str, str]:
        """What the ends of the scale stand for: values beyond a declared one have its colour."""
        seen = self.values[np.isfinite(self.values)]
        below, above = bool((seen < self.low).any()), bool((seen > self.high).any())
        return f"{self.theme.text('≤') * below}{place(self.low)}", f"{self.theme.text('≥') * above}{place(self.high)}"

    def write_scale(self, grid: TextGrid, row: int, column: int, named: bool = False) -> None:
        """Write the range of the values with the colours or characters between. named: and what they are."""
        quiet, (low, high) = self.theme.quiet, self._ends()
        low += " "
        grid.write(row, column, low, quiet)
        column += len(low)
        if self.contours:
            grid.write(row, column, "..", self.theme.faint())
            column += 2
        for glyph, tone in zip(self.glyphs(), self.inks(), strict=True) if not self.contours else ():
            grid.write(row, column, glyph, tone)
            column += 1
        words = f" {self.theme.text(self.picture.shade)}" if named and self.picture.shade else ""
        grid.write(row, column, f" {high}{words}", quiet)

    # ------------------------------------------------------------ drawing

    def draw(self, grid: TextGrid, top: int, left: int, rows: int, columns: int, *, fill: bool) -> None:
        """Draw the values into a part of the grid: filling it, or as large as whole multiples of them go."""
        shape, wide = self._shape(rows, columns, fill)
        self.drawn = shape
        level = np.repeat(self.levels(shape, self.count), wide, axis=1)
        if self.blocks:
            self._half_blocks(grid, level, top, left)
        else:
            self._characters(grid, level, top, left)

    @property
    def thinned(self) -> tuple[str, ...]:
        """How many of the classes' cells the last drawing shows, in full and in short: "22 of 59 rows and columns", "22 of 59".

        Nothing where it shows them all, and of averages, which take all in.
        """
        if self.empty or not self.classes:
            return ()
        counts = [f"{shown} of {whole}" if shown < whole else "" for shown, whole in zip(self.drawn, self.values.shape, strict=True)]
        if counts[0] and counts[0] == counts[1]:
            return f"{counts[0]} rows and columns", counts[0]
        parts = [f"{count} {name}" for count, name in zip(counts, ("rows", "columns"), strict=True) if count]
        return (", ".join(parts), f"{100 * math.prod(self.drawn) / self.values.size:.0f} % shown") if parts else ()

    def columns(self, rows: int, columns: int) -> int:
        """How many of the columns of a pane the values take without filling it."""
        return self.size(rows, columns)[1]

    def size(self, rows: int, columns: int) -> tuple[int, int]:
        """How many rows and columns of characters of a pane the values take without filling it."""
        shape, wide = self._shape(rows, columns, fill=False)
        return math.ceil(shape[0] / 2) if self.blocks else shape[0], shape[1] * wide

    def _shape(self, rows: int, columns: int, fill: bool) -> tuple[tuple[int, int], int]:
        """Rows and columns of values in a pane, and how many characters stand side by side for one."""
        wide = 2 if self.picture.equal and not fill and not self.blocks else 1  # a character is twice as high as wide
        room = (2 * rows, columns) if self.blocks else (rows, columns // wide)
        return (room if fill else fitted((self.values.shape[0], self.values.shape[1]), room, self.picture.equal)), wide

    def outline(self, canvas: Canvas) -> None:
        """Draw the contour lines of the values."""
        canvas.share(outlines(self.levels(canvas.fine, 4 if canvas.ascii else 8))[None], [self.theme.faint()], ["."])

    def _half_blocks(self, grid: TextGrid, level: Ints, top: int, left: int) -> None:
        if len(level) % 2:
            level = np.vstack([level, np.full((1, level.shape[1]), NOTHING)])
        pairs = (level[::2] + 1) * MANY + level[1::2] + 1
        place = (slice(top, top + pairs.shape[0]), slice(left, left + pairs.shape[1]))
        for pair in np.unique(pairs).tolist():
            code, tone = self._half_block(pair // MANY - 1, pair % MANY - 1)
            here = pairs == pair
            grid.codes[place][here], grid.inks[place][here] = ord(code), tone

    def _half_block(self, above: int, below: int) -> tuple[str, int]:
        if above == below:
            return " ", ink(-1, self.colours[above]) if above != NOTHING else PLAIN
        if above == NOTHING:
            return "▄", ink(self.colours[below])
        return "▀", ink(self.colours[above], self.colours[below] if below != NOTHING else -1)

    def _characters(self, grid: TextGrid, level: Ints, top: int, left: int) -> None:
        place = (slice(top, top + level.shape[0]), slice(left, left + level.shape[1]))
        letters = [*map(ord, self.glyphs()), ord(" ")]  # the last: no value
        grid.codes[place] = np.array(letters, dtype=np.uint32)[level]
        grid.inks[place] = np.array([*self.inks(), PLAIN], dtype=np.int32)[level]
