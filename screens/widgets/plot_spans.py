"""Sending only what changed: a widget that shows a grid and repaints the spans that differ, and a screen that writes just those.

Textual sends a changed row from the left edge of its widget on, and every stretch of colour with its full style. Over
SSH that is most of what four live charts cost. A `SpanScreen` writes only the dirty spans, and of a style only what
differs from the one before; any other screen shows the same picture with more bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from screens.widgets.palette import Theme, style_of
from screens.widgets.plot_canvas import Grid

BRIDGE = 8  # unchanged cells that are cheaper to write again than to jump over (a jump and a style cost about 30 bytes)


def changed_spans(old: Grid, new: Grid) -> Iterator[tuple[int, int, int]]:
    """Yield (row, start, stop) of the stretches in which two grids of equal size differ; near ones are one."""
    differs = (old.codes != new.codes) | (old.inks != new.inks)
    for row in np.flatnonzero(differs.any(axis=1)).tolist():
        columns = np.flatnonzero(differs[row])
        breaks = np.flatnonzero(np.diff(columns) > BRIDGE) + 1
        for part in np.split(columns, breaks):
            yield row, int(part[0]), int(part[-1]) + 1


class GridView(Widget):
    """A widget whose content is a grid. Subclasses draw it; it is drawn only when it is seen and something changed."""

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
        """Draw anew and repaint the cells that changed; what is not seen waits until it is."""
        seen = self.is_mounted and self.is_on_screen and self.screen.is_current
        if not seen:
            if not self._stale:
                self._stale = True
                self.refresh()  # forgets the lines that Textual keeps; draws nothing before they are seen
            return
        self._stale = True
        old, new = self._drawn, self._current()
        if old is None or (old.width, old.height) != (new.width, new.height):
            self.refresh()
            return
        regions = [Region(start, row, stop - start, 1) for row, start, stop in changed_spans(old, new)]
        if regions:
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


class SpanUpdate(ChopsUpdate):
    """Dirty spans of a screen, written without what lies left of them."""

    def render_segments(self, console: Console) -> str:
        """Return the characters and control sequences that bring the terminal up to date."""
        parts: list[str] = []
        pen = Pen(console)
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                start = max(x, x1)
                parts.append(Control.move_to(start, y).segment.text)
                parts.extend(pen.write(text, style) for text, style, _ in strip.crop(start - x, min(end, x2) - x))
        parts.append(pen.lift())
        return "".join(parts)


class Pen:
    """Writes text, changing only the parts of the terminal's style that differ from what was written last."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.system = console._color_system
        self.last: tuple[str, str, str] = ("", "", "")

    def write(self, text: str, style: Style | None) -> str:
        """Return the text with the sequence that sets its style."""
        if style is not None and style.link:
            return self.lift() + Strip.render_style(style, text, self.system or ColorSystem.TRUECOLOR)
        wanted = self._parts(style)
        if wanted == self.last:
            return text
        was, self.last = self.last, wanted
        if wanted[0] != was[0] or (was[1] and not wanted[1]) or (was[2] and not wanted[2]):
            codes = ["0", *(part for part in wanted if part)]
        else:
            codes = [now for now, before in zip(wanted, was, strict=True) if now != before]
        return f"\x1b[{';'.join(codes)}m{text}"

    def lift(self) -> str:
        """Return the sequence that gives the terminal back its plain style."""
        styled, self.last = any(self.last), ("", "", "")
        return "\x1b[0m" if styled else ""

    def _parts(self, style: Style | None) -> tuple[str, str, str]:
        """Attributes, foreground and background of a style as codes."""
        return ("", "", "") if style is None else _codes(style, self.system)


@lru_cache(maxsize=4096)
def _codes(style: Style, system: ColorSystem | None) -> tuple[str, str, str]:
    attributes = Strip.render_ansi(style.without_color, ColorSystem.TRUECOLOR)
    if system is None:
        return attributes, "", ""
    fore, back = (
        "" if colour is None else ";".join(colour.downgrade(system).get_ansi_codes(foreground))
        for colour, foreground in ((style.color, True), (style.bgcolor, False))
    )
    return attributes, fore, back


class Uncoloured(LineFilter):
    """Takes the colours out of everything that Textual writes: for `NO_COLOR`, where Textual itself would still write greys."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with their attributes only."""
        return [Segment(text, None if style is None else style.without_color, control) for text, style, control in segments]


class SpanCompositor(Compositor):
    """A compositor whose partial updates are `SpanUpdate`s."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return what changed since the last update."""
        update = super().render_partial_update()
        return None if update is None else SpanUpdate(update.chops, update.spans, update.chop_ends)


class SpanScreen(Screen[None]):
    """A screen that sends only the spans that changed."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name, id, classes)
        self._compositor = SpanCompositor()
