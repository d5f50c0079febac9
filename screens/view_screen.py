"""A run's screen as far as its figures go: which is looked at and how near, the cursor, smoothing, and curves that are pinned."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from rich.text import Text

from engine.contract import Figure, Rewind, Session, Spec
from screens.application import Application
from screens.pinned import Pinned
from screens.run_screen import RunScreen
from screens.widgets.axis_scales import place
from screens.widgets.figure_grid import FigureGrid
from screens.widgets.number_field import NumberField
from screens.widgets.plot_legend import axis_name
from screens.widgets.values_panel import ValuesPanel

TOGETHER = 0.8  # seconds in which two digits make one number
ZOOM = 1.5
NO_ZOOM = "A picture has no zoom; a digit chooses a figure."


class ViewScreen(RunScreen, inherit_bindings=False):
    """One run with its figures and pictures."""

    VIEWS: ClassVar[tuple[str, ...]] = ()  # figures and pictures that come first, by name
    WIDE: ClassVar[bool] = False  # whether the first of them is as wide as there is room
    ROOMIER: ClassVar[bool] = False  # whether figures are given more room than a single run's
    LEGEND_APART: ClassVar[bool] = True  # whether the legend is as wide as the screen, and so also beside a panel whole

    def __init__(self, spec: Spec, session: Session, application: Application) -> None:
        super().__init__(spec, session, application)
        self.figures = FigureGrid(spec, application.drawing, self.VIEWS, self.WIDE, self.ROOMIER, self.LEGEND_APART)
        self.place = NumberField()
        self._digits, self._typed_at = "", 0.0

    def uncover_figures(self) -> None:
        """Bring the figures to sight where something covers them."""
        raise NotImplementedError

    def say_values(self) -> None:
        """Bring what is said of the cursor up to date."""
        self.say_phase()

    # ------------------------------------------------------------ which view

    def action_digit(self, digit: int) -> None:
        """Choose a view by its number; a second digit at once makes a number of two. 0 alone shows everything again."""
        now = time.monotonic()
        number = f"{self._digits}{digit}" if now - self._typed_at < TOGETHER else ""
        if len(number) == 2 and int(number) <= len(self.figures.panels):
            self._digits = ""
            self.action_view(self.figures.numbered(int(number)))
            return
        self._digits, self._typed_at = (str(digit), now) if digit else ("", 0.0)
        if digit:
            self.action_view(self.figures.numbered(digit))
        else:
            self.action_reset()

    def action_view(self, index: int) -> None:
        """Choose a figure or picture, and uncover the figures."""
        self.uncover_figures()
        self.figures.choose(index)
        self.figures.focus()

    def action_turn(self, direction: int) -> None:
        """Show the next or previous page of views."""
        self.figures.turn_page(direction)

    def action_full(self) -> None:
        """Give the chosen view all the room."""
        self.figures.toggle_full()

    def on_figure_panel_chosen(self, event: Any) -> None:
        """Choose a view that was clicked."""
        self.action_view(event.index)

    def on_figure_grid_rearranged(self) -> None:
        """Let the values follow the chosen view, besides what the screen itself does then: Textual calls the handlers of both classes."""
        panel = self.figures.active_panel
        if panel is not None:
            for values in self.query(ValuesPanel):
                values.follow(panel.what.name)

    # ------------------------------------------------------------ how near

    def action_zoom(self, direction: int) -> None:
        """Zoom the x axis of the chosen figure, about the cursor."""
        self.figures.zoom_x(ZOOM**direction) if self.figures.plot is not None else self.say(NO_ZOOM)

    def action_zoom_y(self, direction: int) -> None:
        """Zoom the y axis of the chosen figure, about what the cursor reads."""
        self.figures.zoom_y(ZOOM**direction) if self.figures.plot is not None else self.say(NO_ZOOM)

    def action_link(self) -> None:
        """Let every figure with the same x axis show the same part of it, or each its own."""
        self.say("Zoom and pan: " + ("all figures with this x axis" if self.figures.toggle_linked() else "the chosen figure alone"))

    def action_reset(self) -> None:
        """Show everything of the chosen figure."""
        self.figures.reset_look()
        self.say_values()

    def action_log(self, axis: str) -> None:
        """Switch an axis of the chosen figure."""
        now = self.figures.toggle_log(axis)
        if now is not None:
            self.say(f"{axis} axis: {'logarithmic' if now else 'linear'}")

    def action_smooth(self) -> None:
        """Smooth the measured curves more, then not at all; the raw ones stay faint."""
        window = self.figures.smooth_further()
        self.say(f"Measured curves smoothed: mean of {window} points; the raw ones faint" if window > 1 else "Curves as measured")

    # ------------------------------------------------------------ the cursor

    def action_cursor(self, direction: int) -> None:
        """Move the linked cursor to the next point."""
        self.figures.move_cursor(direction)
        self.say_values()

    def action_cursor_page(self, direction: int) -> None:
        """Move the linked cursor by a tenth of the points that are seen."""
        self.figures.move_cursor(direction * max(1, self.figures.stops_in_sight() // 10))
        self.say_values()

    def action_cursor_end(self, direction: int) -> None:
        """Move the linked cursor to the first or last point."""
        self.figures.cursor_to_end(direction)
        self.say_values()

    def action_go_to(self) -> None:
        """Ask for a place on the x axis of the chosen figure, to move the cursor there."""
        panel = self.figures.active_panel
        if panel is None or not panel.axis:
            self.say("This view has no cursor.")
        else:
            self.place.ask(f"go to {panel.axis}:")

    def on_number_field_given(self, event: NumberField.Given) -> None:
        """Move the cursor to the point nearest to a number."""
        self.place.close()
        self.figures.focus()
        reached = event.value is None or self.figures.cursor_to(event.value)
        self.say_values()
        if event.value is not None and self.figures.cursor is not None and not reached:
            axis, end = self.figures.cursor.axis, place(self.figures.cursor.at)
            self.say(f"The chosen figure has no point at {axis} {place(event.value)}; the cursor is at its end, {axis} {end}.")

    def on_figure_grid_pointed(self) -> None:
        """Say what the cursor reads where the mouse has put it."""
        self.say_values()

    # ------------------------------------------------------------ pinned curves

    def action_pin(self) -> None:
        """Keep the present curves faintly, named by what will differ; the run goes on as it is."""
        snapshot = self.session.latest()
        self.figures.pinned = Pinned(snapshot, self.spec.config)
        self.figures.redraw()
        count = len(snapshot.series)
        further = "; turn a knob, or r or R begins again beside them" if Rewind in self.session.obeyed else ""
        self.say(f"Pinned {count} curve{'s' * (count != 1)}{further}. P takes them away.")

    def action_unpin(self) -> None:
        """Take the pinned curves away."""
        self.figures.pinned = None
        self.figures.redraw()
        self.message.forget()

    def action_picture(self) -> None:
        """Show the chosen figure as the exported picture, or write it and say where."""
        panel = self.figures.active_panel
        if panel is not None:
            self.application.show_picture(self.session, panel.what.name, panel.what.title)

    def explain_view(self) -> Text:
        """Return what help says of the chosen view."""
        panel = self.figures.active_panel
        if panel is None:
            return Text(self.spec.title, "bold")
        what, title = panel.what, panel.title
        if not isinstance(what, Figure):
            return Text(title, "bold")
        axes = f"{axis_name(what.x)} across, {axis_name(what.y)} upward"
        return Text.assemble((title, "bold"), f": {axes}. {what.note[:1].upper()}{what.note[1:]}".rstrip())
