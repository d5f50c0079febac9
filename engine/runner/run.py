"""One run: a phenomenon at work, its clock, its folder, and what of it is on show. Lives in the runner's thread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.contract import Phase, Snapshot
from engine.device import memory
from engine.phenomenon import AnyPhenomenon
from engine.runner import words
from engine.runner.display import Display
from engine.runner.options import Options
from engine.runner.recorder import Recorder
from engine.runner.results import result_of
from engine.runner.setup import Setup
from engine.runner.slot import Slot
from engine.runner.timing import Meter, Throttle
from engine.runner.words import Standing
from engine.store import Manifest, Position, Status, run_name
from engine.store.strict_json import plain

BUDGET = 0.02  # seconds of work between looks at the queue: a pause is answered well within 100 ms
STATE_SECONDS = 2.0  # between saved states, or longer where saving would take more than STATE_SHARE of the time
STATE_SHARE = 0.02
SNAPSHOT_SECONDS = 1.0  # between snapshots left for watchers


class Run:
    """A built phenomenon and everything around it.

    Attributes:
        standing: its phase, sentence and hint, as shown.
        usual: the same without what is only mentioned for a while.
        notes: sentences of the runner that are shown with the phenomenon's own.
    """

    def __init__(self, setup: Setup, phenomenon: AnyPhenomenon, recorder: Recorder, display: Display, options: Options, slot: Slot) -> None:
        self.setup = setup
        self.phenomenon = phenomenon
        self.recorder = recorder
        self.display = display
        self.options = options
        self.slot = slot
        self.meter = Meter()
        self.standing = self.usual = Standing(Phase.READY, "ready")
        self.notes: tuple[str, ...] = ()
        self._begin_clocks()

    @property
    def where(self) -> str:
        """The present step as text: `step 1,200`."""
        return f"{self.phenomenon.unit} {self.phenomenon.step:,}"

    def manifest(self) -> Manifest:
        """What was asked, for the run's folder."""
        return Manifest(
            phenomenon=self.setup.spec.name,
            preset=self.setup.preset,
            config=self.setup.config.values(),
            seeds=self.setup.seeds,
            device=self.phenomenon.device,
            threads=self.options.threads,
            command_line=self.options.command_line,
        )

    # ------------------------------------------------------------ work

    def go(self, sentence: str) -> None:
        """Enter phase running."""
        self.meter.go(self.phenomenon.step)
        self._begin_clocks()
        self.tell(Standing(Phase.RUNNING, sentence))

    def hold(self, standing: Standing) -> None:
        """Leave phase running; shown before anything is stored."""
        self.meter.hold(self.phenomenon.step)
        self.tell(standing)

    def work(self) -> bool:
        """Work for about 20 ms and measure if that is due; whether it was."""
        phenomenon = self.phenomenon
        if not phenomenon.due() and not phenomenon.done:
            phenomenon.advance(BUDGET)
        if not phenomenon.due():
            return False
        values: dict[str, Any] = plain(phenomenon.measure())
        phenomenon.history.append(phenomenon.step, values)
        self.recorder.measured(phenomenon.step, values)
        self.display.stale = True
        if self.options.on_measure is not None:
            self.options.on_measure(phenomenon.step, values)
        if not self.setup.spec.instant:
            words.require_finite(values)
        return True

    @property
    def ended(self) -> bool:
        """Whether nothing is left to compute or measure."""
        return self.phenomenon.done and not self.phenomenon.due()

    def turn(self, setup: Setup, name: str) -> None:
        """Change a live knob where the run stands, and write down that somebody did.

        Raises:
            LabError: the phenomenon refuses the value.
        """
        knob, value = self.setup.spec.config.knob(name), getattr(setup.config, name)
        self.phenomenon.set_knob(name, value)
        self.phenomenon.preset = setup.preset
        self.setup = setup
        self.recorder.turned(self.phenomenon.step, name, plain(value))
        self.save_state()
        if self.usual.phase is Phase.RUNNING:
            self.display.stale = True
        else:  # nothing that goes on would draw it
            self.display.rebuild(self.phenomenon)
        self.tell(Standing(self.usual.phase, f"{knob.label} is {knob.format(value)} from {self.where} on"))

    # ------------------------------------------------------------ showing

    def snapshot(self, standing: Standing) -> Snapshot:
        """Return everything a screen may show, as it is now."""
        setup, phenomenon, content, path = self.setup, self.phenomenon, self.display.content, self.recorder.path
        with self.display.status.spending():
            return Snapshot(
                phenomenon=setup.spec.name,
                run=path.name if path else run_name(setup.spec.name, setup.preset, setup.seeds),
                preset=setup.preset,
                config=setup.config.values(),
                seeds=setup.seeds,
                phase=standing.phase,
                sentence=standing.sentence,
                hint=standing.hint,
                step=phenomenon.step,
                total=phenomenon.total,
                unit=phenomenon.unit,
                revision=self.display.revision,
                series=content.series,
                pictures=content.pictures,
                markers=content.markers,
                verdicts=content.verdicts,
                values=content.values,
                notes=(*content.notes, *self.notes, *self.recorder.notes),
                details=content.details,
                rate=self.meter.rate,
                eta=self.meter.eta(phenomenon.step, phenomenon.total),
                elapsed=self.meter.elapsed,
                device=phenomenon.device,
                memory=memory(),
                folder=str(path or ""),
            )

    def show(self, changed: bool = True) -> None:
        """Put the present snapshot into the slot."""
        self.display.revision += changed
        self.slot.latest = self.snapshot(self.standing)

    def tell(self, standing: Standing) -> None:
        """Change phase or sentence, and show it."""
        self.usual = standing
        self.mention(standing)

    def mention(self, standing: Standing) -> None:
        """Show other words for a while."""
        self.standing = standing
        self.show()

    def redraw(self) -> None:
        """Make curves, pictures and verdicts again, and show them."""
        self.display.rebuild(self.phenomenon)
        self.show()

    def refresh(self) -> None:
        """Show and store what is due while the run goes on."""
        changed, problem = self.display.refreshed(self.phenomenon), self.recorder.problem
        if problem is not None:
            self.recorder.flush(self.phenomenon.step)
        if changed or self.display.status.due() or self.recorder.problem is not problem:
            self.meter.tick(self.phenomenon.step)
            self.show(changed or self.recorder.problem is not problem)
        if self.recorder.storing and self._saving.due():
            with self._saving.spending():
                self.save_state()
        if self.recorder.storing and self._leaving.due():
            with self._leaving.spending():
                self._leave_snapshot(self.slot.latest)

    # ------------------------------------------------------------ storing

    def save_state(self) -> None:
        """Save what a resumed run needs, if the run is stored."""
        if self.recorder.storing:
            position = Position(self.phenomenon.step, self.recorder.lines, self.setup.config.values(), self.meter.elapsed)
            self.recorder.state(self.phenomenon.state(), position)

    def leave_problem(self) -> None:
        """Store the problem before it is solved, so that it can be looked at meanwhile."""
        if self.recorder.storing:
            self.recorder.arrays(self.phenomenon.arrays(), self.phenomenon.step)

    def store(self, standing: Standing) -> None:
        """Store state and snapshot, as they should be found when the process ends now."""
        self.save_state()
        self._settle(self.snapshot(standing))

    def archive(self, standing: Standing, healthy: bool = True) -> None:
        """Store everything a run leaves behind. After an exception its arrays and state are not to be trusted."""
        if not self.recorder.storing:
            return
        if healthy:
            self.save_state()
            self.recorder.arrays(self.phenomenon.arrays(), self.phenomenon.step)
        snapshot = self.snapshot(standing)
        self.recorder.result(result_of(snapshot, self.setup.spec), snapshot.step)
        self._settle(snapshot)

    def keep(self, root: Path) -> None:
        """Store a run that was not stored so far.

        Raises:
            StoreError: the place is not writable or full.
        """
        if self.recorder.path is None:
            self.recorder.open(root, self.manifest())
            self.archive(self.usual, healthy=self.usual.phase not in (Phase.FAILED, Phase.DIVERGED))
            self.release()
        self.mention(replace(self.usual, sentence=f"stored in {self.recorder.path}"))

    def retry(self) -> None:
        """Try a disk that refused again."""
        self.recorder.flush(self.phenomenon.step, force=True)
        if self.recorder.problem is None:
            self.show()
            self.release()

    def release(self) -> None:
        """Give the folder back when the run is over and everything is in it."""
        if self.standing.phase.over and self.recorder.problem is None:
            self.recorder.close()

    def stopped(self) -> Standing:
        """What a run that is ended before its time says."""
        if self.recorder.path is None:
            return Standing(Phase.STOPPED, f"stopped at {self.where}")
        return Standing(Phase.STOPPED, f"stopped at {self.where}; its state is saved", f"genlab resume {self.recorder.path.name} continues")

    def _leave_snapshot(self, snapshot: Snapshot) -> None:
        self.recorder.status(Status(snapshot.phase, snapshot.sentence, snapshot.hint, snapshot.step, snapshot.total))
        self.recorder.snapshot(snapshot)

    def _settle(self, snapshot: Snapshot) -> None:
        problem = self.recorder.problem
        self._leave_snapshot(snapshot)
        self.recorder.flush(snapshot.step, force=True)
        if self.recorder.problem is not problem:
            self.show()

    def _begin_clocks(self) -> None:
        self._saving = Throttle(STATE_SECONDS, STATE_SHARE)
        self._leaving = Throttle(SNAPSHOT_SECONDS, STATE_SHARE, at_once=True)
