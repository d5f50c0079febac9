"""`genlab.run` and `genlab.load`: what a run gave, for notebooks and scripts; the same thread, numbers and store as everywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine import registry
from engine.contract import Phase, Series, Snapshot, Verdict
from engine.errors import LabError
from engine.phenomenon import AnyPhenomenon
from engine.runner import FolderSession, Runner, preset_of
from engine.seeds import seed_range
from engine.store import RunFolder, find_run, runs_root
from engine.store.folder import ARRAYS


@dataclass(frozen=True)
class Outcome:
    """What a run gave: its last snapshot, curves by name, the problem and its solution, one verdict per claim."""

    snapshot: Snapshot
    series: dict[str, Series]
    arrays: dict[str, NDArray[Any]]
    verdicts: tuple[Verdict, ...]

    @property
    def holds(self) -> dict[str, bool | None]:
        """Whether each claim holds; None where it could not be decided."""
        return {verdict.claim.id: verdict.holds for verdict in self.verdicts}

    @property
    def folder(self) -> Path | None:
        """Where it is stored, if it is."""
        return Path(self.snapshot.folder) if self.snapshot.folder else None


def run(
    name: str | type[AnyPhenomenon],
    *,
    preset: str = "quick",
    seed: int = 0,
    seeds: int | None = None,
    device: str = "auto",
    runs: str | Path | None = None,
    **knobs: Any,
) -> Outcome:
    """Run a phenomenon to its end and return what it gave. A run that diverges is returned as far as it came.

    Args:
        name: a phenomenon's name (or its class).
        preset: named settings to begin from.
        seed: the first seed, in 0..2^31-1.
        seeds: how many; by default as many as the preset has.
        device: "auto", "cpu" or "cuda".
        runs: folder of runs to store it under; None stores nothing.
        **knobs: what differs from the preset.

    Raises:
        LabError: unknown name, knob or value; data missing; or the run failed.
        KeyboardInterrupt: after the state was saved, if the run is stored.
    """
    spec = registry.spec(name) if isinstance(name, str) else name.spec
    config = spec.configure(preset, knobs)
    count = spec.preset(preset).seeds if seeds is None else seeds
    root = None if runs is None else runs_root(Path(runs))
    session = Runner(name, config, preset_of(spec, config, preset), seed_range(seed, count), device=device, root=root)
    try:
        session.start()
        session.join()
    finally:
        session.close(timeout=60.0)
    snapshot = session.latest()
    if snapshot.phase is Phase.FAILED:
        raise session.error if isinstance(session.error, LabError) else LabError(snapshot.sentence, snapshot.hint) from session.error
    return _outcome(snapshot, session.arrays())


def load(run: str | Path, *, runs: str | Path | None = None) -> Outcome:
    """Return what a stored run gave so far; a run that another process still computes may be loaded again and again.

    Args:
        run: its name, or its folder.
        runs: folder of the runs; None for the usual place (or GENLAB_RUNS).

    Raises:
        StoreError: no such run, nothing measured yet, damaged, or written by another version.
    """
    folder = RunFolder.open(find_run(runs_root(None if runs is None else Path(runs)), str(run)))
    snapshot = folder.load_snapshot()
    if not snapshot.phase.over:  # written while it ran; whether it still does is another question
        snapshot = FolderSession(folder.path).latest()
    snapshot = replace(snapshot, run=folder.name, folder=str(folder.path))
    return _outcome(snapshot, folder.load_arrays() if (folder.path / ARRAYS).exists() else {})


def _outcome(snapshot: Snapshot, arrays: dict[str, NDArray[Any]]) -> Outcome:
    return Outcome(snapshot, {item.name: item for item in snapshot.series}, arrays, snapshot.verdicts)
