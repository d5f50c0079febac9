"""The screen of a phenomenon: figures, pictures, knobs, claims, notes and a status line around a session that it polls.

A phenomenon's own screen subclasses this one in three lines. Nothing here computes: snapshots come in, commands go out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from engine.contract import Command, Phase, Reseed, Rewind, Session, SetKnob, Snapshot, Spec, Start
from screens import keys
from screens.application import Application
from screens.side_panel import SIDE_PANEL_FROM, side_panel_width
from screens.view_screen import ViewScreen
from screens.widgets import status_rows
from screens.widgets.form_fields import FormField, PresetField
from screens.widgets.knob_form import KnobField, KnobForm
from screens.widgets.notes_panel import NotesPanel
from screens.widgets.text_row import TextRow
from screens.widgets.values_panel import ValuesPanel
from screens.widgets.verdict_panel import VerdictPanel, tally_row

READ_ONLY = "the run belongs to another process, which alone turns its knobs"
ANEW = frozenset((Start, Rewind, Reseed, SetKnob))  # to a stored run that is over: a new one, beside it
PATIENCE = 0.3  # seconds without a further step before a knob that restarts a run is applied


class PhenomenonScreen(ViewScreen, inherit_bindings=False):
    """One phenomenon.

    Args:
        spec: what is known of the phenomenon.
        session: the run that is shown.
        application: what stands around the screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(keys.bindings())
    DEFAULT_CSS = """
    PhenomenonScreen { layout: vertical; }
    PhenomenonScreen #body { height: 1fr; }
    PhenomenonScreen #side { display: none; padding: 0 1 0 0; border-left: solid $border-blurred; }
    PhenomenonScreen #side > * { padding-left: 1; }
    PhenomenonScreen #side > *:focus { outline-left: wide $primary; }
    """

    def __init__(self, spec: Spec, session: Session, application: Application) -> None:
        super().__init__(spec, session, application)
        self.side_panel = self._first_knob = ""
        self._waiting_since = time.monotonic()
        self.knobs = KnobForm(spec.config, spec.presets, self._patience, lambda knobs, seeds: application.estimate(spec.name, knobs, seeds))
        self.claims = VerdictPanel()
        self.notes = NotesPanel(spec)
        self.values = ValuesPanel()
        self._rows = {name: TextRow(id=name) for name in ("title", "headline", "views", "tally", "phase", "keys")}
        self._body = Horizontal(id="body")
        self._side = Vertical(self.knobs, self.claims, self.notes, self.values, id="side")

    def compose(self) -> ComposeResult:
        """Lay out title, headline, views beside the panel, and the rows below."""
        yield self._row("title")
        yield self._row("headline")
        yield self._row("views")
        yield self.figures.legend
        with self._body:
            yield self.figures
        yield self._row("tally")
        yield self._row("phase")
        yield self.message
        yield self.place
        yield self._row("keys")

    def on_mount(self) -> None:
        """Begin with the figures selected; the panel beside them, two thirds of all there is, comes when these are seen."""
        self.figures.focus()
        self.call_after_refresh(self._take_in_side)

    async def _take_in_side(self) -> None:
        await self._body.mount(self._side)
        if self._first_knob:
            self.begin_at(self._first_knob)

    def begin_at(self, knob: str) -> None:
        """Open the knobs at one of them, as soon as they are there."""
        self._first_knob = knob
        if self._side.is_mounted and knob in self.knobs.fields:
            if self.side_panel != "knobs":
                self.action_side_panel("knobs")
            self.knobs.focus_on(knob)

    def _patience(self, knobs: Mapping[str, Any]) -> float:
        return PATIENCE if self.spec.trains(self.spec.config.model_construct(**knobs)) else 0.0

    # ------------------------------------------------------------ what is drawn

    def draw(self, snapshot: Snapshot) -> None:
        """Show a snapshot in every visible part, in one update of the terminal."""
        if not (snapshot.phase.preparing and self.snapshot.phase.preparing):
            self._waiting_since = time.monotonic()
        self.snapshot = snapshot
        self.knobs.refuse("" if SetKnob in self.obeyed else READ_ONLY)
        with self.app.batch_update():
            self.figures.show(snapshot)
            self.knobs.show(snapshot.config, snapshot.preset, len(snapshot.seeds))
            self.claims.show(snapshot.verdicts, snapshot.flaw)
            self.notes.show_details(snapshot.details)
            self.notes.show_about(snapshot.preset, snapshot.config)
            self._show_values()
            self.say_rows()

    def say_rows(self) -> None:
        """Bring the rows around the figures up to date."""
        snapshot, width = self.snapshot, self.size.width
        self._row("title").show(status_rows.title_row(self.spec, snapshot, self.application.running(), width))
        self._row("headline").show(status_rows.headline_row(self.spec, snapshot, width))
        self._row("tally").show(tally_row(snapshot.verdicts, width))
        self._row("phase").show(status_rows.phase_row(snapshot, width))
        self.say_phase()
        self.notes.show_run(self.snapshot.notes)
        self._say_keys()

    def say_phase(self) -> None:
        """Bring the sentence on the run up to date."""
        waited = time.monotonic() - self._waiting_since
        sentence = status_rows.sentence_row(self.snapshot, waited, self.session.controllable)
        self.message.show(sentence, self.figures.readout(), bad=self.snapshot.phase)

    def _say_keys(self, context: str = "") -> None:
        if not context:
            context = "figures"
            if isinstance(self.focused, FormField):
                context = "knobs"
            elif isinstance(self.focused, VerdictPanel | NotesPanel | ValuesPanel):
                context = "panel"
        phase, unstored = self.snapshot.phase, bool(self.snapshot.unstored) and self.session.controllable
        row = status_rows.key_row(context, phase, self.size.width, self.obeyed, unstored, self.application.keys)
        self._row("keys").show(row)

    def _row(self, name: str) -> TextRow:
        return self._rows[name]

    # ------------------------------------------------------------ what its parts ask for

    @property
    def anew(self) -> frozenset[type[Command]]:
        """Of a stored run that is over, knobs, seeds and presets make a new one; one that was stopped goes on by `genlab resume`."""
        phase = self.session.latest().phase
        if self.session.controllable or not phase.over:
            return frozenset()
        return ANEW - {Start} if phase is Phase.STOPPED else ANEW

    def begin_anew(self, command: Command) -> None:
        """Begin a new run from the knobs and seeds of this one, and do to it what the command says."""
        self.application.run_from(self.session.latest(), command)

    def on_knob_field_changed(self, event: KnobField.Changed) -> None:
        """Turn a knob of the run."""
        command = SetKnob(event.knob.name, event.value)
        self.post(command) if event.knob.live else self.begin(command)

    def on_preset_field_chosen(self, event: PresetField.Chosen) -> None:
        """Begin again with a preset."""
        self.begin_preset(event.name)

    def on_figure_grid_rearranged(self) -> None:
        """Show which views are visible, where not all are."""
        row = self._row("views")
        row.display = self.figures.divided
        row.show(self.figures.elsewhere(self.size.width))
        self.say_phase()

    def uncover_figures(self) -> None:
        """Close the panel that covers the figures."""
        if not self.figures.display:
            self.action_side_panel(self.side_panel)

    def say_values(self) -> None:
        """Bring what is said of the cursor up to date."""
        self.say_phase()
        self._show_values()

    def _show_values(self) -> None:
        if self.values.display:
            empty = {panel.what.name for panel in self.figures.panels if panel.index in self.figures.unfilled}
            self.values.show([item for item in self.spec.figures if item.name not in empty], self.snapshot, self.figures.cursor)

    # ------------------------------------------------------------ panels

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for a size."""
        self._lay_out(event.size.width)
        self.call_after_refresh(self.say_rows)

    def action_side_panel(self, panel: str) -> None:
        """Open a panel and select it, or close it."""
        self.side_panel = "" if self.side_panel == panel else panel
        self._lay_out(self.size.width)
        if not self.side_panel:
            self.figures.focus()
        elif self.side_panel == "knobs":
            self.knobs.focus_first()
        elif self.side_panel == "values":
            self._show_values()
            (self.figures if self.figures.display else self.values).focus()
        else:
            (self.claims if self.side_panel == "claims" else self.notes).focus()
        self._say_keys(
            {"": "figures", "values": "figures", "knobs": "knobs"}.get(self.side_panel, "panel")
        )  # the focus itself follows later

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
            self.values.display = shown == "values"
            self.knobs.share(shown == "both")
            self.figures.display = self.figures.legend.display = columns < width
            self._row("tally").display = beside or not self.claims.display

    @property
    def _regions(self) -> list[Widget]:
        """The parts that the layout shows and that take the keyboard, in order."""
        beside = (self.knobs, self.claims, self.notes, self.values) if self._side.display else ()
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

    async def action_back(self) -> None:
        """Go one level back: from a panel, then from a figure that has the whole screen, then home; the run goes on."""
        if self.side_panel:
            self.action_side_panel(self.side_panel)
        elif self.figures.full:
            self.figures.toggle_full()
        else:
            await self.run_action("app.home")

    def explain_focus(self) -> Text:
        """Return what help says of the selected part."""
        if isinstance(self.focused, FormField):
            return Text.assemble((f"{self.focused.label}: ", "bold"), self.focused.explain())
        return self.explain_view()
