"""Events and constants of a figure: dotted lines, their labels where nothing is drawn, and the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker
from screens.widgets.axis_scales import Scale
from screens.widgets.palette import Theme, ink, ink_of
from screens.widgets.plot_canvas import Canvas, dots_per_cell
from screens.widgets.plot_curves import EIGHTHS
from screens.widgets.plot_legend import LegendEntry

WIDE_BAR = 3  # characters of a bar from which a line over it leaves its edges to be seen
NEAR = 2  # columns behind a label where no other line may stand, which it could be said of
LEAST_APART = 2  # rows between horizontal lines up to which a label between them could be either one's


def draw_lines(canvas: Canvas, markers: Sequence[Marker], x: Scale, y: Scale, theme: Theme) -> None:
    """Draw the dotted line of every marker inside the window."""
    rows, columns = canvas.fine
    masks = np.zeros((len(markers), rows, columns), dtype=bool)
    for mask, marker in zip(masks, markers, strict=True):
        if marker.axis == "x" and (column := x.cell(marker.at, columns)) is not None:
            mask[:: 1 if canvas.ascii else 2, column] = True
        elif marker.axis == "y" and (row := y.cell(marker.at, rows)) is not None:
            mask[rows - 1 - row, ::2] = True
    canvas.share(masks, [marker_ink(marker, theme) for marker in markers], [":" if marker.axis == "x" else "-" for marker in markers])


def marker_ink(marker: Marker, theme: Theme) -> int:
    """Ink of a marker: its group's, or nobody's."""
    return theme.curve(theme.group(marker.group)) if marker.group in theme.groups else theme.quiet


def draw_lines_on_bars(canvas: Canvas, markers: Sequence[Marker], y: Scale, theme: Theme) -> None:
    """Draw horizontal lines over bars, which would else hide what they are compared with."""
    for marker in markers:
        at = y.cell(marker.at, 4 * canvas.rows) if marker.axis == "y" else None
        if at is None:
            continue
        row, dash = canvas.rows - 1 - at // 4, "⣀⠤⠒⠉"[at % 4]
        bars = canvas.codes[row].copy()
        for column in np.flatnonzero(bars).tolist():
            below = ink_of(int(canvas.inks[row, column]))
            if canvas.ascii:
                if _width_of_bar(bars, column) >= WIDE_BAR:  # beside a narrow one the line is seen, and a low bar stays
                    canvas.put(row, column, "-", marker_ink(marker, theme))
            elif canvas.codes[row, column] == ord(EIGHTHS[-1]) and below.fg >= 0:
                canvas.put(row, column, dash, ink(theme.shades.background, below.fg))


def _width_of_bar(codes: NDArray[np.uint32], column: int) -> int:
    """How many cells of a row around one hold the same character."""
    same = codes == codes[column]
    left, right = int(np.argmin(same[column::-1])), int(np.argmin(same[column:]))
    return (left or column + 1) + (right or len(codes) - column) - 1


def draw_labels(canvas: Canvas, markers: Sequence[Marker], x: Scale, y: Scale, theme: Theme, from_below: bool = False) -> list[LegendEntry]:
    """Write the markers' labels beside or into their lines where nothing else is, events before levels; return those without a place.

    from_below: whether the lowest free row beside a vertical line is taken, not the highest.
    """
    spare: list[LegendEntry] = []
    across = dots_per_cell(canvas.ascii)[1]
    sides = _sides(canvas, markers, y)
    lines = {cell for marker in markers if marker.axis == "x" and (cell := x.cell(marker.at, canvas.columns, across)) is not None}
    for index, marker in sorted(enumerate(markers), key=lambda item: item[1].axis == "y"):
        words = theme.text(marker.label)
        column = x.cell(marker.at, canvas.columns, across) if marker.axis == "x" else None
        if not words or (column is None and index not in sides):
            continue
        mine, tone = marker_ink(marker, theme), theme.quiet if marker.common else marker_ink(marker, theme)
        choices = (words, theme.text(marker.brief) or words.partition(" ")[0])
        if column is not None:
            found = ((_beside(canvas, column, len(word) + 1, lines, from_below), word) for word in choices)
        else:
            line = _Level(canvas, marker, y, mine, sides[index])
            found = ((line.place(len(word), strict), word) for strict in (True, False) for word in choices)
        place, word = next(((place, word) for place, word in found if place is not None), (None, ""))
        if place is None:
            glyph = (":" if marker.axis == "x" else "-") if theme.ascii else ("┊" if marker.axis == "x" else "┄")
            spare.append(LegendEntry(glyph, tone, theme.text(marker.brief) or words))
        elif column is not None:
            canvas.put(place[0], place[1] + (place[1] > column), word, tone)
        else:
            canvas.put(place[0], place[1] - line.holds(place[0]), f" {word} " if line.holds(place[0]) else word, tone)
    return spare


def _sides(canvas: Canvas, markers: Sequence[Marker], y: Scale) -> dict[int, tuple[int, ...]]:
    """The rows next to each horizontal line, by the marker's index, in which a label can only be its own.

    Between lines that are too close for that stands no label: the upper line's is above it and the lower one's below.
    """
    down = dots_per_cell(canvas.ascii)[0]
    cells = {index: y.cell(marker.at, canvas.rows, down) for index, marker in enumerate(markers) if marker.axis == "y"}
    rows = {index: canvas.rows - 1 - cell for index, cell in cells.items() if cell is not None}
    sides: dict[int, tuple[int, ...]] = {}
    for index, row in rows.items():
        others = [(markers[other].at, place) for other, place in rows.items() if markers[other].at != markers[index].at]
        above = not any(at > markers[index].at and row - place <= LEAST_APART for at, place in others)
        below = not any(at < markers[index].at and place - row <= LEAST_APART for at, place in others)
        sides[index] = (row - 1,) * above + (row + 1,) * below
    return sides


def _beside(canvas: Canvas, column: int, length: int, lines: set[int], from_below: bool) -> tuple[int, int] | None:
    """The first free place right or left of a vertical line, of which a blank parts it; another line or the axis is farther away.

    lines: the columns of all vertical lines.
    """
    for row in reversed(range(canvas.rows)) if from_below else range(canvas.rows):
        for start, beyond in ((column + 1, column + 1 + length), (column - length, column - length - 1)):
            alone = lines.isdisjoint(range(min(beyond - NEAR + 1, start), max(beyond + NEAR, start + length))) and not _holds_letter(
                canvas, row, beyond
            )
            if start > 0 and canvas.empty(row, start, start + length) and alone:
                return row, start
    return None


def _holds_letter(canvas: Canvas, row: int, column: int) -> bool:
    """Whether a character stands in a cell, such as a label's: two labels need a blank between them."""
    return 0 <= column < canvas.columns and bool(canvas.codes[row, column])


