"""The runs of the tour, one per experiment, none of them stored unless a person asks; and the progress beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.contract import Session, Snapshot, Spec
from engine.contract.tour import Stop, Visit
from engine.errors import StoreError
from engine.registry import spec
from engine.runner import Runner, preset_of
from engine.seeds import seed_range
from engine.store import called, runs_root
from engine.tour.progress import Progress

STORING = 5.0  # seconds to wait until a run is stored


def runner_of(stop: Stop, device: str = "cpu", threads: int | None = None) -> Runner:
    """Return a run of a stop's experiment that is stored nowhere, not begun yet.

    Raises:
        UsageError: the phenomenon cannot be used.
    """
    found = spec(stop.phenomenon)
    config = found.configure(stop.preset, stop.knobs)
    seeds = seed_range(0, found.preset(stop.preset).seeds)
    return Runner(found.name, config, preset_of(found, config, stop.preset), seeds, device=device, threads=threads)


class Guide:
    """The tour as its screen sees it; implements `screens.application.Tour`.

    Args:
        stops: in their order.
        device, threads: of the runs.
        root: the folder where a run is stored on request; None for the usual one.
        begin: starts a run, perhaps a little later.
        adopt: takes over a run that was stored.
        progress: what became of the stops so far; read from its file by default.
    """

    def __init__(
        self,
        stops: Sequence[Stop],
        *,
        device: str = "cpu",
        threads: int | None = None,
        root: Path | None = None,
        begin: Callable[[Callable[[], None]], None] = lambda start: start(),
        adopt: Callable[[Runner], None] = lambda runner: None,
        progress: Progress | None = None,
    ) -> None:
        self.stops = stops
        self._progress = progress if progress is not None else Progress(stops)
        self._device, self._threads, self._root = device, threads, root
        self._begin, self._adopt = begin, adopt
        self._runs: dict[object, Runner] = {}
        self._ending: list[Runner] = []

    @property
    def visits(self) -> Mapping[str, Visit]:
        """What became of stops so far, by name."""
        return self._progress.visits

    @property
    def problem(self) -> str:
        """Why progress could not be read or is not kept."""
        return self._progress.problem

    def first(self) -> int:
        """Return the place of the stop that was left, or of the first."""
        return next((place for place, stop in enumerate(self.stops) if stop.name == self._progress.at), 0)

    def arrive(self, place: int) -> tuple[Spec, Session]:
        """Return a stop's declaration and run, which goes on alone: those of other stops that are not over are ended."""
        stop = self.stops[place]
        for experiment, runner in list(self._runs.items()):
            if experiment != stop.experiment and not runner.latest().phase.over:
                self._end(experiment)
        self._progress.move_to(stop)
        return spec(stop.phenomenon), self._run(stop)

    def prepare(self, place: int) -> None:
        """Begin the run of a stop that is likely to come next."""
        self._run(self.stops[place])

    def record(self, place: int, visit: Visit) -> None:
        """Keep what became of a stop."""
        self._progress.record(self.stops[place], visit)

    def store(self, place: int) -> str:
        """Store the run of a stop under the folder of runs.

        Raises:
            StoreError: it could not be stored in time.
        """
        runner = self._run(self.stops[place])
        root = runs_root(self._root)
        runner.save(root)
        if not runner.settled(STORING) or not _stored(runner.latest()):
            latest = runner.latest()
            raise StoreError(f"not stored under {root}: {latest.unstored or latest.sentence}", "Try again, or set --runs.")
        self._adopt(runner)
        folder = Path(runner.latest().folder)
        return f"Stored; see it with: genlab show {called(folder)}"

    def end_all(self) -> list[Runner]:
        """End every run and return them, so that whoever leaves can wait for their threads."""
        for experiment in list(self._runs):
            self._end(experiment)
        return self._ending

    def _run(self, stop: Stop) -> Runner:
        runner = self._runs.get(stop.experiment)
        if runner is None:
            runner = self._runs[stop.experiment] = runner_of(stop, self._device, self._threads)
            runner.expect()
            self._begin(runner.start)
        return runner

    def _end(self, experiment: object) -> None:
        """End a run without waiting for its thread."""
        runner = self._runs.pop(experiment)
        if not runner.close(0):
            self._ending.append(runner)


def _stored(snapshot: Snapshot) -> bool:
    return bool(snapshot.folder) and not snapshot.unstored
