"""The figures and pictures of a phenomenon: as many side by side as stay legible, one of them active, all with one cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message

from engine.contract import Figure, PictureSpec, Series, Snapshot, Spec
from screens import linked_cursor
from screens.figure_pages import Page, page_of, pages
from screens.linked_cursor import Cursor
from screens.widgets.axis_scales import Scale
from screens.widgets.figure_panel import FigurePanel
from screens.widgets.palette import Theme, groups_of
from screens.widgets.plot_figure import legend_entries
from screens.widgets.plot_legend import LegendEntry
from screens.widgets.plot_view import PlotView
from screens.widgets.shared_legend import Legend, arranged, related, shared
from screens.widgets.text_row import fit

SHARE_OF_LEGEND = 5  # a shared legend takes at most one row in so many
FEW_ROWS = 2  # a longer one leaves out figures whose curves stand in no other figure


class FigureGrid(Container, can_focus=True):
    """All views of a phenomenon. Draws only those on the present page.

    Args:
        spec: declares figures and pictures.
        theme: what the terminal can show.
        order: names of those that come first.
        wide: whether the first one is as wide as there is room.
    """

    DEFAULT_CSS = """
    FigureGrid { layout: vertical; height: 1fr; width: 1fr; }
    FigureGrid #grid { layout: grid; grid-size: 1 1; grid-gutter: 0 1; height: 1fr; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "pan(-1, 0)", "Pan the active figure", show=False, key_display="left right"),
        Binding("right", "pan(1, 0)", "Pan", show=False),
        Binding("up", "pan(0, 1)", "Pan the active figure", show=False, key_display="up down"),
        Binding("down", "pan(0, -1)", "Pan", show=False),
    ]

    class Rearranged(Message):
        """Another page, or another active view."""

    def __init__(self, spec: Spec, theme: Theme, order: Sequence[str] = (), wide: bool = False) -> None:
        super().__init__()
        views: tuple[Figure | PictureSpec, ...] = (*spec.figures, *spec.pictures)
        declared = {item.name: item for item in views}
        names = dict.fromkeys((*(name for name in order if name in declared), *declared))
        self.panels = [FigurePanel(index, declared[name], theme) for index, name in enumerate(names)]
        self.legend = Legend()
        self.active = 0
        self.full = False
        self.cursor: Cursor | None = None
        self.pinned: tuple[Series, ...] = ()
        self.pages: tuple[Page, ...] = ()
        self._theme, self._wide = theme, wide
        self._grid = Container(*self.panels, id="grid")
        self._snapshot: Snapshot | None = None

    def compose(self) -> ComposeResult:
        """Hold the legend and every panel; those of other pages are hidden."""
        yield self.legend
        yield self._grid

    # ------------------------------------------------------------ what is shown

    def on_resize(self, event: events.Resize) -> None:
        """Spread the views over the room there is."""
        self.spread(event.size.width, event.size.height)

    def spread(self, width: int, height: int) -> None:
        """Choose the pages for a size and show the active view's."""
        if self.full:
            self.pages = tuple(Page((index,), 1, 1) for index in range(len(self.panels)))
        else:
            self.pages = pages(len(self.panels), width, height, self._wide)
        self._lay_out()

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self.pages[page_of(self.active, self.pages)] if self.pages else Page((), 1, 1)

    def _lay_out(self) -> None:
        page = self.page
        with self.app.batch_update():
            self._grid.styles.grid_size_columns = page.columns
            self._grid.styles.grid_size_rows = page.rows
            for panel in self.panels:
                panel.display = panel.index in page.views
                panel.set_class(panel.index == self.active and len(page.views) > 1, "-active")
                panel.styles.column_span = page.span(panel.index) if panel.display else 1
            self.redraw()
        self.post_message(self.Rearranged())

    def choose(self, index: int) -> None:
        """Make a view the active one and show its page."""
        if 0 <= index < len(self.panels):
            self.active = index
            self._lay_out()

    def toggle_full(self) -> None:
        """Give the active view all the room, or share it again."""
        self.full = not self.full
        self.spread(self.size.width, self.size.height)

    def turn_page(self, direction: int) -> None:
        """Show the next or the previous page, its first view active."""
        if self.pages:
            page = self.pages[(page_of(self.active, self.pages) + direction) % len(self.pages)]
            self.choose(page.views[0])

    def elsewhere(self, width: int) -> Text:
        """Return which views are on this page, and the titles of those on the others, from the next page on, as far as they fit."""
        shown = self.page.views
        first, last = (shown[0] + 1, shown[-1] + 1) if shown else (0, 0)
        here = f" {first}-{last}" if last > first else f" {first}"
        order = [*self.panels[last:], *self.panels[: first - 1]]
        parts = [Text(f"{here} of {len(self.panels)}", "bold"), Text.assemble(("m", "bold cyan"), " more:")]
        return fit([*parts, *(panel.heading for panel in order)], width)

    # ------------------------------------------------------------ drawing

    def show(self, snapshot: Snapshot) -> None:
        """Draw the visible views from a snapshot."""
        self._snapshot = snapshot
        self.redraw()

    def redraw(self) -> None:
        """Draw the visible views again."""
        if self._snapshot is None:
            return
        self._theme = replace(self._theme, groups=groups_of(self._snapshot))
        visible = [panel for panel in self.panels if panel.display]
        entries, named = self._legend_entries(visible, self._snapshot)
        self.legend.show(entries, self.size.width - 1, self._theme)
        for panel in visible:
            panel.draw(self._snapshot, self._theme, self.pinned, self.cursor, legend=panel.index not in named)

    def _legend_entries(self, visible: Sequence[FigurePanel], snapshot: Snapshot) -> tuple[list[LegendEntry], set[int]]:
        """Return a legend for the visible figures, and those that need none of their own; nothing where it would take too many rows."""
        figures = [panel for panel in visible if isinstance(panel.what, Figure)]
        legends = {panel.index: legend_entries(panel.curves(snapshot), self._theme) for panel in figures}
        entries, named = shared(legends)
        if len(arranged(entries, self.size.width - 1)) > FEW_ROWS:
            entries, named = shared(related(legends, named, self.size.width // self.page.columns - 1))
        if entries and self.pinned:
            entries.append(LegendEntry("..", self._theme.faint(), "pinned"))
        if len(arranged(entries, self.size.width - 1)) > max(1, self.size.height // SHARE_OF_LEGEND):
            return [], set()
        return entries, named

    # ------------------------------------------------------------ how it is looked at

    @property
    def active_panel(self) -> FigurePanel | None:
        """The panel that keys act on; None where a phenomenon has neither figures nor pictures."""
        return self.panels[self.active] if self.panels else None

    @property
    def plot(self) -> PlotView | None:
        """The active view, if it is a figure."""
        panel = self.active_panel
        return panel.view if panel is not None and isinstance(panel.view, PlotView) else None

    @property
    def at(self) -> float | None:
        """Where the cursor is on the axis of the active view; None without one, or where it moves along another axis."""
        panel = self.active_panel
        return self.cursor.on(panel.axis) if self.cursor is not None and panel is not None else None

    def move_cursor(self, direction: int) -> None:
        """Move the cursor to the next point of the active figure's curves, or the next frame of a picture that turns with it."""
        panel, snapshot = self.active_panel, self._snapshot
        if snapshot is None or panel is None or not panel.axis:
            return
        picture = panel.picture(snapshot)
        points = linked_cursor.frame_stops(picture.layers) if picture is not None else linked_cursor.stops(panel.curves(snapshot))
        at = linked_cursor.moved(points, self.at, direction)
        self.cursor = Cursor(panel.axis, at) if at is not None else None
        self.redraw()

    def readout(self) -> Text | None:
        """Return what the active figure says at the cursor, or None without one."""
        panel = self.active_panel
        if self.at is None or self._snapshot is None or panel is None or not isinstance(panel.what, Figure):
            return None
        figure = panel.what
        scales = self.plot.scales if self.plot is not None else None
        axis = scales[0] if scales is not None else Scale(1.0, 10.0, figure.x.log)
        return linked_cursor.readout(figure, panel.curves(self._snapshot), self.at, axis)

    def zoom(self, factor: float) -> None:
        """Look nearer (factor above 1) or farther, around the cursor or the middle."""
        if self.plot is not None:
            self.plot.zoom(factor, self.at)

    def action_pan(self, right: int, up: int) -> None:
        """Move the window of the active figure by a quarter of its size."""
        if self.plot is not None:
            self.plot.pan(right / 4, up / 4)

    def reset_look(self) -> None:
        """Show everything of the active figure again, and take the cursor away."""
        self.cursor = None
        if self.plot is not None:
            self.plot.reset_view()
        self.redraw()

    def toggle_log(self, axis: str) -> bool | None:
        """Switch an axis of the active figure between linear and logarithmic; return whether it is logarithmic now."""
        if self.plot is None or self.plot.request is None:
            return None
        self.plot.reset_view()
        if axis == "x":
            self.plot.toggle_log_x()
        else:
            self.plot.toggle_log_y()
        return self.plot.request.log_x if axis == "x" else self.plot.request.log_y