class _Level:
    """The row of a horizontal line, what is to be seen of it there, and where its label can stand.

    rows: those next to it in which a label can only be its own; both where no other line is near, and only then the line's own row.
    """

    def __init__(self, canvas: Canvas, marker: Marker, y: Scale, tone: int, rows: Sequence[int]) -> None:
        self.canvas, self.rows = canvas, rows
        at = canvas.fine[0] - 1 - (y.cell(marker.at, canvas.fine[0]) or 0)
        line = np.zeros(canvas.fine, dtype=bool)
        line[at, ::2] = True
        self.row = at // dots_per_cell(canvas.ascii)[0]
        dots, codes = canvas.dots[self.row], canvas.codes[self.row]
        own = (dots == canvas.pack(line[None])[0, self.row]) & (canvas.inks[self.row] == tone) & np.isin(codes, (0, ord("-")))
        self.free = np.where(dots == 0, codes == 0, own)  # where nothing but the line is
        self.seen = own & (dots > 0)
        if canvas.ascii:  # every second cell holds a dash
            self.seen[1:] |= self.seen[:-1] & self.free[1:]

    def holds(self, row: int) -> bool:
        """Whether a place is in the line's own row."""
        return row == self.row

    def place(self, length: int, strict: bool) -> tuple[int, int] | None:
        """A place, right end first: in the line, else next to it. strict: only where much of the line is to be seen."""
        enough = not strict or int(np.count_nonzero(self.seen)) >= 2 * length + 2
        if len(self.rows) > 1 and enough:
            for start in range(self.canvas.columns - length, 0, -4):
                if self.free[start - 1 : start + length + 1].all() and self.seen.any():
                    return self.row, start
        for start in range(self.canvas.columns - length, -1, -4):
            if strict and 2 * int(np.count_nonzero(self.seen[start : start + length])) < length:
                continue
            for row in self.rows:
                around = (start - 1, start + length)
                if self.canvas.empty(row, start, start + length) and not any(_holds_letter(self.canvas, row, cell) for cell in around):
                    return row, start
        return None


def draw_cursor(canvas: Canvas, at: float, x: Scale, theme: Theme) -> None:
    """Draw the cursor's line; marks of curves stay visible on it."""
    column = x.cell(at, canvas.columns, dots_per_cell(canvas.ascii)[1])
    if column is None:
        return
    for row in range(canvas.rows):
        if canvas.codes[row, column] == 0 and canvas.dots[row, column] == 0:
            canvas.put(row, column, "|" if canvas.ascii else "│", theme.strong)
        else:
            under = ink_of(int(canvas.inks[row, column]))
            canvas.inks[row, column] = ink(under.fg, under.bg, bold=True)
