"""The screen of a phenomenon: figures, pictures, knobs, claims, notes and a status line around a session that it polls.

A phenomenon's own screen subclasses this one in three lines. Nothing here computes: snapshots come in, commands go out.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from engine.contract import (
    Command,
    Figure,
    LabError,
    Pause,
    Phase,
    Reseed,
    Resume,
    Rewind,
    Session,
    SetKnob,
    Snapshot,
    Spec,
    Start,
    Step,
    Stop,
)  # fmt: skip
from screens import keys
from screens.application import Application
from screens.frame_pacing import FramePacing
from screens.run_command import run_command
from screens.side_panel import SIDE_PANEL_FROM, side_panel_width
from screens.widgets import status_rows
from screens.widgets.figure_grid import FigureGrid
from screens.widgets.form_fields import PresetField
from screens.widgets.knob_form import KnobField, KnobForm
from screens.widgets.message_row import MessageRow
from screens.widgets.notes_panel import NotesPanel
from screens.widgets.plot_legend import axis_name
from screens.widgets.text_row import TextRow
from screens.widgets.verdict_panel import VerdictPanel, tally_row

FOREIGN = "This run belongs to another process, which alone turns its knobs and begins anew: space pauses it, S stops it."
OWN = "S stops a watched run of another process. Here, space pauses, and q stops and saves."
READ_ONLY = "the run belongs to another process, which alone turns its knobs"
PATIENCE = 0.3  # seconds without a further step before a knob that restarts a run is applied


class PhenomenonScreen(Screen[None], inherit_bindings=False):
    """One phenomenon.

    Args:
        spec: what is known of the phenomenon.
        session: the run that is shown.
        application: what stands around the screen.
    """

    VIEWS: ClassVar[tuple[str, ...]] = ()  # figures and pictures that come first, by name
    WIDE: ClassVar[bool] = False  # whether the first of them is as wide as there is room
    BINDINGS: ClassVar[list[BindingType]] = list(keys.bindings())
    DEFAULT_CSS = """
    PhenomenonScreen { layout: vertical; }
    PhenomenonScreen #body { height: 1fr; }
    PhenomenonScreen #side { display: none; padding: 0 1 0 0; border-left: solid $border-blurred; }
    PhenomenonScreen #side > * { padding-left: 1; }
    PhenomenonScreen #side > *:focus { outline-left: wide $primary; }
    """

    def __init__(self, spec: Spec, session: Session, application: Application) -> None:
        super().__init__()
        self.spec = spec
        self.session = session
        self.application = application
        self.snapshot = session.latest()
        self.side_panel = ""
        self.pacing = FramePacing()
        self._timer: Timer | None = None
        self._waiting_since = time.monotonic()
        self.figures = FigureGrid(spec, application.drawing, self.VIEWS, self.WIDE)
        self.knobs = KnobForm(spec.config, spec.presets, patience=0.0 if spec.instant else PATIENCE)
        self.claims = VerdictPanel()
        self.notes = NotesPanel(spec)
        self.message = MessageRow()
        self._rows = {name: TextRow(id=name) for name in ("title", "views", "tally", "phase", "keys")}
        self._side = Vertical(self.knobs, self.claims, self.notes, id="side")

    def compose(self) -> ComposeResult:
        """Lay out title, views beside the panel, and the rows below."""
        yield self._row("title")
        yield self._row("views")
        with Horizontal(id="body"):
            yield self.figures
            yield self._side
        yield self._row("tally")
        yield self._row("phase")
        yield self.message
        yield self._row("keys")

    # ------------------------------------------------------------ looking at the run

    def on_mount(self) -> None:
        """Begin with the figures selected."""
        self.figures.focus()

    def on_screen_resume(self) -> None:
        """Look at the run again, and at once."""
        self.pacing.forget()
        self._look()

    def on_screen_suspend(self) -> None:
        """Stop looking, unless the screen was opened again before it heard of this; the run goes on."""
        if self.app.screen is not self:
            self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _look(self) -> None:
        """Take the latest snapshot, draw it if it is time, and look again later, whatever comes of it."""
        self._stop_timer()
        try:
            self._show_latest()
        finally:
            self._timer = self.set_timer(self.pacing.delay(), self._look)

    def _show_latest(self) -> None:
        snapshot = self.session.latest()
        wanted = self.pacing.wants(snapshot)
        if wanted == "everything":
            self.draw(snapshot)
        elif wanted == "rows":
            self.snapshot = snapshot
            self._say_rows()
        elif snapshot.phase.preparing:
            self._say_phase()
        if wanted != "nothing":
            self.pacing.drew(snapshot)

    def draw(self, snapshot: Snapshot) -> None:
        """Show a snapshot in every visible part, in one update of the terminal."""
        if not (snapshot.phase.preparing and self.snapshot.phase.preparing):
            self._waiting_since = time.monotonic()
        self.snapshot = snapshot
        self.knobs.refuse("" if SetKnob in self.session.obeyed else READ_ONLY)
        with self.app.batch_update():
            self.figures.show(snapshot)
            self.knobs.show(snapshot.config, snapshot.preset)
            self.claims.show(snapshot.verdicts)
            self.notes.show_details(snapshot.details)
            self._say_rows()

    def _say_rows(self) -> None:
        """Bring the rows around the figures up to date."""
        snapshot, width = self.snapshot, self.size.width
        self._row("title").show(status_rows.title_row(self.spec, snapshot, self.application.running(), width))
        self._row("tally").show(tally_row(snapshot.verdicts, width))
        self._row("phase").show(status_rows.phase_row(snapshot, width))
        self._say_phase()
        self.notes.show_run(self.snapshot.notes)
        self._say_keys()

    def _say_phase(self) -> None:
        waited = time.monotonic() - self._waiting_since
        sentence = status_rows.sentence_row(self.snapshot, waited, self.session.controllable)
        self.message.show(sentence, self.figures.readout(), bad=self.snapshot.phase)

    def _say_keys(self, context: str = "") -> None:
        if not context:
            context = "figures"
            if isinstance(self.focused, KnobField | PresetField):
                context = "knobs"
            elif isinstance(self.focused, VerdictPanel | NotesPanel):
                context = "panel"
        phase, unstored = self.snapshot.phase, bool(self.snapshot.unstored) and self.session.controllable
        self._row("keys").show(status_rows.key_row(context, phase, self.size.width, self.session.obeyed, unstored))

    def _row(self, name: str) -> TextRow:
        return self._rows[name]

    # ------------------------------------------------------------ commands to the run

    def post(self, command: Command) -> None:
        """Send a command to the run and look eagerly for its effect."""
        self.message.forget()
        if type(command) not in self.session.obeyed:
            self.refuse()
            return
        self.session.post(command)
        self.pacing.hurry()
        self._stop_timer()
        self._timer = self.set_timer(0.001, self._look)

    def refuse(self) -> None:
        """Say why a command has no effect here, and what does."""
        self.say(self.session.refusal or FOREIGN)

    def say(self, text: str) -> None:
        """Show a sentence of the interface until the next command."""
        self.message.tell(text)

    def action_run_or_pause(self) -> None:
        """Start, pause or go on, as the phase allows."""
        phase = self.session.latest().phase
        self.post(Pause() if phase.working else Resume() if phase is Phase.PAUSED else Start())

    def action_stop(self) -> None:
        """Stop a run of another process; one of this process is paused, and stopped by leaving."""
        self.say(OWN) if self.session.controllable else self.post(Stop())

    def action_step(self) -> None:
        """Advance to the next measurement."""
        self.post(Step())

    def action_rewind(self) -> None:
        """Begin again from the same seeds."""
        self.post(Rewind())

    def action_reseed(self) -> None:
        """Begin again from the next seeds."""
        self.post(Reseed())

    def action_pin(self) -> None:
        """Keep the present curves faintly and run again beside them."""
        if Rewind not in self.session.obeyed:
            self.refuse()
            return
        self.figures.pinned = self.session.latest().series
        if self.session.latest().phase is Phase.PAUSED:
            self.post(Resume())  # a rewound pause would stay a pause
        self.post(Rewind())
        self.say(f"Pinned {len(self.figures.pinned)} curves; change a knob or reseed to compare. P takes them away.")

    def action_unpin(self) -> None:
        """Take the pinned curves away."""
        self.figures.pinned = ()
        self.figures.redraw()
        self.message.forget()

    def on_knob_field_changed(self, event: KnobField.Changed) -> None:
        """Turn a knob of the run."""
        self.post(SetKnob(event.knob.name, event.value))

    def on_preset_field_chosen(self, event: PresetField.Chosen) -> None:
        """Begin again with a preset."""
        self.begin_preset(event.name)

    def begin_preset(self, name: str) -> None:
        """Begin again with a preset, from the same seeds."""
        self.post(Rewind(name))

    # ------------------------------------------------------------ looking closer

    def action_view(self, index: int) -> None:
        """Choose a figure or picture, and uncover the figures."""
        if not self.figures.display:
            self.action_side_panel(self.side_panel)
        self.figures.choose(index)
        self.figures.focus()

    def action_turn(self, direction: int) -> None:
        """Show the next or previous page of views."""
        self.figures.turn_page(direction)

    def action_full(self) -> None:
        """Give the chosen view all the room."""
        self.figures.toggle_full()

    def action_cursor(self, direction: int) -> None:
        """Move the linked cursor."""
        self.figures.move_cursor(direction)
        self._say_phase()

    def action_zoom(self, direction: int) -> None:
        """Zoom the chosen figure."""
        self.figures.zoom(1.5**direction)

    def action_reset(self) -> None:
        """Show everything of the chosen figure."""
        self.figures.reset_look()
        self._say_phase()

    def action_log(self, axis: str) -> None:
        """Switch an axis of the chosen figure."""
        now = self.figures.toggle_log(axis)
        if now is not None:
            self.say(f"{axis} axis: {'logarithmic' if now else 'linear'}")

    def on_figure_grid_rearranged(self) -> None:
        """Show which views are visible, where not all are."""
        row = self._row("views")
        row.display = len(self.figures.pages) > 1
        row.show(self.figures.elsewhere(self.size.width))
        self._say_phase()

    def on_figure_panel_chosen(self, event: Any) -> None:
        """Choose a view that was clicked."""
        self.action_view(event.index)

    # ------------------------------------------------------------ panels

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for a size."""
        self._lay_out(event.size.width)
        self.call_after_refresh(self._say_rows)

    def action_side_panel(self, panel: str) -> None:
        """Open a panel and select it, or close it."""
        self.side_panel = "" if self.side_panel == panel else panel
        self._lay_out(self.size.width)
        if not self.side_panel:
            self.figures.focus()
        elif self.side_panel == "knobs":
            self.knobs.focus_first()
        else:
            (self.claims if self.side_panel == "claims" else self.notes).focus()
        self._say_keys({"": "figures", "knobs": "knobs"}.get(self.side_panel, "panel"))  # the focus itself follows later

    def _lay_out(self, width: int) -> None:
        columns = side_panel_width(width, self.side_panel)
        beside = width >= SIDE_PANEL_FROM
        shown = "both" if beside and self.side_panel in ("", "knobs") else self.side_panel
        with self.app.batch_update():
            self._side.display = bool(columns)
            self._side.styles.width = columns or 1
            self.knobs.display = shown in ("knobs", "both")
            self.claims.display = shown in ("claims", "both")
            self.notes.display = shown == "notes"
            self.knobs.share(shown == "both")
            self.figures.display = columns < width
            self._row("tally").display = beside or not self.claims.display

    @property
    def _regions(self) -> list[Widget]:
        """The parts that the layout shows and that take the keyboard, in order."""
        beside = (self.knobs, self.claims, self.notes) if self._side.display else ()
        return [item for item in (self.figures, *beside) if item.display]

    def action_region(self, direction: int) -> None:
        """Move the keyboard between figures, knobs, claims and notes, as far as they are laid out: none is before the first layout."""
        regions = self._regions
        if not regions:
            return
        here = next((index for index, item in enumerate(regions) if item.has_focus or item.has_focus_within), 0)
        goal = regions[(here + direction) % len(regions)]
        if goal is self.knobs:
            self.knobs.focus_first()
        else:
            goal.focus()

    def on_descendant_focus(self) -> None:
        """Show the keys of what is selected."""
        self._say_keys()

    # ------------------------------------------------------------ taking something along

    def action_copy(self) -> None:
        """Copy the command that repeats this run, and show it."""
        command = run_command(self.spec, self.snapshot)
        self.app.copy_to_clipboard(command)
        self.say(f"{getattr(self.app, 'where_copied', 'Sent to the terminal')}: {command}")

    def action_export(self) -> None:
        """Write run and figures to disk without holding up the screen; ask for another folder where the run's refuses."""
        if self.session.latest().unstored and self.session.controllable:
            self.application.offer_folder(self.spec.name)
            return
        self.say("Writing the run and its figures ...")
        self.run_worker(self._export(), exclusive=True)

    async def _export(self) -> None:
        try:
            self.say(await asyncio.to_thread(self.application.export, self.spec.name))
        except LabError as error:
            self.say(str(error))

    def explain_focus(self) -> Text:
        """Return what help says of the selected part."""
        if isinstance(self.focused, KnobField | PresetField):
            return Text.assemble((f"{self.focused.label}: ", "bold"), self.focused.explain())
        panel = self.figures.active_panel
        if panel is None:
            return Text(self.spec.title, "bold")
        what, title = panel.what, panel.title
        if not isinstance(what, Figure):
            return Text(title, "bold")
        axes = f"{axis_name(what.x)} across, {axis_name(what.y)} upward"
        return Text.assemble((title, "bold"), f": {axes}. {what.note}".rstrip())
