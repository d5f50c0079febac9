"""The run at hand as it is shown: its phase, what is said of it, and the snapshot that everybody else sees."""

from __future__ import annotations

from dataclasses import replace

from engine.contract import Phase, Snapshot
from engine.errors import LabError
from engine.interruption import never, within
from engine.runner.beginning import Beginning
from engine.runner.mailbox import Mailbox
from engine.runner.options import Options
from engine.runner.phase_message import NOT_STARTED, PhaseMessage, broken
from engine.runner.run import Run
from engine.runner.setup import Setup
from engine.runner.snapshot_maker import SnapshotMaker
from engine.store.place import called

REDRAWING = 1.0  # seconds that a run which is stopped may take to draw itself a last time


class Showing:
    """What is shown of one run after another.

    Attributes:
        run: the present run, or None before the first was built.
        setup: what runs, or will when it is started.
        message: the phase, and what is said of it.
        mailbox: where the latest snapshot lies.
    """

    def __init__(self, setup: Setup, options: Options) -> None:
        self.run: Run | None = None
        self.setup = setup
        self.message = NOT_STARTED
        self._beginning: Beginning | None = None
        self._remark: PhaseMessage | None = None
        self._maker = SnapshotMaker(options.company, options.watched)
        self.mailbox = Mailbox(self._snapshot())

    @property
    def phase(self) -> Phase:
        """Where the run stands."""
        return self.message.phase

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
        """The curves and knobs of the present run, until another one is built."""
        setup = self._beginning.setup if self._beginning and self.run is None else self.setup
        return self._maker.make(setup, self._remark or self.message, self.run)

    # ------------------------------------------------------------ as it is stored

    def _store(self, run: Run, message: PhaseMessage) -> PhaseMessage:
        """Store a run as it should be found in a phase, and return its message: that it is saved is said when it is.

        After an exception neither arrays nor state are to be trusted.
        """
        phase = message.phase
        if phase not in (Phase.DIVERGED, Phase.FAILED):
            run.save_state()
            if phase.over:
                run.save_arrays()
        if message.to_be_saved and run.writer.path and run.writer.storing and not run.writer.problem:
            said, hint = f"{message.sentence}; its state is saved", f"genlab resume {called(run.writer.path)} continues"
            message = PhaseMessage(phase, said, hint)
        if self._maker.outdated:
            self._maker.redraw(run.phenomenon, within(REDRAWING) if phase is Phase.STOPPED else never)
        if run.writer.storing:
            snapshot = self._maker.make(run.setup, message, run)
            if phase.over:
                run.save_result(snapshot)
            run.save_snapshot(snapshot)
            run.writer.flush(force=True)
        return message

    @property
    def _disk_news(self) -> bool:
        """Whether the disk has begun or ceased to refuse, and nobody has been told."""
        return self._present.writer.problem != self.mailbox.latest.unstored

    @property
    def _present_beginning(self) -> Beginning:
        assert self._beginning is not None, "a phase of preparing has what is being prepared"
        return self._beginning

    @property
    def _present(self) -> Run:
        assert self.run is not None, "a phase after ready has a run"
        return self.run
