"""A sweep as it fills in: its values against the knobs, its points with where they stand, how fast they come. Enter opens a point's run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.contract import Command, Figure, Phase, Snapshot
from engine.contract.sweep import SweepSession
from screens.application import Application, ExportRequest
from screens.keys import KEYS, LAB, LOOK, READ, Key, bindings, shown_now
from screens.side_panel import SIDE_PANEL_FROM
from screens.sweep_words import Columns, cells, standing, why
from screens.view_screen import ViewScreen
from screens.widgets.figure_grid import FigureGrid
from screens.widgets.plot_legend import axis_name
from screens.widgets.text_row import TextRow, fit

POINTS = (("enter", "open run"), ("up/down", "point"), ("tab", "figures"))  # while the list has the keyboard
FIGURES = (("tab", "points"), (", .", "cursor"), ("+ -", "zoom"))  # while the figures have it
SHOWN = (
    ("1..9", "figure"), ("f", "full"), ("m", "more"), ("e", "export"), ("c", "command"), ("?", "help"), ("esc", "home"), ("q", "quit"),
)  # fmt: skip
OWN = ("export", "copy")
BEYOND = ("region", "side_panel", "app.compare", "picture")  # actions of a run's screen that mean nothing here
POINT_KEYS = (
    Key("enter", "", "enter", "Open the run of the selected point", LOOK), Key("up,down", "", "up down", "Select a point", LOOK),
    Key("tab", "", "tab", "Move between points and figures", LAB),
)  # fmt: skip
LEAST_FIGURES = 60  # columns that the list leaves to the figures beside it
BEYOND_COLUMNS = 5  # of the list: what stands before its columns, and the bar that scrolls it
WIDEST = 1000  # columns into which every value fits
SQUARES = "one square a point"
AROUND, BELOW = 6, 3  # rows around figures and list; one in so many of the others is the list's, where it stands below the figures


def meant_here(keys: Sequence[Key]) -> list[Key]:
    """Those of a run's keys that mean something on a sweep's screen."""
    return [key for key in keys if (key.group in (LOOK, LAB) or key.action in OWN) and not key.action.startswith(BEYOND)]


class SweepFigures:
    """The figures of a sweep as a run's screen polls them; no command has an effect."""

    controllable = False
    obeyed: frozenset[type[Command]] = frozenset()
    refusal = "A sweep is computed by genlab sweep; ctrl+c there stops it, and the same command goes on."

    def __init__(self, sweep: SweepSession) -> None:
        self.sweep = sweep

    def latest(self) -> Snapshot:
        """Return what is drawn."""
        return self.sweep.latest().drawn

    def post(self, command: Command) -> None:
        """Do nothing."""


