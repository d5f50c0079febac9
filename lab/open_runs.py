"""The runs that the app has open: which phenomena there are, the runner of each, and how they are kept when the app ends.

The runner, the store and the screen of a phenomenon are imported when one is opened: home stands before that.
"""

from __future__ import annotations

import importlib
import importlib.util
import shlex
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.config import Config, build
from engine.contract import Command, Phase, Resume, Session, Snapshot, Spec, Start
from engine.errors import LabError, StoreError, UsageError
from engine.registry import Entry, entries, examined, find, spec
from engine.seeds import seed_range
from screens.application import ExportRequest, PhenomenonEntry
from screens.formatting import progress

if TYPE_CHECKING:
    from engine.runner import Runner
    from lab.tour.guide import Guide
    from screens.application import Tour
    from screens.base import PhenomenonScreen

PRELOADED = (
    "engine.runner", "screens.base", "screens.widgets.plot_view", "screens.widgets.picture_view", "textual_plotext",
)  # fmt: skip
BEGUN = (Phase.RUNNING, Phase.PAUSED, Phase.STOPPED)
STORING = 5.0  # seconds to wait until a run that was not stored is
WORTHY = 3.0  # seconds from which on a run of an instant phenomenon is stored without being asked for
NOT_WORTHY = f"it was left within its first {WORTHY:.0f} seconds"
SETTLING = 0.5  # seconds for all runs together to pause and be stored before the app is left
NAMED = 2  # files that are named after an export; the rest is counted
GRACE = 1.8  # seconds for all runs together to save themselves at the end


class OpenRuns(Protocol):
    """Where the app gets phenomena and runs from; tests give it canned ones."""

    def phenomena(self) -> Sequence[PhenomenonEntry]:
        """Return what the home screen shows, without importing a phenomenon."""

    def examine(self) -> Mapping[str, str]:
        """Return by name why phenomena cannot be opened that only an import shows to be broken. Blocks."""

    def spec(self, name: str) -> Spec:
        """Return the declaration of a phenomenon."""

    def screen(self, name: str) -> type[PhenomenonScreen]:
        """Return the screen class of a phenomenon."""

    def begin(self, name: str, preset: str) -> Session:
        """Start a run and return it at once; it loads in its own thread.

        Raises:
            LabError: unknown preset, or the runs folder refuses.
        """

    def begin_from(self, shown: Snapshot, command: Command) -> Session:
        """Start a run with the knobs and seeds of another one, changed as the command says, and return it at once.

        Raises:
            LabError: a knob has a value that it may not have, or the runs folder refuses.
        """

    def resume(self, path: Path) -> Session:
        """Let a stored run go on and return it at once; it loads in its own thread.

        Raises:
            LabError: missing, damaged, over, or written by another process.
        """

    def tour(self) -> Tour:
        """Return the tour: its stops, progress and runs."""

    def folder(self) -> Path:
        """Return the folder of the runs."""

    def settle(self) -> Sequence[Snapshot]:
        """Pause what runs and have everything stored that is to be; return the runs that are not stored to their end. Blocks."""

    def go_on(self) -> None:
        """Let those runs go on that `settle` paused."""

    def store(self, folder: str, runs: Sequence[str]) -> Sequence[Snapshot]:
        """Store runs, by name, under another folder; return those that are not stored even then. Blocks.

        Raises:
            LabError: this can be no folder.
        """

    def export(self, session: Session, wanted: ExportRequest) -> str:
        """Write a run as files, stored before if it was not, and say which were written where. Blocks.

        Raises:
            LabError: the disk or the folder refuses, a file is there, or a writer is not installed.
        """

    def close(self) -> list[str]:
        """Stop and save every run within `GRACE`; return a sentence for each that can be resumed or shown."""


