"""The plot widget: a figure of curves that redraws only what changed and can be zoomed, panned and read off.

It is fed with `show` on the interface's thread, as often as the screen likes: equal input costs nothing, hidden plots
are not drawn, and of a new drawing only the rows that differ are painted (`plot_grid`). `draw_figure` is the same
drawing without Textual, for `genlab show`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from textual import events
from textual.message import Message

from engine.contract import Figure, Marker, Series
from screens.widgets.axis_scales import Scale, ViewWindow
from screens.widgets.bar_rows import BarRows
from screens.widgets.palette import Theme, group_order
from screens.widgets.plot_canvas import dots_per_cell
from screens.widgets.plot_figure import plot
from screens.widgets.plot_frame import FrameLayout
from screens.widgets.plot_request import Request
from screens.widgets.text_grid import TextGrid
from screens.widgets.text_grid_view import TextGridView


class PlotView(TextGridView):
    """One figure. The screen owns the cursor, so that it can link it across figures; window and log axes are kept here or passed in."""

    class Wheeled(Message):
        """The wheel was turned over the figure: nearer (direction 1) or farther, about an x; upward: along y."""

        def __init__(self, view: PlotView, direction: int, at: float, upward: bool) -> None:
            super().__init__()
            self.view, self.direction, self.at, self.upward = view, direction, at, upward

    class Pointed(Message):
        """An x was clicked."""

        def __init__(self, view: PlotView, at: float) -> None:
            super().__init__()
            self.view, self.at = view, at

    class Dragged(Message):
        """The figure was drawn along by so many shares of its width and height."""

        def __init__(self, view: PlotView, right: float, up: float) -> None:
            super().__init__()
            self.view, self.right, self.up = view, right, up

    def __init__(self, theme: Theme | None = None, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(theme, name=name, id=id, classes=classes)
        self._request: Request | None = None
        self._scales: tuple[Scale, Scale] | None = None
        self._layout_drawn: FrameLayout | None = None
        self._lying: tuple[BarRows, int] | None = None  # how bars lie on their side, and from which row on
        self._held: tuple[int, int] | None = None  # where the mouse was pressed, or has been drawn to
        self._drawn_along = False

    @property
    def request(self) -> Request | None:
        """What is shown at present."""
        return self._request

    @property
    def scales(self) -> tuple[Scale, Scale] | None:
        """The axes as they were drawn last, x and y; None before that or where the pane is too small."""
        return self._scales

    @property
    def view(self) -> ViewWindow:
        """The window that is looked at."""
        return self._request.view if self._request else ViewWindow()

    def show(
        self, figure: Figure, series: Sequence[Series], markers: Sequence[Marker] = (), *, pinned: Sequence[Series] = (),
        pinned_label: str = "pinned",
        cursor: float | None = None, view: ViewWindow | None = None, log_x: bool | None = None, log_y: bool | None = None,
        legend: bool = True, number: int = 0, alone: bool = False,
    ) -> None:  # fmt: skip
        """Show a figure of a snapshot's series and markers, of which it takes its own.

        Without `legend` it names no curves: the screen does, once for several figures (`legend_entries`). number: stands before the
        title. alone: it shares its page with no other view, so that its note may take rows of its own.

        Nothing happens when all objects are those shown already. None for view or a log axis keeps what the widget has:
        at first the whole figure and the scales that it declares.
        """
        last = self._request if self._request is not None and self._request.figure == figure else None
        request = Request.of(
            figure, series, markers, pinned=pinned, pinned_label=pinned_label, cursor=cursor,
            view=view if view is not None or last is None else last.view,
            log_x=log_x if log_x is not None or last is None else last.log_x,
            log_y=log_y if log_y is not None or last is None else last.log_y, legend=legend, number=number, alone=alone,
        )  # fmt: skip
        if not self.theme.groups:
            self.theme = replace(self.theme, groups=group_order(series))
        self._change(request)

    def zoom_x(self, factor: float, about: float | None = None) -> None:
        """Look nearer along x by a factor (below 1: farther), about the middle or `about` (the cursor)."""
        if self._request and self._scales:
            self._change(replace(self._request, view=self.view.zoomed_x(self._scales[0], factor, about)))

    def zoom_y(self, factor: float, about: float | None = None) -> None:
        """Look nearer along y by a factor (below 1: farther), about the middle or `about`."""
        if self._request and self._scales:
            self._change(replace(self._request, view=self.view.zoomed_y(self._scales[1], factor, about)))

    def look_along_x(self, x0: float | None, x1: float | None) -> None:
        """Look at the same part of the x axis as another figure; None: as far as the data go."""
        if self._request:
            self._change(replace(self._request, view=replace(self.view, x0=x0, x1=x1)))

    def pan(self, right: float = 0.0, up: float = 0.0) -> None:
        """Move the window by shares of its width and height."""
        if self._request and self._scales:
            self._change(replace(self._request, view=self.view.panned(*self._scales, right, up)))

    def reset_view(self) -> None:
        """Follow the data again."""
        if self._request:
            self._change(replace(self._request, view=ViewWindow()))

    def toggle_log(self, axis: str) -> bool | None:
        """Show everything, with an axis changed between linear and logarithmic; return whether it is logarithmic now."""
        if self._request is None:
            return None
        self.reset_view()
        if axis == "x":
            self.toggle_log_x()
        else:
            self.toggle_log_y()
        return self._request.log_x if axis == "x" else self._request.log_y

    def toggle_log_x(self) -> None:
        """Change the x axis between linear and logarithmic."""
        if self._request:
            self._change(replace(self._request, log_x=not self._request.log_x))

    def toggle_log_y(self) -> None:
        """Change the y axis between linear and logarithmic."""
        if self._request:
            self._change(replace(self._request, log_y=not self._request.log_y))

    def draw_grid(self, width: int, height: int) -> TextGrid:
        """Return the figure at a size; blank before the first `show`."""
        if self._request is None:
            return TextGrid(width, height)
        plotted = plot(self._request, width, height, self.theme)
        self._scales = (plotted.x, plotted.y) if plotted.x and plotted.y else None
        self._layout_drawn = plotted.layout
        self._lying = (plotted.lying, plotted.top) if plotted.lying is not None else None
        return plotted.grid

    def _change(self, request: Request) -> None:
        if not request.same(self._request):
            self._request = request
            self.redraw()

    # ------------------------------------------------------------ the mouse

    def data_x(self, column: int, row: int = 0) -> float | None:
        """Return the x that a cell of the widget stands for, None beside the axes; of bars on their side its row says which is meant."""
        if self._lying is not None:
            return self._lying[0].at(column, row - self._lying[1])
        if self._layout_drawn is None or self._scales is None:
            return None
        cell = column - self._layout_drawn.gutter
        if not 0 <= cell < self._layout_drawn.columns:
            return None
        dots = dots_per_cell(self.theme.ascii)[1]
        middle = dots * cell + (dots - 1) / 2
        return float(self._scales[0].data(np.array([middle / max(1, dots * self._layout_drawn.columns - 1)]))[0])

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look nearer about the pointer; with shift or ctrl along y."""
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look farther about the pointer; with shift or ctrl along y."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        at = self.data_x(event.x, event.y)
        if at is not None:
            event.stop()
            self.post_message(self.Wheeled(self, direction, at, event.shift or event.ctrl))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to draw the figure along, or to point."""
        if self.data_x(event.x, event.y) is not None:
            self._held, self._drawn_along = (event.screen_x, event.screen_y), False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw the figure along."""
        drawn = self._layout_drawn or (self._lying[0] if self._lying is not None else None)
        if self._held is None or drawn is None:
            return
        right, down = event.screen_x - self._held[0], event.screen_y - self._held[1]
        if right or down:
            self._held, self._drawn_along = (event.screen_x, event.screen_y), True
            across, along = -right / max(1, drawn.columns), down / max(1, drawn.rows)
            self.post_message(self.Dragged(self, -along, across) if self._lying is not None else self.Dragged(self, across, along))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Point, where nothing was drawn along."""
        held, self._held = self._held, None
        self.release_mouse()
        at = self.data_x(event.x, event.y)
        if held is not None and not self._drawn_along and at is not None:
            self.post_message(self.Pointed(self, at))
