"""How long a point of a sweep will take, as far as stored runs of the same phenomenon tell."""

from __future__ import annotations

import contextlib
from pathlib import Path
from statistics import median

from engine.contract import Phase
from engine.errors import StoreError
from engine.store import RunFolder, list_runs
from engine.sweeps.plan import Plan

LATELY = 8  # runs that are looked at
GUESS = 5.0  # seconds, where no run tells


def seconds_a_point(plan: Plan, root: Path) -> tuple[float, str]:
    """Return the seconds that a run took lately, and by what that is known; empty where it is a guess."""
    times: list[float] = []
    for run in reversed(list_runs(root)):
        if run.phenomenon == plan.spec.name and run.phase is Phase.FINISHED and len(times) < LATELY:
            with contextlib.suppress(StoreError):
                times.append(RunFolder.open(run.path).load_snapshot().elapsed * len(plan.seeds) / max(1, len(run.seeds)))
    if not times:
        return GUESS, ""
    return max(0.01, median(times)), f"its last {len(times)} runs" if len(times) > 1 else "its last run"
