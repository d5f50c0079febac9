"""`engine.run(...)`: a phenomenon from Python, for notebooks and scripts; the same thread, numbers and store as everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine import registry
from engine.contract import Phase, Series, Snapshot, Verdict
from engine.errors import LabError
from engine.phenomenon import AnyPhenomenon
from engine.runner.session import Runner
from engine.runner.setup import preset_of
from engine.seeds import seed_range


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
    root = None if runs is None else Path(runs).expanduser()
    session = Runner(name, config, preset_of(spec, config, preset), seed_range(seed, count), device=device, root=root)
    try:
        session.start()
        session.join()
    finally:
        session.close(timeout=60.0)
    snapshot = session.latest()
    if snapshot.phase is Phase.FAILED:
        raise session.error if isinstance(session.error, LabError) else LabError(snapshot.sentence, snapshot.hint) from session.error
    return Outcome(snapshot, {item.name: item for item in snapshot.series}, session.arrays(), snapshot.verdicts)
