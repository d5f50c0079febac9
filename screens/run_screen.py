"""A screen around a run: it polls the session, sends commands to it, and takes something of it along. What is drawn, subclasses say."""

from __future__ import annotations

from textual.screen import Screen
from textual.timer import Timer

from engine.contract import Command, Pause, Phase, Reseed, Resume, Rewind, Session, Snapshot, Spec, Start, Step, Stop
from engine.contract.run_command import run_command
from screens.application import Application
from screens.frame_pacing import FramePacing
from screens.widgets.message_row import MessageRow

FOREIGN = "This run belongs to another process, which alone turns its knobs and begins anew: space pauses it, S stops it."
OVER = "This run is over and stored. space or r runs it again, R with the next seeds, a knob with its value: each is a new run beside it."
LEFT = "This run was stopped and is stored: in the browser (b), r goes on with it. Here r, R or a knob begins a new run."
OWN = "S stops a watched run of another process. Here, space pauses, and q stops and saves."


class RunScreen(Screen[None], inherit_bindings=False):
    """One run.

    Args:
        spec: what is known of the phenomenon.
        session: the run that is shown.
        application: what stands around the screen.
    """

    def __init__(self, spec: Spec, session: Session, application: Application) -> None:
        super().__init__()
        self.spec = spec
        self.session = session
        self.application = application
        self.snapshot = session.latest()
        self.pacing = FramePacing()
        self.message = MessageRow()
        self._timer: Timer | None = None
        self._refused_in: Phase | None = None

    # ------------------------------------------------------------ what is drawn

    def draw(self, snapshot: Snapshot) -> None:
        """Show a snapshot in every visible part, in one update of the terminal."""
        raise NotImplementedError

    def say_rows(self) -> None:
        """Bring the rows around the figures up to date."""
        raise NotImplementedError

    def say_phase(self) -> None:
        """Bring the sentence on the run up to date."""
        raise NotImplementedError

    # ------------------------------------------------------------ looking at the run

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
        if self._refused_in not in (None, snapshot.phase):  # why it was refused may be so no longer
            self.message.forget()
            self._refused_in = None
        wanted = self.pacing.wants(snapshot)
        if wanted == "everything":
            self.draw(snapshot)
        elif wanted == "rows":
            self.snapshot = snapshot
            self.say_rows()
        elif snapshot.phase.preparing:
            self.say_phase()
        if wanted != "nothing":
            self.pacing.drew(snapshot)

    # ------------------------------------------------------------ commands to the run

    def post(self, command: Command) -> None:
        """Send a command to the run and look eagerly for its effect."""
        self.message.forget()
        if type(command) not in self.session.obeyed:
            if type(command) in self.anew:
                self.begin_anew(command)
            else:
                self.refuse()
            return
        self.session.post(command)
        self.pacing.hurry()
        self._stop_timer()
        self._timer = self.set_timer(0.001, self._look)

    @property
    def anew(self) -> frozenset[type[Command]]:
        """What begins a new run from the knobs and seeds of this one, which nobody computes any more."""
        return frozenset()

    @property
    def obeyed(self) -> frozenset[type[Command]]:
        """What has an effect here."""
        return self.session.obeyed | self.anew

    def begin_anew(self, command: Command) -> None:
        """Begin a new run from the knobs and seeds of this one, and do to it what the command says."""
        raise NotImplementedError

    def refuse(self) -> None:
        """Say why a command has no effect here, and what does."""
        over = (LEFT if self.session.latest().phase is Phase.STOPPED else OVER) if self.anew else ""
        self.say(over or self.session.refusal or FOREIGN)
        self._refused_in = self.session.latest().phase

    def say(self, text: str, bad: bool = False) -> None:
        """Show a sentence of the interface until the next command; bad: that something failed."""
        self._refused_in = None
        self.message.tell(text, bad)

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
        self.begin(Rewind())

    def action_reseed(self) -> None:
        """Begin again from the next seeds."""
        self.begin(Reseed())

    def begin_preset(self, name: str) -> None:
        """Begin again with a preset, from the same seeds."""
        self.begin(Rewind(name))

    def begin(self, command: Command) -> None:
        """Begin again; of a run of this app that was still going on, say where it is."""
        left, ours = self.session.latest(), self.session.controllable and type(command) in self.session.obeyed
        going = ours and (left.phase.working or left.phase is Phase.PAUSED) and left.step and left.folder and not left.unstored
        self.post(command)
        if going:
            self.say(f"{left.run} left at {left.unit} {left.step:,}: b lists it, r there goes on")

    # ------------------------------------------------------------ taking something along

    def action_copy(self) -> None:
        """Copy the command that repeats this run, and show it."""
        shown = self.snapshot
        command = run_command(self.spec, shown.preset, shown.config, shown.seeds, shown.device)
        self.app.copy_to_clipboard(command)
        self.say(f"{getattr(self.app, 'where_copied', 'Sent to the terminal')}: {command}")

    def action_export(self) -> None:
        """Ask how run and figures are to be written; ask for another folder where the run's refuses."""
        if self.session.latest().unstored and self.session.controllable:
            self.application.offer_folder(self.spec.name)
        else:
            self.application.offer_export(self.spec.name)
