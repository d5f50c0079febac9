"""What the background thread does: commands, about 20 ms of work, a measurement if one is due, the disk, the slot. Again.

Everything here runs in that one thread. The interface is never called; it polls the slot.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVarTuple

from engine.contract import Pause, Phase, Reseed, Resume, Rewind, SetKnob, Start, Step, Stop
from engine.errors import LabError, UsageError
from engine.phenomenon import AnyPhenomenon
from engine.runner import recorder as recording
from engine.runner import words
from engine.runner.building import build, restore
from engine.runner.display import Display, blank
from engine.runner.options import Options
from engine.runner.recorder import Recorder
from engine.runner.run import Run
from engine.runner.setup import Setup
from engine.runner.slot import Close, Message, Save, Slot
from engine.runner.timing import Meter
from engine.runner.words import Standing
from engine.store import RunFolder

Given = TypeVarTuple("Given")
NOT_STARTED = Standing(Phase.READY, "not started yet")


class Loop:
    """One run after another, in one thread.

    Attributes:
        run: the present run, or None before the first was built.
    """

    def __init__(
        self, load: Callable[[], type[AnyPhenomenon]], setup: Setup, options: Options, slot: Slot, resumed: RunFolder | None
    ) -> None:
        self._load = load
        self.options = options
        self.slot = slot
        self.run: Run | None = None
        self._setup = setup
        self._standing = NOT_STARTED
        self._display = Display()
        self._resumed = resumed
        self._wanted: Setup | None = None
        self._stepping = False
        self._closing = False

    def work(self) -> None:
        """Obey and compute until told to close. Never raises."""
        try:
            while not self._closing:
                self._receive()
                if self.run is not None and self._phase is Phase.RUNNING:
                    self._guarded(self._advance, self.run)
                    self.slot.settle(0, self._phase.over)
        except BaseException as error:  # whatever it is, it must not print into the terminal
            self._fail(error)
        finally:
            with contextlib.suppress(Exception):
                self._leave()
            self.slot.close()

    @property
    def _phase(self) -> Phase:
        return self.run.usual.phase if self.run else self._standing.phase

    def _advance(self, run: Run) -> None:
        measured = run.work()
        if run.ended:
            run.redraw()
            self._end(run, words.finished(run.phenomenon.step, run.phenomenon.unit, self._display.content.verdicts))
        elif measured and self._stepping:
            self._pause(run)
        else:
            run.refresh()

    # ------------------------------------------------------------ commands

    def _receive(self) -> None:
        idle = self._phase is not Phase.RUNNING
        broken = self.run is not None and self.run.recorder.problem is not None
        messages = self.slot.take(idle, recording.RETRY if broken else None)
        for message in messages:
            self._guarded(self._obey, message)
        self._guarded(self._apply)
        if idle and broken and self.run is not None:
            self._guarded(self.run.retry)
        self.slot.settle(len(messages), self._phase.over)

    def _obey(self, message: Message) -> None:
        if isinstance(message, SetKnob | Rewind | Reseed):
            self._wish(message)
            return
        self._apply()  # turning a knob ten times makes one new run, but a command behind them finds it
        run, phase = self.run, self._phase
        if isinstance(message, Close):
            self._closing = True
        elif isinstance(message, Save):
            self._keep(message)
        elif run is None or phase.over:
            self._obey_at_rest(message)
        elif isinstance(message, Stop):
            self._end(run, run.stopped())
        elif isinstance(message, Pause) and phase is Phase.RUNNING:
            self._pause(run)
        elif isinstance(message, Step):
            self._go(run, stepping=True)
        elif isinstance(message, Start | Resume) and phase is Phase.PAUSED:
            self._go(run, stepping=False)

    def _obey_at_rest(self, message: Message) -> None:
        """A command while nothing is being computed: before the first run, or after the end of one."""
        if isinstance(message, Start) or (isinstance(message, Step) and self._phase is Phase.READY):
            self._begin(self._setup, stepping=isinstance(message, Step))
        elif isinstance(message, Stop) and self._phase is Phase.READY:
            self._mention(Standing(Phase.STOPPED, "stopped before it started"))
            self._drop_resumed()

    def _wish(self, message: SetKnob | Rewind | Reseed) -> None:
        """Note the setup that a person wants next, or turn a live knob where it is."""
        try:
            if self._resumed is not None:
                raise UsageError("a stored run keeps its own knobs and seeds until it goes on", "start it first")
            if isinstance(message, SetKnob):
                self._wish_knob(message)
            elif isinstance(message, Rewind):
                self._wanted = self._next.preset_to(message.preset) if message.preset else self._next
            else:
                self._wanted = self._next.reseeded(message.seed)
        except LabError as error:
            self._remark(error)

    def _wish_knob(self, message: SetKnob) -> None:
        wanted, knob = self._next.turned(message.name, message.value), self._setup.spec.config.knob(message.name)
        if wanted.config == self._next.config:
            if self.run is not None:  # the value it has: what was said about another one no longer matters
                self._mention(self.run.usual)
            return
        if knob.live and self._wanted is None and self.run is not None and not self._phase.over:
            self.run.turn(wanted, knob.name)
            self._setup = wanted
        else:
            self._wanted = wanted

    @property
    def _next(self) -> Setup:
        return self._wanted or self._setup

    def _apply(self) -> None:
        """Begin the run that was wished for; one that has not started only changes its setup."""
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        if self.run is None and self._phase is Phase.READY:
            self._setup = wanted
            self._mention(NOT_STARTED)
        else:
            self._begin(wanted, stepping=self._phase is Phase.PAUSED)

    # ------------------------------------------------------------ beginning

    def _begin(self, setup: Setup, stepping: bool) -> None:
        """Put a new run in place of the present one, which goes on if the new one cannot be built."""
        try:
            phenomenon = build(self._load, setup, self.options, lambda said: self._mention(Standing(Phase.READY, said)))
            if self._resumed is not None:
                self._continue(phenomenon, self._resumed, stepping)
                return
            run = Run(setup, phenomenon, Recorder(), self._display, self.options, self.slot)
            if self.options.root is not None:
                run.recorder.open(self.options.root, run.manifest())
        except Exception as error:
            if self.run is None:
                self._setup = setup
                raise
            self._remark(error)
            return
        self._retire()
        self._display.begin(keep=setup.spec.instant)
        self._put(run, stepping)
        if not setup.spec.instant:
            run.leave_problem()

    def _continue(self, phenomenon: AnyPhenomenon, folder: RunFolder, stepping: bool) -> None:
        """Take up a stored run where its last state stands."""
        found = restore(phenomenon, folder)
        folder.cut(found.lines)
        self._resumed = None
        run = Run(self._setup, phenomenon, Recorder(folder, found.lines), self._display, self.options, self.slot)
        run.meter = Meter(found.elapsed)
        run.notes = found.notes
        self._display.stale = len(phenomenon.history) > 0
        self._put(run, stepping)

    def _put(self, run: Run, stepping: bool) -> None:
        self.run, self._setup = run, run.setup
        self._go(run, stepping)

    def _go(self, run: Run, stepping: bool) -> None:
        self._stepping = stepping
        run.go("to the next measurement" if stepping else "running")

    # ------------------------------------------------------------ ends

    def _pause(self, run: Run) -> None:
        run.hold(Standing(Phase.PAUSED, f"paused at {run.where}"))
        run.redraw()
        run.store(run.standing)

    def _end(self, run: Run, standing: Standing, healthy: bool = True) -> None:
        """Enter a phase in which nothing more is computed; show it first, store it then."""
        run.hold(standing)
        run.archive(standing, healthy)
        run.release()

    def _retire(self) -> None:
        """Close the run that another one replaces; nothing measured is lost."""
        if self.run is not None:
            try:
                if not self._phase.over:
                    self.run.archive(self.run.stopped())
            except Exception as error:  # a defect of a run that nobody sees any more must not end the next one
                self.slot.error = error
            self.run.recorder.close()

    def _leave(self) -> None:
        """End with the thread: save, and give the folder back."""
        if self.run is not None:
            if not self._phase.over:
                self._guarded(self._end, self.run, self.run.stopped())
            self.run.recorder.flush(self.run.phenomenon.step, force=True)
            self.run.recorder.close()
        self._drop_resumed()

    def _fail(self, error: BaseException) -> None:
        """Turn an exception into a phase; the last good state stays on disk."""
        self.slot.error = error
        run = self.run
        step, unit = (run.phenomenon.step, run.phenomenon.unit) if run else (0, "step")
        standing = words.trouble(error, step, unit, self._setup.config)
        if run is None:
            self._mention(standing)
            return
        run.hold(standing)
        with contextlib.suppress(Exception):  # what is broken may break here again; the sentence is out already
            run.redraw()
        with contextlib.suppress(Exception):
            if not isinstance(error, LabError):
                run.recorder.crash("".join(traceback.format_exception(error)), step)
            run.archive(standing, healthy=False)
        run.release()

    def _drop_resumed(self) -> None:
        if self._resumed is not None:
            self._resumed.close()
            self._resumed = None

    # ------------------------------------------------------------ words

    def _mention(self, standing: Standing) -> None:
        if self.run is not None:
            self.run.mention(standing)
        else:
            self._standing = standing
            self._display.revision += 1
            self.slot.latest = blank(self._setup, standing, self._display)

    def _remark(self, error: Exception) -> None:
        """Say what was wrong with a command; the run stays as it was."""
        if not isinstance(error, LabError):
            self.slot.error = error
        now = self.run.usual if self.run else self._standing
        said = words.trouble(error, 0, "step", self._setup.config)
        self._mention(replace(now, sentence=said.sentence, hint=said.hint))

    def _keep(self, message: Save) -> None:
        if self.run is None:
            self._remark(UsageError("there is nothing to store yet", "start the run first"))
            return
        try:
            self.run.keep(message.root)
        except LabError as error:
            self._remark(error)

    def _guarded(self, work: Callable[[*Given], None], *given: *Given) -> None:
        try:
            work(*given)
        except Exception as error:
            self._fail(error)
