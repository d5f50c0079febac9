"""A widget that shows a grid of characters, draws it only when it is seen, and repaints the rows that changed.

Textual paints a changed row from the left edge of its widget on; `lab.terminal_diff` reduces what reaches the terminal to the
cells that differ. So rows are the unit here: what matters is not to render, style and compare the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from screens.widgets.palette import Theme, style_of
from screens.widgets.text_grid import TextGrid

CATCH_UP = 0.2  # seconds between two parts of a repaint that is too large for one frame


def changed(old: TextGrid, new: TextGrid) -> Iterator[Region]:
    """Yield the part of each row in which two grids of equal size differ."""
    differs = (old.codes != new.codes) | (old.inks != new.inks)
    for row in np.flatnonzero(differs.any(axis=1)).tolist():
        columns = np.flatnonzero(differs[row])
        yield Region(int(columns[0]), row, int(columns[-1] - columns[0]) + 1, 1)


class TextGridView(Widget):
    """A widget whose content is a grid. Subclasses draw it."""

    MOST_CELLS: ClassVar[int] = 1 << 16  # repainted in one frame
    DEFAULT_CSS = "TextGridView { width: 1fr; height: 1fr; }"

    def __init__(self, theme: Theme | None = None, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._theme = theme or Theme()
        self._drawn: TextGrid | None = None
        self._shown: TextGrid | None = None  # what the terminal has; None where that is not known
        self._stale = True

    @property
    def theme(self) -> Theme:
        """What the terminal can show; set it to redraw with other colours or in ASCII."""
        return self._theme

    @theme.setter
    def theme(self, theme: Theme) -> None:
        if theme != self._theme:
            self._theme = theme
            self.redraw()

    def draw_grid(self, width: int, height: int) -> TextGrid:
        """Return the content at a size."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw anew and repaint the rows that changed; what is not seen waits until it is."""
        if not self._seen:
            if not self._stale:
                self._stale, self._shown = True, None
                self.refresh()  # forgets the lines that Textual keeps; draws nothing before they are seen
            return
        self._stale = True
        self._repaint(self._current())

    @property
    def _seen(self) -> bool:
        if not (self.is_mounted and self.is_on_screen):
            return False
        return self.screen.is_active or (self.screen.is_current and self.app.screen.is_modal)

    def _repaint(self, new: TextGrid) -> None:
        """Repaint what differs from the terminal, as many cells as one frame may have; the rest follows."""
        old = self._shown
        if old is None or (old.width, old.height) != (new.width, new.height):
            self._shown = new.copy()
            self.refresh()
            return
        regions = list(changed(old, new))
        spent = np.cumsum([region.width for region in regions])
        most = max(1, int(np.searchsorted(spent, self.MOST_CELLS, "right")))
        for region in regions[:most]:
            old.codes[region.y], old.inks[region.y] = new.codes[region.y], new.inks[region.y]
        if regions:
            self.refresh(*regions[:most])
        if len(regions) > most:
            self.set_timer(CATCH_UP, self._catch_up)

    def _catch_up(self) -> None:
        if not self._stale:
            self._repaint(self._current())

    def render_line(self, y: int) -> Strip:
        """Return one row of the content."""
        grid = self._current()
        if not 0 <= y < grid.height:
            return Strip.blank(self.size.width, self.rich_style)
        base = self.rich_style
        return Strip([Segment(words, base + style_of(ink)) for words, ink in grid.runs(y)], grid.width)

    def _current(self) -> TextGrid:
        width, height = self.content_size
        grid = self._drawn
        if self._stale or grid is None or (grid.width, grid.height) != (width, height):
            grid = self._drawn = self.draw_grid(width, height)
            self._stale = False
        return grid
