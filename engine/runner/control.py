"""The run at hand: its phase, what each command does to it, and how work moves it on. No thread of its own.

Which command is for which phase stands in `commands`.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TypeVar

from engine.contract import Pause, Phase, Reseed, Resume, Rewind, SetKnob, Start, Step, Stop
from engine.errors import LabError, UsageError
from engine.interruption import Interrupted, interruptible
from engine.phenomenon import AnyPhenomenon
from engine.runner.beginning import Beginning
from engine.runner.building import Loaded
from engine.runner.hearing import HEARING, Hearing
from engine.runner.mailbox import Close, Keep, Message, Save
from engine.runner.moving import move
from engine.runner.options import Options
from engine.runner.phase_message import NOT_STARTED, PhaseMessage, broken, finished
from engine.runner.run import Run
from engine.runner.setup import Setup
from engine.runner.showing import Showing
from engine.store import Request, RunFolder

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


def _by(command: Pause | Stop | None) -> str:
    return " by another process" if command is not None and command.elsewhere else ""


class Control(Showing):
    """One run after another.

    Args:
        load: imports the class that computes.
        setup: what to run.
        resumed: the folder of a stored run that is to be continued, opened for writing.

    Attributes:
        hearing: what is wished while there is work.
        closing: whether the thread should end.
    """

    def __init__(self, load: Callable[[], type[AnyPhenomenon]], setup: Setup, options: Options, resumed: RunFolder | None = None) -> None:
        super().__init__(setup, options)
        self.closing = False
        self._load = load
        self._options = options
        self._resumed = resumed
        self._wanted: Setup | None = None
        self._loaded: Loaded | None = None
        self._stepping = False
        self.hearing = Hearing(self.mailbox, self._asked)

    @property
    def patience(self) -> float | None:
        """Seconds to wait for a message: none while there is work, until the next look at wishes, at a disk that refused or at a run that
        was left alone, or for ever.
        """
        if self.phase.working:
            return 0.0
        if self.run is None:
            return None
        waits = [self.run.writer.patience, HEARING if self.run.writer.storing else None]
        waits += [self.run.left_alone_in] if self.phase is Phase.FINISHED else []
        return min((seconds for seconds in waits if seconds is not None), default=None)

    # ------------------------------------------------------------ commands

    def go_on(self, command: Start | Resume | Step) -> None:
        """Go on until something else is asked for, or to the next measurement."""
        self._stepping = isinstance(command, Step)
        self._present.meter.go(self._present.phenomenon.step)
        self.enter(PhaseMessage(Phase.RUNNING, "to the next measurement" if self._stepping else "running"))

    def follow(self, command: Start | Resume | Step | Pause) -> None:
        """Note what is to happen once the run is built: it goes on, unless it is to pause or to step."""
        beginning = self._present_beginning
        if isinstance(command, Start | Resume):
            if isinstance(beginning.then, Pause):
                beginning.then = Start()
        else:
            beginning.then = command
        self.enter(beginning.message)

    def pause(self, command: Pause | None = None) -> None:
        """Hold, stored as it should be found if the process ends now."""
        self._maker.outdated = True  # pictures move between measurements
        self._rest(PhaseMessage(Phase.PAUSED, f"paused at {self._present.where}{_by(command)}"))

    def stop(self, command: Stop | None = None) -> None:
        """End the run before its time."""
        self._rest(PhaseMessage(Phase.STOPPED, f"stopped at {self._present.where}{_by(command)}", to_be_saved=True))

    def give_up(self, command: Stop) -> None:
        """End what has not begun."""
        self.enter(PhaseMessage(Phase.STOPPED, "stopped before it started"))
        self._drop_resumed()

    def abandon(self, command: Stop) -> None:
        """End what is being built, and the run that it was to replace."""
        self._return()
        if self.run is None:
            self.give_up(command)
        elif not self.phase.over:
            self.stop(command)

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
        """Store a run that was not stored so far, or move one that its disk refuses; further runs are stored there, too."""
        run = self.run
        if run is None:
            raise UsageError("there is nothing to store yet", "start the run first")
        if run.writer.path is not None and run.writer.problem:
            move(run, command.root, lambda: self._store_anew(run))
        elif run.writer.path is None and run.store(command.root, force=True):
            self._rest(self.message)
        if not run.writer.problem:
            self._options = replace(self._options, root=command.root)
        self._release()
        self.remark(replace(self.message, sentence=run.writer.problem or f"stored in {run.writer.path}"))

    def keep(self, command: Keep) -> None:
        """Hold, and store everything as if the run were stopped here."""
        run = self.run
        if run is None:
            return
        if self.phase is Phase.RUNNING:
            self.pause()
        if self.phase is Phase.PAUSED:
            self._store(run, PhaseMessage(Phase.STOPPED, f"stopped at {run.where}", to_be_saved=True))
        run.writer.flush(force=True)
        if self._disk_news:
            self.enter(self.message)

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
        elif self._beginning is not None:
            self.begin(self._beginning.then)
        else:
            self.begin(Step() if self.phase is Phase.PAUSED else Start())

    def _changed(self, command: SetKnob | Rewind | Reseed) -> Setup | None:
        """The next setup after a command; None if that changes nothing.

        Raises:
            UsageError: unknown knob or preset, or a value out of range.
        """
        before = self._wanted or (self._beginning.setup if self._beginning else self.setup)
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

    def begin(self, command: Start | Step | Pause) -> None:
        """Begin a run of what was wanted, else of the present setup, or take up the stored one.

        It takes the place of the present run, which goes on if the new one cannot be built.
        """
        before = self._beginning.before if self._beginning else self.message
        setup, self._wanted = self._wanted or self.setup, None
        self._beginning = Beginning(setup, command, before, self._loaded)
        self.enter(self._beginning.message)

    def advance(self) -> None:
        """Do the next piece of work: of the run that is being built, else of the present one."""
        if self._beginning is not None:
            self._prepare(self._beginning)
        else:
            self._work()

    def _prepare(self, beginning: Beginning) -> None:
        try:
            with interruptible(self.hearing.change_wanted):
                run = beginning.advance(self._load, self._options, self._resumed, self._tell)
        except Interrupted:
            return
        except Exception as error:
            if self.run is None:
                self.setup, self._beginning = beginning.setup, None
                raise
            self._return()
            self.refuse(error)
            return
        if run is None:
            self._loaded = beginning.loaded
            self.enter(beginning.message)
        else:
            self._take(run, beginning)

    def _tell(self, message: PhaseMessage) -> None:
        """Say what is being prepared, here and to those who watch the folder."""
        self.remark(message)
        if self._resumed is not None:
            self._resumed.announce(message.phase, message.sentence)

    def _take(self, run: Run, beginning: Beginning) -> None:
        """Put a run that was built in the place of the present one."""
        self._beginning = None
        self._retire(beginning.before)
        fresh, resumed, self._resumed = self._resumed is None, self._resumed, None
        if resumed is not None:
            resumed.announce(None)
        self.run, self.setup = run, beginning.setup
        self._maker.begin(keep=not self.setup.trains, groups=run.restored.groups)
        self._maker.outdated = not fresh
        if isinstance(beginning.then, Pause):
            self.pause(beginning.then)
        else:
            self.go_on(beginning.then)
        if fresh:
            run.save_beginning()

    def _return(self) -> None:
        """Drop what is being built: the run is there again that it was to replace."""
        beginning, self._beginning = self._beginning, None
        if beginning is None:
            return
        if self.run is None:
            self.setup = beginning.setup
        elif beginning.before.phase is Phase.RUNNING:
            self.run.meter.go(self.run.phenomenon.step)
        self.enter(beginning.before)

    def _work(self) -> None:
        """Work for about 20 ms, and what follows from it: the end, a pause, or what is due to be shown and stored."""
        run = self._present
        measured = run.work(self.hearing.stop_wanted)
        self._maker.outdated |= measured
        run.store_if_worth()
        if run.ended:
            self._maker.redraw(run.phenomenon)
            self._rest(finished(run.phenomenon.step, run.phenomenon.unit, self._maker.content.verdicts))
        elif measured and self._stepping:
            self.pause()
        else:
            run.writer.flush()
            changed = self._maker.redraw_due(run, self.hearing.stop_wanted) or self._disk_news
            if changed or self._maker.status.due():
                run.meter.tick(run.phenomenon.step)
                self._show(changed)
            run.save_due(self.mailbox.latest)

    def _asked(self) -> Request | None:
        """Take what another process has asked of whoever writes the folder."""
        if self._resumed is not None:
            return self._resumed.asked()
        return self.run.writer.asked() if self.run else None

    # ------------------------------------------------------------ rests and ends

    def fail(self, error: BaseException) -> None:
        """Turn an exception into a phase; the last good state stays on disk."""
        self.mailbox.error = error
        self._beginning = None
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
        """Try a disk that refused again, and store a finished run that was left alone."""
        run = self.run
        if run is not None:
            if self.phase is Phase.FINISHED and run.left_alone_in == 0:
                made = run.store_if_worth(finished=True)
            else:
                made = bool(run.writer.problem) and run.writer.path is None and run.root is not None and run.store(run.root)
            run.writer.flush()
            if made or self._disk_news:
                self._rest(self.message)

    def leave(self) -> None:
        """End with the thread: save, and give the folder back."""
        self._return()
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

    def _store_anew(self, run: Run) -> None:
        """Store everything of a run in a new folder."""
        if not self.phase.over:
            run.save_beginning()
        self._rest(self.message)

    def _retire(self, message: PhaseMessage) -> None:
        """Close the run that another one replaces, of which `message` was said; nothing measured is lost."""
        if self.run is None:
            return
        try:
            if not message.phase.over:
                self._store(self.run, PhaseMessage(Phase.STOPPED, f"stopped at {self.run.where}", to_be_saved=True))
        except Exception as error:  # a defect of a run that nobody sees any more must not end the next one
            self.mailbox.error = error
        self.run.writer.close()

    def _drop_resumed(self) -> None:
        if self._resumed is not None:
            self._resumed.close()
            self._resumed = None
