"""The plot widget: a figure of curves that redraws only what changed and can be zoomed, panned and read off.

It is fed with `show` on the interface's thread, as often as the screen likes: equal input costs nothing, hidden plots
are not drawn, and of a new drawing only the rows that differ are painted (`plot_grid`). `draw_figure` is the same
drawing without Textual, for `genlab show`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.contract import Figure, Marker, Series
from screens.widgets.axis_scales import Scale, ViewWindow
from screens.widgets.palette import Theme, group_order
from screens.widgets.plot_figure import plot
from screens.widgets.plot_request import Request
from screens.widgets.text_grid import TextGrid
from screens.widgets.text_grid_view import TextGridView


class PlotView(TextGridView):
    """One figure. The screen owns the cursor, so that it can link it across figures; window and log axes are kept here or passed in."""

    def __init__(self, theme: Theme | None = None, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(theme, name=name, id=id, classes=classes)
        self._request: Request | None = None
        self._scales: tuple[Scale, Scale] | None = None

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
        cursor: float | None = None, view: ViewWindow | None = None, log_x: bool | None = None, log_y: bool | None = None,
        legend: bool = True,
    ) -> None:  # fmt: skip
        """Show a figure of a snapshot's series and markers, of which it takes its own.

        Without `legend` it names no curves: the screen does, once for several figures (`legend_entries`).

        Nothing happens when all objects are those shown already. None for view or a log axis keeps what the widget has:
        at first the whole figure and the scales that it declares.
        """
        last = self._request if self._request is not None and self._request.figure == figure else None
        request = Request.of(
            figure, series, markers, pinned=pinned, cursor=cursor, view=view if view is not None or last is None else last.view,
            log_x=log_x if log_x is not None or last is None else last.log_x,
            log_y=log_y if log_y is not None or last is None else last.log_y, legend=legend,
        )  # fmt: skip
        if not self.theme.groups:
            self.theme = replace(self.theme, groups=group_order(series))
        self._change(request)

    def zoom(self, factor: float, about: float | None = None) -> None:
        """Look nearer by a factor (below 1: farther), around the middle or the x value `about` (the cursor)."""
        if self._request and self._scales:
            self._change(replace(self._request, view=self.view.zoomed(*self._scales, factor, about)))

    def pan(self, right: float = 0.0, up: float = 0.0) -> None:
        """Move the window by shares of its width and height."""
        if self._request and self._scales:
            self._change(replace(self._request, view=self.view.panned(*self._scales, right, up)))

    def reset_view(self) -> None:
        """Follow the data again."""
        if self._request:
            self._change(replace(self._request, view=ViewWindow()))

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
        return plotted.grid

    def _change(self, request: Request) -> None:
        if not request.same(self._request):
            self._request = request
            self.redraw()
