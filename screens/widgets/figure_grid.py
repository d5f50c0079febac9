"""The figures and pictures of a phenomenon: as many side by side as stay legible, one of them active, all with one cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message

from engine.contract import Figure, Phase, PictureSpec, Snapshot, Spec, unmet
from screens import linked_cursor
from screens.figure_pages import ROOMIER, Page, page_of, pages, pages_row
from screens.linked_cursor import Cursor
from screens.pinned import Pinned
from screens.widgets.axis_scales import Scale
from screens.widgets.figure_panel import FigurePanel, faint_label
from screens.widgets.page_legend import page_legend, with_faint
from screens.widgets.palette import Theme, groups_of
from screens.widgets.plot_figure import worth_naming
from screens.widgets.plot_legend import LegendEntry, band_words, value_at
from screens.widgets.plot_view import PlotView
from screens.widgets.shared_legend import Legend
from screens.widgets.smoothing import WINDOWS, smoothable

SHARE_OF_LEGEND = 4  # a shared legend takes at most one row in so many
WHEEL = 1.25  # nearer by a notch of the wheel


class FigureGrid(Container, can_focus=True):
    """All views of a phenomenon. Draws only those on the present page.

    Args:
        spec: declares figures and pictures.
        theme: what the terminal can show.
        order: names of those that come first.
        wide: whether the first one is as wide as there is room.
        roomier: whether each takes the room of the next density, for legends that name the curves of several runs.
        apart: whether the screen lays the legend out, as wide as itself; else it stands here above the views.
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

    class Pointed(Message):
        """The mouse has put the cursor somewhere."""

    def __init__(
        self, spec: Spec, theme: Theme, order: Sequence[str] = (), wide: bool = False, roomier: bool = False, apart: bool = False
    ) -> None:  # fmt: skip
        super().__init__()
        self._apart = apart
        views: tuple[Figure | PictureSpec, ...] = (*spec.figures, *spec.pictures)
        declared = {item.name: item for item in views}
        names = dict.fromkeys((*(name for name in order if name in declared), *declared))
        self.panels = [FigurePanel(index, declared[name], theme) for index, name in enumerate(names)]
        self.legend = Legend()
        self.active = 0
        self.full = False
        self.cursor: Cursor | None = None
        self.pinned: Pinned | None = None
        self.smoothing = WINDOWS[0]
        self.linked = False
        self.pages: tuple[Page, ...] = ()
        self._theme, self._wide, self.roomier = theme, wide, roomier
        self._grid = Container(id="grid")
        self._snapshot: Snapshot | None = None
        self._spec = spec
        self._config: tuple[Mapping[str, Any], bool] = {}, False  # settings of the run, and whether it is finished
        self._refused: set[int] = set()  # views that the run's settings leave empty
        self.unfilled: frozenset[int] = frozenset()  # those, and what a run that is over has left empty

    def compose(self) -> ComposeResult:
        """Hold the legend and the panels, each from the first time on that it is seen; those of other pages are hidden."""
        if not self._apart:
            yield self.legend
        yield self._grid

    # ------------------------------------------------------------ what is shown

    def on_resize(self, event: events.Resize) -> None:
        """Spread the views over the room there is."""
        self.spread(event.size.width, self._height)

    def spread(self, width: int, height: int) -> None:
        """Choose the pages for a size and show the active view's."""
        if self.full:
            self.pages = tuple(Page((panel.index,), 1, 1) for panel in self._in_order)
        else:
            self.pages = self._pages(width, height)
        self._lay_out()

    @property
    def _height(self) -> int:
        """Rows of views and legend together, which do not change with the legend."""
        return self.size.height + (len(self.legend.rows) if self._apart else 0)

    @property
    def _legend_width(self) -> int:
        return (self.screen.size.width if self._apart else self.size.width) - 1

    def recolour(self, theme: Theme) -> None:
        """Draw in another theme."""
        self._theme = theme
        self.redraw()

    def _pages(self, width: int, height: int) -> tuple[Page, ...]:
        """Spread what the run fills; what it leaves empty stands on pages of its own, behind."""
        density = ROOMIER[self._theme.density] if self.roomier else self._theme.density
        filled = [panel.index for panel in self.panels if panel.index not in self.unfilled]
        spread = [
            (filled, pages(len(filled), width, height, self._wide, density)),
            (sorted(self.unfilled), pages(len(self.unfilled), width, height, density=density)),
        ]
        return tuple(replace(page, views=tuple(views[place] for place in page.views)) for views, found in spread for page in found)

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self.pages[page_of(self.active, self.pages)] if self.pages else Page((), 1, 1)

    @property
    def divided(self) -> bool:
        """Whether something that the run fills stands on another page than the one that is shown."""
        here, filled = self.page.views, {view for page in self.pages for view in page.views} - self.unfilled
        return not filled.issubset(here) or (bool(here) and self.unfilled.issuperset(here))

    def _lay_out(self) -> None:
        page = self.page
        with self.app.batch_update():
            self._grid.styles.grid_size_columns, self._grid.styles.grid_size_rows = page.columns, page.rows
            self._grid.styles.grid_rows = " ".join(f"{share}fr" for share in page.shares(self.size.height))
            for panel in self.panels:
                panel.display = panel.index in page.views
                panel.set_class(panel.index == self.active and len(page.views) > 1, "-active")
                panel.styles.column_span = page.span(panel.index) if panel.display else 1
            self._hold(page)
            self.redraw()
        self.post_message(self.Rearranged())

    def _hold(self, page: Page) -> None:
        """Take in the panels of a page that were not seen before, each in its place."""
        for view in page.views if self._grid.is_attached else ():
            panel = self.panels[view]
            if panel.parent is None:
                later = (item for item in self.panels[view + 1 :] if item.parent is not None)
                self._grid.mount(panel, before=next(later, None))

    @property
    def _in_order(self) -> list[FigurePanel]:
        """The views by number."""
        return sorted(self.panels, key=lambda panel: panel.number)

    def numbered(self, number: int) -> int:
        """Return the view with a number, -1 where there is none."""
        return next((panel.index for panel in self.panels if panel.number == number), -1)

    def choose(self, index: int) -> None:
        """Make a view the active one and show its page."""
        if 0 <= index < len(self.panels):
            self.active = index
            self._lay_out()

    def toggle_full(self) -> None:
        """Give the active view all the room, or share it again."""
        self.full = not self.full
        self.spread(self.size.width, self._height)

    def turn_page(self, direction: int) -> None:
        """Show the next or the previous page of what the run fills, its first view active."""
        filled = [page for page in self.pages if not self.unfilled.issuperset(page.views)] or self.pages
        if filled:
            here = filled.index(self.page) if self.page in filled else -max(0, direction)
            self.choose(filled[(here + direction) % len(filled)].views[0])

    def elsewhere(self, width: int) -> Text:
        """Return which views are on this page, and which are on the others, from the next page on."""
        here = page_of(self.active, self.pages)
        others = [view for page in (*self.pages[here + 1 :], *self.pages[:here]) for view in page.views if view not in self.unfilled]
        numbers, refused = [self.panels[view].number for view in self.page.views], len(self._refused)
        return pages_row(numbers, len(self.panels) - refused, [self.panels[view].heading for view in others], width)

    # ------------------------------------------------------------ drawing

    def show(self, snapshot: Snapshot) -> None:
        """Draw the visible views from a snapshot."""
        self._snapshot = snapshot
        if (snapshot.config, snapshot.phase is Phase.FINISHED) != self._config:
            self._config = snapshot.config, snapshot.phase is Phase.FINISHED
            self._leave_out(snapshot)
        self.redraw()

    def _leave_out(self, snapshot: Snapshot) -> None:
        """Find the views that the run leaves empty, and go on with another one; those that its settings empty are numbered last.

        None is empty where runs of several settings are shown.
        """
        config = self._spec.config.model_construct(**snapshot.config) if snapshot.config else None
        self._refused = refused = {panel.index for panel in self.panels if config and unmet(panel.what.domain, config)}
        bare = {panel.index for panel in self.panels if config and self._config[1] and not panel.anything(snapshot)}
        unfilled = frozenset(refused | bare)
        for place, panel in enumerate(sorted(self.panels, key=lambda panel: (panel.index in refused, panel.index)), 1):
            panel.place(place, to_come=bool(config) and panel.index not in refused, ended=panel.index in bare - refused)
        if unfilled != self.unfilled:
            self.active = max(0, self.numbered(1)) if self.active in unfilled - self.unfilled else self.active
            self.unfilled = unfilled
            self.spread(self.size.width, self._height)

    def redraw(self) -> None:
        """Draw the visible views again."""
        if self._snapshot is None:
            return
        self._theme = replace(self._theme, groups=groups_of(self._snapshot))
        visible = [panel for panel in self.panels if panel.display]
        entries, named = self._legend_entries(visible, self._snapshot)
        self.legend.show(entries, self._legend_width, self._theme)
        for panel in visible:
            panel.draw(
                self._snapshot, self._theme, pinned=self.pinned, cursor=self.cursor, smoothing=self.smoothing,
                legend=panel.index not in named, alone=len(self.page.views) == 1,
            )  # fmt: skip

    def _legend_entries(self, visible: Sequence[FigurePanel], snapshot: Snapshot) -> tuple[list[LegendEntry], set[int]]:
        """Return a legend for the visible figures, and those that need none of their own; nothing where it would take too many rows."""
        figures = [panel for panel in visible if isinstance(panel.what, Figure)]
        legends = {panel.index: worth_naming(panel.curves(snapshot), self._theme) for panel in figures}
        numbers = {panel.index: panel.number for panel in self._in_order if panel.index in legends}
        column, most = self.size.width // self.page.columns - 1, max(1, self._height // SHARE_OF_LEGEND)
        entries, named = page_legend(legends, numbers, column, self._legend_width, most, self._theme)
        curves = [item for panel in figures for item in panel.curves(snapshot)]
        raw = any(smoothable(item, self.smoothing) for item in curves)
        words = faint_label(snapshot, self.pinned, self.smoothing if raw else WINDOWS[0])
        bands = {panel.number: band_words(panel.curves(snapshot)) for panel in figures if panel.index in named}
        return with_faint(entries, words, bands, self._legend_width, self._theme), named

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

    def _stops(self) -> linked_cursor.Floats:
        """Where the cursor can be: the points of the active figure's curves, or the frames of a picture that turns with it."""
        panel, snapshot = self.active_panel, self._snapshot
        if snapshot is None or panel is None or not panel.axis:
            return linked_cursor.stops(())
        picture = panel.picture(snapshot)
        return linked_cursor.frame_stops(picture.layers) if picture is not None else linked_cursor.stops(panel.curves(snapshot))

    def stops_in_sight(self) -> int:
        """Return how many points of the active view lie in its window."""
        points, scales = self._stops(), self.plot.scales if self.plot is not None else None
        return len(points) if scales is None else int(((points >= scales[0].lo) & (points <= scales[0].hi)).sum())

    def move_cursor(self, count: int) -> None:
        """Move the cursor by so many points of the active view (negative: back)."""
        self._put_cursor(linked_cursor.moved(self._stops(), self.at, count))

    def cursor_to_end(self, direction: int) -> None:
        """Move the cursor to the first (-1) or last point of the active view."""
        self._put_cursor(linked_cursor.end(self._stops(), direction))

    def cursor_to(self, at: float) -> bool:
        """Move the cursor to the point of the active view that is nearest to a place on its x axis; whether they reach so far."""
        points, log = self._stops(), self.plot is not None and self.plot.request is not None and self.plot.request.log_x
        self._put_cursor(linked_cursor.nearest(points, at, log))
        return bool(points.size and points[0] <= at <= points[-1])

    def _put_cursor(self, at: float | None) -> None:
        panel = self.active_panel
        if panel is None:
            return
        self.cursor = Cursor(panel.axis, at) if at is not None else self.cursor
        plot, scales = self.plot, self.plot.scales if self.plot is not None else None
        if at is not None and plot is not None and scales is not None and not scales[0].lo <= at <= scales[0].hi:
            centre = float(scales[0].unit(np.array([at]))[0])
            plot.pan(centre - 0.5)
            self._link(plot)
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

    def zoom_x(self, factor: float, about: float | None = None) -> None:
        """Look nearer along x (factor above 1) or farther, about a place, the cursor or the middle."""
        if self.plot is not None:
            self.plot.zoom_x(factor, self.at if about is None else about)
            self._link(self.plot)

    def zoom_y(self, factor: float) -> None:
        """Look nearer along y or farther, about what the first curve reads at the cursor, or the middle."""
        panel = self.active_panel
        if self.plot is None or panel is None or self._snapshot is None:
            return
        values = [] if self.at is None or self.plot.scales is None else [
            value_at(item, self.at, self.plot.scales[0]) for item in panel.curves(self._snapshot)
        ]  # fmt: skip
        self.plot.zoom_y(factor, next((value for value in values if np.isfinite(value)), None))

    def action_pan(self, right: int, up: int) -> None:
        """Move the window of the active figure by a quarter of its size."""
        self._pan(right / 4, up / 4)

    def _pan(self, right: float, up: float) -> None:
        if self.plot is not None:
            self.plot.pan(right, up)
            self._link(self.plot)

    def toggle_linked(self) -> bool:
        """Let figures with the same x axis show the same part of it from now on, or each its own; return which."""
        self.linked = not self.linked
        if self.plot is not None:
            self._link(self.plot)
        return self.linked

    def _link(self, plot: PlotView) -> None:
        """Let the other figures with the same x axis follow a plot, where they are linked."""
        axis = next((panel.axis for panel in self.panels if panel.view is plot), "")
        for panel in self.panels if self.linked else ():
            if panel.axis == axis and isinstance(panel.view, PlotView) and panel.view is not plot:
                panel.view.look_along_x(plot.view.x0, plot.view.x1)

    def smooth_further(self) -> int:
        """Average measured curves over more points, after the most over one; return how many."""
        self.smoothing = WINDOWS[(WINDOWS.index(self.smoothing) + 1) % len(WINDOWS)]
        self.redraw()
        return self.smoothing

    # ------------------------------------------------------------ the mouse

    def on_plot_view_wheeled(self, event: PlotView.Wheeled) -> None:
        """Zoom the figure under the pointer."""
        self._choose_view(event.view)
        factor = WHEEL**event.direction
        self.zoom_y(factor) if event.upward else self.zoom_x(factor, event.at)

    def on_plot_view_dragged(self, event: PlotView.Dragged) -> None:
        """Move the window of the figure under the pointer."""
        self._choose_view(event.view)
        self._pan(event.right, event.up)

    def on_plot_view_pointed(self, event: PlotView.Pointed) -> None:
        """Put the cursor where the mouse points."""
        self._choose_view(event.view)
        self.cursor_to(event.at)
        self.post_message(self.Pointed())

    def _choose_view(self, view: PlotView) -> None:
        index = next((panel.index for panel in self.panels if panel.view is view), self.active)
        if index != self.active:
            self.choose(index)

    def reset_look(self) -> None:
        """Show everything of the active figure again, and take the cursor away."""
        self.cursor = None
        if self.plot is not None:
            self.plot.reset_view()
            self._link(self.plot)
        self.redraw()

    def toggle_log(self, axis: str) -> bool | None:
        """Switch an axis of the active figure between linear and logarithmic; return whether it is logarithmic now."""
        return self.plot.toggle_log(axis) if self.plot is not None else None