class BackgroundRuns:
    """Phenomena from the registry, each run in a background thread, run folders on disk.

    Args:
        device: "auto", "cpu" or "cuda"; resolved in the run's own thread.
        threads: to compute with; None for the engine's choice.
        root: folder of the runs; None for the default place.

    Attributes:
        when_drawn: puts off the start of a run until its screen stands, which importing in another thread would hold up.
        stuck: whether a run's thread did not end in time.
        unstored: whether a run could not be stored to its end.
    """

    def __init__(self, *, device: str = "auto", threads: int | None = None, root: Path | None = None) -> None:
        self._device = device
        self._threads = threads
        self._root = root
        self._runners: list[Runner] = []
        self._held: list[Runner] = []
        self._guide: Guide | None = None
        self.when_drawn: Callable[[Callable[[], None]], None] = lambda start: start()
        self.stuck = self.unstored = False

    def phenomena(self) -> list[PhenomenonEntry]:
        """Return every phenomenon, read from docstrings; what a package's source alone shows to be wrong with it is its card's problem."""
        found = entries()
        usable = [entry for entry in found if not entry.problem]
        broken = [entry for entry in found if entry.problem]  # their names may be taken, or none
        return [
            *(PhenomenonEntry(entry.name, entry.title, entry.question) for entry in usable),
            *(PhenomenonEntry(f"problem-{place}", entry.title, entry.problem, entry.problem) for place, entry in enumerate(broken, 1)),
        ]

    def examine(self) -> dict[str, str]:
        """Import every declaration once, and return by name what is wrong with it; then what the first screen will need, but not torch."""
        problems = {entry.name: entry.problem for entry in examined() if entry.problem}
        for module in PRELOADED:
            importlib.import_module(module)
        return problems

    def spec(self, name: str) -> Spec:
        """Return a phenomenon's declaration.

        Raises:
            UsageError: unknown name, or a package that cannot be used.
        """
        for entry in self.phenomena():
            if entry.name == name and entry.problem:
                raise UsageError(entry.problem, "genlab list names every problem")
        return spec(name)

    def screen(self, name: str) -> type[PhenomenonScreen]:
        """Import the phenomenon's screen module and return its class; one from elsewhere may do without.

        Raises:
            UsageError: the module does not import, or holds no single screen.
        """
        return screen_of(find(name))

    def begin(self, name: str, preset: str = "quick") -> Session:
        """Start a run in its own thread; one of an instant phenomenon is stored on request, or once it is worth it."""
        found = self.spec(name)
        return self._begin(found, found.configure(preset), preset, seed_range(0, found.preset(preset).seeds))

    def begin_from(self, shown: Snapshot, command: Command) -> Session:
        """Start a run from the knobs and seeds of another one in its own thread."""
        found = self.spec(shown.phenomenon)
        return self._begin(found, build(found.config, shown.config), shown.preset, shown.seeds, command)

    def _begin(self, found: Spec, config: Config, preset: str, seeds: tuple[int, ...], first: Command | None = None) -> Session:
        from engine.runner import Runner
        from engine.store import runs_root

        runner = Runner(
            found.name, config, preset, seeds, device=self._device, threads=self._threads, root=runs_root(self._root),
            typed=shlex.join(["genlab", *sys.argv[1:]]), store_after=0.0 if found.trains(config) else WORTHY, insist=False,
        )  # fmt: skip
        if first is not None and not isinstance(first, Start):
            runner.post(first)
        return self._started(runner)

    def resume(self, path: Path) -> Session:
        """Let a stored run go on in its own thread, on the device and with the number of threads that it has."""
        from engine.runner import resume

        return self._started(resume(path, typed=shlex.join(["genlab", *sys.argv[1:]])))

    def _started(self, runner: Runner) -> Session:
        self._runners.append(runner)
        runner.expect()
        self.when_drawn(runner.start)
        return runner

    def tour(self) -> Tour:
        """Return the tour, whose runs are stored on request alone."""
        from engine.tour import STOPS
        from lab.tour.guide import Guide

        if self._guide is None:
            self._guide = Guide(
                STOPS, device=self._device, threads=self._threads, root=self._root, begin=lambda start: self.when_drawn(start),
                adopt=self._runners.append,
            )  # fmt: skip
        return self._guide

    def folder(self) -> Path:
        """Return the folder of the runs."""
        from engine.store import runs_root

        return runs_root(self._root)

    def export(self, session: Session, wanted: ExportRequest) -> str:
        """Store the run if it is not, and write what is seen of it as `genlab export` does."""
        from engine.runner import Runner
        from engine.store import RunFolder
        from lab.export.formats import AlreadyThere, export

        if isinstance(session, Runner) and not session.latest().folder:
            session.save(self._root)
        until = time.monotonic() + STORING
        while not session.latest().folder:
            if time.monotonic() > until:
                raise StoreError(session.latest().sentence, "Try again, or set --runs.")
            time.sleep(0.05)
        snapshot = session.latest()
        try:
            return written(export([(RunFolder.open(Path(snapshot.folder)), snapshot)], wanted))
        except AlreadyThere as error:
            raise UsageError(error.message, "Choose replace, or another folder.") from error

    def settle(self) -> list[Snapshot]:
        """Pause what runs, store what is worth it, and return what is not stored; what does not pause in time is saved by `close`."""
        self._held = [runner for runner in self._runners if runner.latest().phase is Phase.RUNNING]
        self._save_worthy()
        for runner in self._runners:
            runner.keep()
        until = time.monotonic() + SETTLING
        for runner in self._runners:
            runner.settled(max(0.0, until - time.monotonic()))
        return [snapshot for runner in self._runners if (snapshot := runner.latest()).unstored]

    def go_on(self) -> None:
        """Let those runs go on that were paused to be stored."""
        for runner in self._held:
            runner.post(Resume())
        self._held = []

    def store(self, folder: str, runs: Sequence[str]) -> list[Snapshot]:
        """Store runs under another folder, which further runs are stored in as well."""
        from engine.store import runs_root

        root = runs_root(Path(folder))
        wanted = [runner for runner in self._runners if runner.latest().run in runs]
        for runner in wanted:
            runner.save(root)
        until = time.monotonic() + STORING
        for runner in wanted:
            runner.settled(max(0.0, until - time.monotonic()))
        left = [snapshot for runner in wanted if (snapshot := runner.latest()).unstored or not snapshot.folder]
        if not left:
            self._root = root
        return left

    def close(self) -> list[str]:
        """Close all runners at the same time; one that still loads has nothing to save and is not waited for."""
        self._save_worthy()
        unkept = self._guide.end_all() if self._guide is not None else []
        closing = [*self._runners, *unkept]
        closers = [threading.Thread(target=runner.close, args=(_grace(runner),), daemon=True) for runner in closing]
        until = time.monotonic() + GRACE
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join(max(0.0, until - time.monotonic()))
        self.stuck = not all(runner.close(0) for runner in closing)
        last = [runner.latest() for runner in self._runners]
        self._learn(last)
        self.unstored = any(snapshot.unstored for snapshot in last)
        return [sentence for snapshot in last if (sentence := farewell(snapshot))]

    def _learn(self, last: Sequence[Snapshot]) -> None:
        """Take up how long the runs took that are finished."""
        from engine.run_times import learn

        for snapshot in last:
            if snapshot.phase is Phase.FINISHED:
                found = self.spec(snapshot.phenomenon)
                learn(found, build(found.config, snapshot.config), snapshot, self._threads, measure=False)

    def _save_worthy(self) -> None:
        """Have those runs stored that were not from the beginning on, but are finished or took long; told by `farewell` if that fails."""
        for runner in self._runners:
            snapshot = runner.latest()
            worthy = snapshot.phase is Phase.FINISHED or (snapshot.phase in BEGUN and snapshot.elapsed > WORTHY)
            if worthy and not snapshot.folder:
                with suppress(LabError):
                    runner.save(self._root)


