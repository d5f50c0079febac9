"""The run at hand: its phase, what each command does to it, and how work moves it on. No thread of its own.

Which command is for which phase stands in `commands`.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TypeVar

from engine.contract import Pause, Phase, Reseed, Resume, Rewind, SetKnob, Snapshot, Start, Step, Stop
from engine.errors import LabError, UsageError
from engine.interruption import Interrupted, interruptible, never, within
from engine.phenomenon import AnyPhenomenon
from engine.runner.building import build, restore
from engine.runner.mailbox import Close, Mailbox, Message, Save
from engine.runner.options import Options
from engine.runner.phase_message import NOT_STARTED, PhaseMessage, broken, finished
from engine.runner.run import Run
from engine.runner.setup import Setup
from engine.runner.snapshot_maker import SnapshotMaker
from engine.store import RunFolder, Writer

REDRAWING = 1.0  # seconds that a run which is stopped may take to draw itself a last time

M = TypeVar("M", bound=Message)


def refusable(command: Callable[[Control, M], None]) -> Callable[[Control, M], None]:
    """Let a command say what was wrong with it and leave the run as it was, where it raises a LabError."""

    @wraps(command)
    def obeyed(control: Control, message: M) -> None:
        try:
            command(control, message)
        except LabError as error:
            control.refuse(error)

    return obeyed


class Control:
    """One run after another.

    Args:
        load: imports the class that computes.
        setup: what to run.
        resumed: the folder of a stored run that is to be continued, opened for writing.

    Attributes:
        run: the present run, or None before the first was built.
        setup: what runs, or will when it is started.
        message: the phase, and what is said of it.
        closing: whether the thread should end.
    """

    def __init__(self, load: Callable[[], type[AnyPhenomenon]], setup: Setup, options: Options, resumed: RunFolder | None = None) -> None:
        self.run: Run | None = None
        self.setup = setup
        self.message = NOT_STARTED
        self.closing = False
        self._load = load
        self._options = options
        self._resumed = resumed
        self._wanted: Setup | None = None
        self._stepping = False
        self._remark: PhaseMessage | None = None
        self._maker = SnapshotMaker()
        self.mailbox = Mailbox(self._snapshot())

    @property
    def phase(self) -> Phase:
        """Where the run stands."""
        return self.message.phase

    @property
    def patience(self) -> float | None:
        """Seconds to wait for a message: none while there is work, until the next try of a disk that refused, else for ever."""
        if self.phase is Phase.RUNNING:
            return 0.0
        return self.run.writer.patience if self.run else None

    # ------------------------------------------------------------ commands

    def go_on(self, command: Start | Resume | Step) -> None:
        """Go on until something else is asked for, or to the next measurement."""
        self._stepping = isinstance(command, Step)
        self._present.meter.go(self._present.phenomenon.step)
        self.enter(PhaseMessage(Phase.RUNNING, "to the next measurement" if self._stepping else "running"))

    def pause(self, command: Pause | None = None) -> None:
        """Hold, stored as it should be found if the process ends now."""
        self._maker.outdated = True  # pictures move between measurements
        self._rest(PhaseMessage(Phase.PAUSED, f"paused at {self._present.where}"))

    def stop(self, command: Stop | None = None) -> None:
        """End the run before its time."""
        self._rest(self._stopped())

    def give_up(self, command: Stop) -> None:
        """End what has not begun."""
        self.enter(PhaseMessage(Phase.STOPPED, "stopped before it started"))
        self._drop_resumed()

    @refusable
    def turn(self, command: SetKnob) -> None:
        """Turn a live knob where the run stands; any other makes a new run."""
        changed = self._changed(command)
        if changed is None:
            return
        knob = changed.spec.config.knob(command.name)
        if not knob.live or self._wanted is not None:
            self._wanted = changed
            return
        sentence = self._present.turn(changed, knob.name)
        self.setup = changed
        self._maker.outdated = True
        if self.phase is Phase.PAUSED:  # nothing that goes on would draw it
            self._maker.redraw(self._present.phenomenon)
        self.enter(PhaseMessage(self.phase, sentence))

    @refusable
    def change(self, command: SetKnob | Rewind | Reseed) -> None:
        """Note what a person wants to run next; `apply` begins it."""
        self._wanted = self._changed(command) or self._wanted

    @refusable
    def save(self, command: Save) -> None:
        """Store a run that was not stored so far."""
        run = self.run
        if run is None:
            raise UsageError("there is nothing to store yet", "start the run first")
        if run.writer.path is None:
            run.writer.create(command.root, run.manifest())
            run.save_arrays()
            self._rest(self.message)
        self.remark(replace(self.message, sentence=run.writer.problem or f"stored in {run.writer.path}"))

    def close(self, command: Close) -> None:
        """End with the thread."""
        self.closing = True

    # ------------------------------------------------------------ what a person wants next

    def apply(self) -> None:
        """Begin the run that was wanted; before the first one, only the setup changes."""
        if self._wanted is None:
            return
        if self.phase is Phase.READY:
            self.setup, self._wanted = self._wanted, None
            self.enter(NOT_STARTED)
        else:
            self.begin(Step() if self.phase is Phase.PAUSED else Start())

    def _changed(self, command: SetKnob | Rewind | Reseed) -> Setup | None:
        """The next setup after a command; None if that changes nothing.

        Raises:
            UsageError: unknown knob or preset, or a value out of range.
        """
        before = self._wanted or self.setup
        if self._resumed is not None:
            raise UsageError("a stored run keeps its own knobs and seeds until it goes on", "start it first")
        if isinstance(command, Rewind):
            return before.preset_to(command.preset) if command.preset else before
        if isinstance(command, Reseed):
            return before.reseeded(command.seed)
        wanted = before.turned(command.name, command.value)
        if wanted.config == before.config:
            self.enter(self.message)  # what was said about another value no longer matters
            return None
        return wanted

    # ------------------------------------------------------------ beginning and work

    def begin(self, command: Start | Step) -> None:
        """Begin a run of what was wanted, else of the present setup, or take up the stored one.

        It takes the place of the present run, which goes on if the new one cannot be built.
        """
        setup, self._wanted = self._wanted or self.setup, None
        try:
            with interruptible(self.mailbox.stop_wanted):
                run = self._built(setup)
        except Interrupted:
            self.setup = self.setup if self.run else setup
            self.enter(self.message)
            return
        except Exception as error:
            if self.run is None:
                self.setup = setup
                raise
            self.refuse(error)
            return
        self._retire()
        fresh, self._resumed = self._resumed is None, None
        self.run, self.setup = run, setup
        self._maker.begin(keep=setup.spec.instant, groups=run.restored.groups)
        self._maker.outdated = not fresh
        self.go_on(command)
        if fresh:
            run.save_beginning()

    def _built(self, setup: Setup) -> Run:
        begun = time.monotonic()
        phenomenon = build(self._load, setup, self._options, lambda said: self.remark(PhaseMessage(Phase.READY, said)))
        if self._resumed is not None:
            restored = restore(phenomenon, self._resumed)
            return Run(setup, phenomenon, self._options, Writer(self._resumed, restored.lines, restored.step), restored)
        run = Run(setup, phenomenon, self._options, Writer())
        run.begun = begun
        if self._options.root is not None and not self._options.store_after:
            run.writer.create(self._options.root, run.manifest())
        return run

    def advance(self) -> None:
        """Work for about 20 ms, and what follows from it: the end, a pause, or what is due to be shown and stored."""
        run = self._present
        measured = run.work(self.mailbox.stop_wanted)
        self._maker.outdated |= measured
        run.store_if_worth()
        if run.ended:
            self._maker.redraw(run.phenomenon)
            self._rest(finished(run.phenomenon.step, run.phenomenon.unit, self._maker.content.verdicts))
        elif measured and self._stepping:
            self.pause()
        else:
            run.writer.flush()
            changed = self._maker.redraw_due(run.phenomenon, self.mailbox.stop_wanted) or self._disk_news
            if changed or self._maker.status.due():
                run.meter.tick(run.phenomenon.step)
                self._show(changed)
            run.save_due(self.mailbox.latest)

    # ------------------------------------------------------------ rests and ends

    def fail(self, error: BaseException) -> None:
        """Turn an exception into a phase; the last good state stays on disk."""
        self.mailbox.error = error
        run = self.run
        step, unit = (run.phenomenon.step, run.phenomenon.unit) if run else (0, "step")
        message = broken(error, step, unit, self.setup.config)
        self.enter(message)
        if run is None:
            return
        with contextlib.suppress(Exception):  # what is broken may break here again; the sentence is out already
            self._maker.redraw(run.phenomenon)
        self._maker.outdated = False
        with contextlib.suppress(Exception):
            if not isinstance(error, LabError):
                run.save_crash("".join(traceback.format_exception(error)))
            self._rest(message)
        self._release()

    def retry(self) -> None:
        """Try a disk that refused again."""
        if self.run is not None:
            self.run.writer.flush()
            if self._disk_news:
                self._rest(self.message)

    def leave(self) -> None:
        """End with the thread: save, and give the folder back."""
        if self.run is not None:
            self._leave(self.run)
            self.run.writer.close()
            if self._disk_news:
                self.enter(self.message)
        self._drop_resumed()

    def _leave(self, run: Run) -> None:
        try:
            if not self.phase.over:
                self.stop()
            elif self.phase is Phase.FINISHED and run.store_if_worth(finished=True):
                self._rest(self.message)
        except Exception as error:
            self.fail(error)

    def _rest(self, message: PhaseMessage) -> None:
        """Enter a phase, which is shown first and stored then."""
        self.enter(message)
        self.enter(self._store(self._present, message))
        self._release()

    def _release(self) -> None:
        """Give the folder back when the run is over and everything is in it."""
        if self.phase.over and not self._present.writer.problem:
            self._present.writer.close()

    def _store(self, run: Run, message: PhaseMessage) -> PhaseMessage:
        """Store a run as it should be found in a phase, and return its message: that it is saved is said when it is.

        After an exception neither arrays nor state are to be trusted.
        """
        phase = message.phase
        if phase not in (Phase.DIVERGED, Phase.FAILED):
            run.save_state()
            if phase.over:
                run.save_arrays()
        if phase is Phase.STOPPED and run.writer.storing and not run.writer.problem:
            sentence = f"stopped at {run.where}; its state is saved"
            message = PhaseMessage(phase, sentence, f"genlab resume {run.name} continues")
        if self._maker.outdated:
            self._maker.redraw(run.phenomenon, within(REDRAWING) if phase is Phase.STOPPED else never)
        if run.writer.storing:
            snapshot = self._maker.make(run.setup, message, run)
            if phase.over:
                run.save_result(snapshot)
            run.save_snapshot(snapshot)
            run.writer.flush(force=True)
        return message

    def _retire(self) -> None:
        """Close the run that another one replaces; nothing measured is lost."""
        if self.run is None:
            return
        try:
            if not self.phase.over:
                self._store(self.run, self._stopped())
        except Exception as error:  # a defect of a run that nobody sees any more must not end the next one
            self.mailbox.error = error
        self.run.writer.close()

    def _stopped(self) -> PhaseMessage:
        return PhaseMessage(Phase.STOPPED, f"stopped at {self._present.where}")

    def _drop_resumed(self) -> None:
        if self._resumed is not None:
            self._resumed.close()
            self._resumed = None

    # ------------------------------------------------------------ showing

    def enter(self, message: PhaseMessage) -> None:
        """Enter a phase, or say something else of it."""
        if self.run is not None and message.phase is not Phase.RUNNING:
            self.run.meter.hold(self.run.phenomenon.step)
        self.message, self._remark = message, None
        self._show()

    def remark(self, message: PhaseMessage) -> None:
        """Show other words until a phase is entered."""
        self._remark = message
        self._show()

    def refuse(self, error: Exception) -> None:
        """Say what was wrong with a command; the run stays as it was."""
        if not isinstance(error, LabError):
            self.mailbox.error = error
        said = broken(error, 0, "step", self.setup.config)
        self.remark(replace(self.message, sentence=said.sentence, hint=said.hint))

    def _show(self, changed: bool = True) -> None:
        self._maker.revision += changed
        self.mailbox.latest = self._snapshot()

    def _snapshot(self) -> Snapshot:
        return self._maker.make(self.setup, self._remark or self.message, self.run)

    @property
    def _disk_news(self) -> bool:
        """Whether the disk has begun or ceased to refuse, and nobody has been told."""
        return self._present.writer.problem != self.mailbox.latest.unstored

    @property
    def _present(self) -> Run:
        assert self.run is not None, "a phase after ready has a run"
        return self.run