class SweepScreen(ViewScreen, inherit_bindings=False):
    """One sweep.

    Args:
        sweep: what is shown, computed by whoever does.
        application: what stands around the screen.
        open_point: shows the run in a folder.
        export: writes the sweep as files and returns a sentence that says which. Blocks; called in a thread.
    """

    LEGEND_APART = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(meant_here(KEYS)),
        Binding("tab,shift+tab", "region", "Move between points and figures", show=False),
    ]
    DEFAULT_CSS = """
    SweepScreen { layout: vertical; }
    SweepScreen #body { height: 1fr; }
    SweepScreen #head, SweepScreen #about { padding: 0 0 0 1; }
    SweepScreen OptionList, SweepScreen OptionList:focus { border: none; padding: 0 0 0 1; background: $background; }
    """

    def __init__(
        self, sweep: SweepSession, application: Application, open_point: Callable[[Path], None], export: Callable[[ExportRequest], str]
    ) -> None:
        self.sweep, self._open_point, self._export = sweep, open_point, export
        self.seen = sweep.latest()
        super().__init__(self.seen.declared, SweepFigures(sweep), application)
        self.points = OptionList(*(Option(Text("")) for _ in self.seen.points))
        self._written: list[Text] = [Text("") for _ in self.seen.points]
        self._head, self._about = TextRow(id="head"), TextRow(id="about")
        self._list = Vertical(self._about, self._head, self.points, id="list")
        self._beside = False
        self._body = Container(self.figures, self._list, id="body")
        self._rows = {name: TextRow(id=name) for name in ("title", "views", "standing", "cells", "keys")}

    def compose(self) -> ComposeResult:
        """Lay out title, figures and points, and the rows below."""
        yield self._rows["title"]
        yield self._rows["views"]
        yield self._body
        yield self._rows["cells"]
        yield self._rows["standing"]
        yield self.message
        yield self.place
        yield self._rows["keys"]

    def on_mount(self) -> None:
        """Begin with the points selected."""
        self.points.highlighted = 0 if self.seen.points else None
        self.points.focus()

    # ------------------------------------------------------------ what is drawn

    def draw(self, snapshot: Snapshot) -> None:
        """Show figures and points."""
        self.snapshot, self.seen = snapshot, self.sweep.latest()
        with self.app.batch_update():
            self._declare()
            self.figures.show(snapshot)
            self._write_points()
            self.say_rows()

    def _declare(self) -> None:
        """Take other axes where the values that came ask for them."""
        if self.seen.declared.figures == self.spec.figures:
            return
        self.spec = self.seen.declared
        before, self.figures = self.figures, FigureGrid(self.spec, self.application.drawing, self.VIEWS, self.WIDE)
        self.figures.roomier = before.roomier
        self.figures.active = before.active
        before.remove()
        self._body.mount(self.figures, before=self._list)
        self._lay_out(self.size.width, self.size.height)

    def _write_points(self) -> None:
        columns = Columns(self.seen, self.points.size.width - 2)
        self._head.show(columns.head())
        self._about.show(columns.above())
        for place, point in enumerate(self.seen.points):
            text = columns.row(point)
            if place == self.points.highlighted:  # whose colours are the selection's own
                text = Text(text.plain, no_wrap=True)
            if text != self._written[place] or text.spans != self._written[place].spans:
                self._written[place] = text
                self.points.replace_option_prompt_at_index(place, text)

    def say_rows(self) -> None:
        """Bring the rows around figures and points up to date."""
        width, sweep = self.size.width, self.seen
        seeds = f"{len(sweep.seeds)} seeds a point" if len(sweep.seeds) > 1 else f"seed {sweep.seeds[0]}"
        given = [Text(f"{name}={value}", "dim") for name, value in sweep.given_texts.items()]
        head = [Text(" genlab ", "reverse bold"), Text(self.spec.title, "bold"), Text(sweep.name), Text(seeds, "dim"), *given]
        self._rows["title"].show(fit(head, width))
        squares = cells(sweep, width, self.application.drawing.ascii)
        about = [] if self._beside else Columns(sweep, self.points.size.width - 2).about()
        parts = [squares, Text(SQUARES, "dim"), *about] if squares else about
        whole = sum(part.cell_len + Columns.GAP for part in parts) - Columns.GAP <= width
        self._rows["cells"].show(fit(parts if whole or not squares else [squares, *about], width))
        self._rows["cells"].display = bool(self._rows["cells"].text)
        self._rows["standing"].show(Text(standing(sweep), "bold" if sweep.live else ""))
        self._say_keys()
        self.say_phase()

    def _say_keys(self) -> None:
        """Name the keys of whichever part has the keyboard."""
        shown = (*(POINTS if self.points.has_focus else FIGURES), *SHOWN)
        keys = [Text.assemble((shown_now(key, self.application.keys), "bold cyan"), " ", what) for key, what in shown]
        self._rows["keys"].show(fit(keys, self.size.width))

    def on_descendant_focus(self) -> None:
        """Name the keys of what has the keyboard now."""
        self._say_keys()

    def say_phase(self) -> None:
        """Say what is wrong with the selected point or the sweep, and what the cursor reads."""
        place = self.points.highlighted
        wrong = why(self.seen.points[place]) if place is not None else ""
        notes = [Text(note, "yellow") for note in self.seen.notes]
        words = Text(wrong, "red") if wrong else Text("; ").join([*notes, *self._what_is_chosen()])
        self.message.show(words, self.figures.readout(), bad=Phase.FAILED if wrong else Phase.FINISHED)

    def _what_is_chosen(self) -> list[Text]:
        """What the chosen figure shows, in full: its title is the word of the table's column."""
        panel = self.figures.active_panel
        drawn = panel.what if panel is not None else None
        return [Text(f"{drawn.name}: {axis_name(drawn.y)}", "dim")] if isinstance(drawn, Figure) else []

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what is wrong with the point that is selected now."""
        self._write_points()
        self.say_phase()

    def on_figure_grid_rearranged(self) -> None:
        """Show which views are visible, where not all are."""
        rows = self._rows["views"]
        rows.display = self.figures.divided
        rows.show(self.figures.elsewhere(self.size.width))

    # ------------------------------------------------------------ layout and keys

    def on_resize(self, event: events.Resize) -> None:
        """Put the points beside the figures where there is room, else below."""
        self._lay_out(event.size.width, event.size.height)
        self.call_after_refresh(self._redraw_rows)

    def _redraw_rows(self) -> None:
        self._write_points()
        self.say_rows()

    def _lay_out(self, width: int, height: int) -> None:
        beside = self._beside = width >= SIDE_PANEL_FROM
        self._about.display = beside  # else it stands beside the squares
        self.figures.roomier = not beside  # below each other on a narrow terminal, where two titles side by side have no room
        self._body.styles.layout = "horizontal" if beside else "vertical"
        self._list.styles.width = min(Columns(self.seen, WIDEST).width + BEYOND_COLUMNS, width - LEAST_FIGURES) if beside else "1fr"
        self._list.styles.height = "1fr" if beside else 1 + max(3, min(len(self.seen.points), (height - AROUND) // BELOW))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the run of a point."""
        event.stop()
        point = self.seen.points[event.option_index]
        if point.missing or not point.run:
            self.say(point.missing or "This point has no run yet.")
        else:
            self._open_point(Path(self.seen.folder).parent / point.run)

    def action_region(self) -> None:
        """Move between points and figures."""
        (self.figures if self.points.has_focus else self.points).focus()

    @property
    def help_keys(self) -> Sequence[Key]:
        """What help lists."""
        return sorted((*POINT_KEYS, *meant_here(self.application.keys)), key=lambda key: (LOOK, READ, LAB).index(key.group))

    def action_view(self, index: int) -> None:
        """Choose a figure, and say what it shows."""
        super().action_view(index)
        self.say_phase()

    def action_turn(self, direction: int) -> None:
        """Show the next or previous page of figures, and say what the chosen one shows."""
        super().action_turn(direction)
        self.say_phase()

    def uncover_figures(self) -> None:
        """Nothing covers them."""

    def action_full(self) -> None:
        """Give the chosen view all the room, also that of the points, which the keyboard leaves."""
        super().action_full()
        self._list.display = not self.figures.full
        if self.figures.full:
            self.figures.focus()

    async def action_back(self) -> None:
        """Go one level back: from a figure that has the whole screen, then home."""
        if self.figures.full:
            self.action_full()
        else:
            await self.run_action("app.home")

    def action_copy(self) -> None:
        """Copy the command that computes this sweep, and show it."""
        self.app.copy_to_clipboard(self.seen.command_line)
        self.say(f"{getattr(self.app, 'where_copied', 'Sent to the terminal')}: {self.seen.command_line}")

    def action_export(self) -> None:
        """Ask how the sweep is to be written."""
        names = [item.name for item in self.spec.figures] + [item.name for item in self.spec.pictures]
        self.application.offer_files(self.seen.name, names, self._export)

    def explain_focus(self) -> Text:
        """Return what help says of the selected part."""
        return self.explain_view()
