"""Stored runs: listed, found, removed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from engine.contract import Snapshot, values_record
from engine.errors import StoreError, UsageError
from engine.store import RunFolder, RunSummary, find_removable, find_run, list_runs, removable, remove_run, runs_root
from engine.store.endings import with_flaw
from engine.sweeps.folder import find_sweep, remove_sweep, sweep_paths
from lab.listing import write_listing
from lab.output import count_marks, count_statuses, emit, plain, say, short
from lab.stored_sweeps import SWEEP_COLUMNS, SWEEP_SPARED, sweep_cells, sweep_record

COLUMNS = ("run", "phenomenon", "preset", "seeds>", "phase", "step>", "begun", "claims")
SPARED = ("preset", "phenomenon", "seeds", "step", "begun", "claims")  # a run's name begins with the first two


def print_runs(runs: Path | None, *, json: bool) -> None:
    """Print every stored run, oldest first, and what is wrong with those that cannot be read."""
    root = runs_root(runs)
    found, sweeps = list_runs(root), list(sweep_paths(root))
    if json:
        for run in found:
            emit(_record(run))
        for path in sweeps:
            emit(sweep_record(path))
    elif found or sweeps:
        if found:
            write_listing(COLUMNS, [_cells(run) for run in found], title=f"{root}", spared=SPARED, full="genlab runs --json")
        else:
            print(plain(f"no runs in {root}"))
        if sweeps:
            cells = [sweep_cells(path) for path in sweeps]
            write_listing(SWEEP_COLUMNS, cells, title="Sweeps", spared=SWEEP_SPARED, full="genlab runs --json")
        problems = [(run.name, run.problem or run.flaw) for run in found if run.problem or run.flaw]
        problems += [(path.name, problem) for path in sweeps if (problem := sweep_record(path)["problem"])]
        for name, problem in problems:
            print(plain(f"{short(name)}: {problem}"))
    else:
        print(plain(f"no runs in {root}; start one with: genlab run NAME"))


def _cells(run: RunSummary) -> tuple[Any, ...]:
    phase = "damaged" if run.problem or run.flaw else f"{run.phase or ''}"
    snapshot = _snapshot(run)
    claims = count_marks(snapshot.verdicts) if snapshot else ""
    return short(run.name), run.phenomenon, run.preset, len(run.seeds) or "", phase, run.step, run.created[:16].replace("T", " "), claims


def _record(run: RunSummary) -> dict[str, Any]:
    snapshot = _snapshot(run)
    return {
        "event": "run", "run": run.name, "folder": str(run.path), "phenomenon": run.phenomenon, "preset": run.preset,
        "seeds": list(run.seeds), "phase": run.phase, "step": run.step, "total": run.total, "created": run.created, "live": run.live,
        "problem": run.problem, "flaw": run.flaw, "claims": count_statuses(snapshot.verdicts) if snapshot else {},
        "values": values_record(snapshot.scalars) if snapshot else {},
    }  # fmt: skip


def _snapshot(run: RunSummary) -> Snapshot | None:
    """What a run says of itself so far; None where nothing was measured or the folder is damaged."""
    if run.problem:
        return None
    try:
        return RunFolder.open(run.path).load_snapshot()
    except StoreError:
        return None


def remove_runs(names: Sequence[str], runs: Path | None, *, yes: bool) -> None:
    """Delete runs for good; ask first unless `yes`. Where one of them may not be deleted, none is.

    Raises:
        UsageError: there is nobody to ask.
        StoreError: no such run, not directly in the runs folder, or the folder holds more than a run.
    """
    root = runs_root(runs)
    sweeps = list(dict.fromkeys(path for name in names if (path := find_sweep(root, name)) is not None))
    others = [name for name in names if find_sweep(root, name) is None]
    paths = list(dict.fromkeys(removable(find_removable(root, name), root) for name in others))
    if not yes:
        counts = ((len(paths), "run"), (len(sweeps), "sweep"))
        what = " and ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)
        if not sys.stdin.isatty():
            raise UsageError(f"rm deletes {what} for good and cannot ask here", "Add --yes.")
        if not typer.confirm(f"Delete {', '.join(path.name for path in (*paths, *sweeps))} for good?"):
            return
    for path in paths:
        remove_run(path, root)
        say(f"deleted {path}")
    for path in sweeps:
        remove_sweep(path)
        say(f"deleted {path}; its runs are kept")


def say_damaged_results(names: Sequence[str], runs: Path | None) -> None:
    """Say of each of these runs what is missing or damaged of what it left, though what was asked for could be read."""
    for name in dict.fromkeys(names):
        _, snapshot = load_run(name, runs)
        if snapshot.flaw:
            say(f"genlab: {snapshot.flaw}")


def load_run(run: str, runs: Path | None) -> tuple[RunFolder, Snapshot]:
    """Return the folder of a run, named or given as a path, and what a screen shows of it.

    Raises:
        StoreError: no such run, or damaged.
    """
    folder = RunFolder.open(find_run(runs_root(runs), run))
    return folder, with_flaw(folder, folder.load_snapshot(), thorough=True)
