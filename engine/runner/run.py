"""One run: a phenomenon at work, its clock and its folder. Lives in the runner's thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.contract import Snapshot
from engine.contract.run_command import run_command
from engine.interruption import Interrupted, interruptible
from engine.phenomenon import AnyPhenomenon
from engine.runner.building import FRESH, Restored
from engine.runner.divergence import require_finite
from engine.runner.options import Options
from engine.runner.results import as_stored, result_of
from engine.runner.setup import Setup
from engine.runner.timing import SNAPSHOT_SECONDS, STATE_SHARE, Meter, Throttle
from engine.store import Line, Manifest, Position, Progress, RunFolder, Writer, frozen, run_name
from engine.store.strict_json import plain

BUDGET = 0.02  # seconds of work between looks at the queue: a pause is answered well within 100 ms
LEFT_ALONE = 3.0  # times `store_after` after which a finished run is worth a folder: knobs are turned one after the other before that
STATE_SECONDS = 2.0  # between saved states, or longer where saving would take more than STATE_SHARE of the time


class Run:
    """A built phenomenon and what it leaves behind.

    Attributes:
        meter: its rate, and the seconds of work so far.
        restored: where it was taken up; its notes are shown with the phenomenon's own.
        manifest: what was asked, for its folder: that of the folder which it was taken up from, or made as it begins.
        lines: every line of its metrics.
        root: the folder that its own is made in; None stores nothing.
        beside: what is said of others on its GPU; empty where there were none as it began.
        held: whether its networks are being trained beside those of other runs, up to their next measurement.
    """

    def __init__(
        self,
        setup: Setup,
        phenomenon: AnyPhenomenon,
        options: Options,
        folder: RunFolder | None = None,
        restored: Restored = FRESH,
        beside: str = "",
    ) -> None:
        self.setup = setup
        self.phenomenon = phenomenon
        self.options = options
        self.root = options.root
        self.writer = Writer(folder, len(restored.lines), restored.step)
        self.restored, self.beside = restored, beside
        self.manifest = folder.manifest if folder else self._manifest()
        self.lines = list(restored.lines)
        self.meter = Meter(restored.elapsed)
        self.begun = time.monotonic()
        self.held = False
        company = options.company
        self._state_clock = Throttle(STATE_SECONDS, STATE_SHARE / company)
        self._snapshot_clock = Throttle(SNAPSHOT_SECONDS, STATE_SHARE / company, at_once=True, forgiving=True)

    @property
    def name(self) -> str:
        """What it is called: as its folder, once there is one."""
        return self.writer.path.name if self.writer.path else run_name(self.setup.spec.name, self.setup.preset, self.setup.seeds)

    @property
    def where(self) -> str:
        """The present step as text: `step 1,200`."""
        return f"{self.phenomenon.unit} {self.phenomenon.step:,}"

    @property
    def ended(self) -> bool:
        """Whether nothing is left to compute or measure."""
        return self.phenomenon.done and not self.phenomenon.due()

    def _manifest(self) -> Manifest:
        config = self.setup.config.values()
        return Manifest(
            phenomenon=self.setup.spec.name,
            preset=self.setup.preset,
            config=config,
            seeds=self.setup.seeds,
            device=self.phenomenon.device,
            threads=self.options.threads,
            command_line=run_command(
                self.setup.spec, self.setup.preset, config, self.setup.seeds, self.phenomenon.device, self.options.threads
            ),
            typed=self.options.typed,
        )

    def work(self, stop_wanted: Callable[[], bool]) -> bool:
        """Work for about 20 ms and measure if that is due; whether it was. Long work is given up where somebody wants to stop.

        Raises:
            Diverged: a quantity that must be finite is so no longer.
        """
        phenomenon = self.phenomenon
        try:
            with interruptible(stop_wanted):
                if not self.held and not phenomenon.due() and not phenomenon.done:
                    phenomenon.advance(BUDGET)
                if not phenomenon.due():
                    return False
                step, values = phenomenon.step, plain(phenomenon.measure())
        except Interrupted:
            return False
        phenomenon.history.append(step, values)
        self._write_down(Line(step, values))
        if self.options.on_measure is not None:
            self.options.on_measure(step, values)
        require_finite(values, self.setup.spec.quantities, self.where)
        return True

    def turn(self, setup: Setup, name: str) -> str:
        """Change a live knob where the run stands, and write down that somebody did; return that as a sentence.

        Raises:
            LabError: the phenomenon refuses the value.
        """
        knob, value, step = setup.spec.config.knob(name), getattr(setup.config, name), self.phenomenon.step
        self.phenomenon.set_knob(name, value)
        self.phenomenon.preset = setup.preset
        self.setup = setup
        self._write_down(Line(step, {name: plain(value)}, name))
        self.save_state()
        return f"{knob.label} is {knob.format(value)} from {self.where} on"

    # ------------------------------------------------------------ what it leaves behind, if it is stored

    def _write_down(self, line: Line) -> None:
        self.lines.append(line)
        self.writer.line(line.step, partial(RunFolder.append_line, line=line))

    def store_if_worth(self, finished: bool = False) -> bool:
        """Give a run that has no folder yet one, when it has worked so long that nobody would like to lose it, or is finished."""
        if self.root is None or self.writer.path is not None:
            return False
        if not (finished or time.monotonic() - self.begun > self.options.store_after):
            return False
        return self.store(self.root)

    @property
    def left_alone_in(self) -> float | None:
        """Seconds until a run that rests without a folder has been left alone so long that it is worth one; None where it has one."""
        if self.root is None or self.writer.path is not None or self.writer.problem:
            return None
        return max(0.0, self.begun + LEFT_ALONE * self.options.store_after - time.monotonic())

    def store(self, root: Path, force: bool = False) -> bool:
        """Give a run that has no folder yet one under `root`; whether that was possible. `force` does not wait for the next try."""
        if not self.writer.create_if_possible(root, self.manifest, force):
            return False
        self.root = root
        self.save_beginning()
        return True

    def save_beginning(self) -> None:
        """Save what there is when a run begins: a state to continue from, and the problem, so that it can be looked at meanwhile."""
        self.save_state()
        if self.setup.trains:
            self.save_arrays()

    def save_due(self, snapshot: Snapshot) -> None:
        """Save what is due while the run goes on: the state for a crash, the snapshot for watchers."""
        if self.writer.storing and self._state_clock.due():
            with self._state_clock.spending():
                self.save_state()
        if self.writer.storing and self._snapshot_clock.due():
            with self._snapshot_clock.spending():
                self.save_snapshot(snapshot)

    def save_state(self) -> None:
        """Save what a resumed run needs."""
        if self.writer.storing:
            state, step = frozen(self.phenomenon.state()), self.phenomenon.step
            position = Position(step, self.writer.lines, self.setup.config.values(), self.meter.elapsed)
            self.writer.file("state", step, lambda folder: folder.save_state(state, position))

    def save_arrays(self) -> None:
        """Save the problem and its solution as far as it is."""
        if self.writer.storing:
            arrays = self.phenomenon.arrays()
            self.writer.file("arrays", self.phenomenon.step, lambda folder: folder.save_arrays(arrays))

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Save what a screen shows, and then how far the run is."""
        progress = Progress(snapshot.phase, snapshot.sentence, snapshot.hint, snapshot.step, snapshot.total)
        self.writer.file("snapshot", snapshot.step, lambda folder: folder.save_snapshot(as_stored(snapshot)))
        self.writer.file("progress", snapshot.step, lambda folder: folder.save_progress(progress))

    def save_result(self, snapshot: Snapshot) -> None:
        """Save claims and the figures' data."""
        result = result_of(as_stored(snapshot), self.setup.spec)
        self.writer.file("result", snapshot.step, lambda folder: folder.save_result(result))

    def save_crash(self, trace: str) -> None:
        """Keep the traceback of a defect."""
        self.writer.file("crash", self.phenomenon.step, lambda folder: folder.save_crash(trace))