def screen_of(entry: Entry) -> type[PhenomenonScreen]:
    """Return the screen class of a phenomenon: genlab's own is in `screens`, another package's in its module `screen`, if it has one.

    Raises:
        UsageError: the module does not import, or defines no single screen.
    """
    from screens.base import PhenomenonScreen

    place = f"{entry.package}.screen" if entry.origin else f"screens.{entry.package.rpartition('.')[2]}"
    if entry.origin and importlib.util.find_spec(place) is None:
        return PhenomenonScreen
    try:
        module = importlib.import_module(place)
    except Exception as error:
        raise UsageError(f"{place} does not import: {type(error).__name__}: {error}", "genlab run works without a screen") from error
    found = [
        item for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, PhenomenonScreen) and item.__module__ == module.__name__
    ]  # fmt: skip
    if len(found) != 1:
        raise UsageError(f"{place} defines {len(found)} screens; a phenomenon has exactly one", "see CONTRIBUTING.md")
    return found[0]


def _grace(runner: Runner) -> float:
    snapshot = runner.latest()
    beginning = snapshot.phase is Phase.READY or snapshot.phase.preparing
    return 0.1 if beginning and not snapshot.folder else GRACE


def written(paths: Sequence[Path]) -> str:
    """Return which files were written where, as a sentence."""
    names = ", ".join(path.name for path in paths[:NAMED]) + (f" and {len(paths) - NAMED} more" if len(paths) > NAMED else "")
    return f"Wrote {names} to {paths[0].parent.absolute()}"


def farewell(snapshot: Snapshot) -> str:
    """Return where a run was kept and how to go on with it, or that it is not stored; nothing for one that had not begun."""
    from engine.store import called

    if snapshot.unstored:
        return f"{snapshot.run} is {snapshot.unstored}"
    if not snapshot.folder:
        if snapshot.phase is Phase.READY or snapshot.phase.preparing:
            return ""
        reason = NOT_WORTHY if snapshot.phase in BEGUN and snapshot.elapsed <= WORTHY else snapshot.sentence
        return f"{snapshot.run} is not stored: {reason}"
    name = called(Path(snapshot.folder))
    if snapshot.phase is Phase.FINISHED:
        return f"{snapshot.run} is finished; look at it with: genlab show {name}"
    if snapshot.phase in (Phase.DIVERGED, Phase.FAILED):
        return f"{snapshot.run} {snapshot.phase}: {snapshot.sentence} {snapshot.hint}".rstrip()
    if snapshot.phase is Phase.RUNNING:  # it did not stop in time; its state was saved a few seconds ago
        return f"{snapshot.run} was cut off near {progress(snapshot)}; go on from its last state with: genlab resume {name}"
    return f"{snapshot.run} is saved at {progress(snapshot)}; go on with: genlab resume {name}"
