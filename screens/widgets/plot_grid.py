"""A widget that shows a grid of characters, draws it only when it is seen, and repaints the rows that changed.

Textual paints a changed row from the left edge of its widget on; `lab.cells` reduces what reaches the terminal to the
cells that differ. So rows are the unit here: what matters is not to render, style and compare the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from screens.widgets.palette import Theme, style_of
from screens.widgets.plot_canvas import Grid


def changed(old: Grid, new: Grid) -> Iterator[Region]:
    """Yield the part of each row in which two grids of equal size differ."""
    differs = (old.codes != new.codes) | (old.inks != new.inks)
    for row in np.flatnonzero(differs.any(axis=1)).tolist():
        columns = np.flatnonzero(differs[row])
        yield Region(int(columns[0]), row, int(columns[-1] - columns[0]) + 1, 1)


class GridView(Widget):
    """A widget whose content is a grid. Subclasses draw it."""

    DEFAULT_CSS = "GridView { width: 1fr; height: 1fr; }"

    def __init__(self, theme: Theme | None = None, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._theme = theme or Theme()
        self._drawn: Grid | None = None
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

    def draw_grid(self, width: int, height: int) -> Grid:
        """Return the content at a size."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw anew and repaint the rows that changed; what is not seen waits until it is."""
        if not (self.is_mounted and self.is_on_screen and self.screen.is_current):
            if not self._stale:
                self._stale = True
                self.refresh()  # forgets the lines that Textual keeps; draws nothing before they are seen
            return
        self._stale = True
        old, new = self._drawn, self._current()
        if old is None or (old.width, old.height) != (new.width, new.height):
            self.refresh()
        elif regions := list(changed(old, new)):
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """Return one row of the content."""
        grid = self._current()
        if not 0 <= y < grid.height:
            return Strip.blank(self.size.width, self.rich_style)
        base = self.rich_style
        return Strip([Segment(words, base + style_of(ink)) for words, ink in grid.runs(y)], grid.width)

    def _current(self) -> Grid:
        width, height = self.content_size
        grid = self._drawn
        if self._stale or grid is None or (grid.width, grid.height) != (width, height):
            grid = self._drawn = self.draw_grid(width, height)
            self._stale = False
        return grid
