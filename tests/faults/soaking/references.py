"""Runs that nobody disturbed, and whether another run equals one of them bit for bit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from engine.contract import Phase
from engine.errors import StoreError
from engine.store import RunFolder, list_runs
from engine.store.archives import read_archive
from engine.store.files import read_json
from tests.faults.soaking import commands
from tests.golden.cases import CASES, Case

TORN = "was cut short and is left out"  # of a line that a kill has cut; its measurement is made again
TIMES = ("elapsed", "run")  # of a result: they say when and where


def arguments(case: Case, runs: Path) -> list[str]:
    """The command line that begins a case."""
    knobs = [f"--{name.replace('_', '-')}={_text(value)}" for name, value in case.knobs.items()]
    return ["run", case.phenomenon, *knobs, f"--seeds={len(case.seeds)}", "--threads=1", "--device=cpu", f"--runs={runs}"]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def reference(case: Case, kept: Path) -> tuple[Path, float]:
    """The folder of the case's undisturbed run, made when it is first asked for, and the seconds that it took."""
    path = kept / case.id
    if not path.exists():
        fresh = kept / f".{case.id}.{os.getpid()}"
        shutil.rmtree(fresh, ignore_errors=True)
        said = commands.run(fresh, *arguments(case, fresh / "runs"), "--quiet")
        assert said.code == 0, f"{case.id}: {said}"
        (fresh / "seconds").write_text(str(said.seconds))
        try:
            fresh.rename(path)
        except OSError:  # another process was quicker
            shutil.rmtree(fresh)
    (entry,) = list_runs(path / "runs")
    return entry.path, float((path / "seconds").read_text())


def difference(path: Path, other: Path) -> str:
    """What differs between two finished runs; empty where nothing does."""
    folder = RunFolder.open(path)
    if folder.load_progress().phase is not Phase.FINISHED or not folder.whole():
        return "not finished and whole"
    if (path / "metrics.jsonl").read_bytes() != (other / "metrics.jsonl").read_bytes():
        return "metrics.jsonl differs"
    one, two = _result(path), _result(other)
    if one != two:
        return "result.json differs in " + ", ".join(name for name in two if one.get(name) != two[name])
    first, second = (read_archive(found / "arrays.npz") for found in (path, other))
    if first.keys() != second.keys():
        return "arrays.npz has others"
    changed = [name for name in first if _bits(first[name]) != _bits(second[name])]
    return f"arrays.npz differs in {', '.join(changed)}" if changed else ""


def _bits(array: Any) -> tuple[Any, ...]:
    return array.dtype, array.shape, array.tobytes()


def _result(path: Path) -> dict[str, Any]:
    found = {name: value for name, value in read_json(path / "result.json", None).items() if name not in TIMES}
    return {**found, "notes": [note for note in found["notes"] if TORN not in note]} | {"series": repr(found["series"])}


def only_run(runs: Path) -> RunFolder | None:
    """The one run of a folder; None where none has begun. What was killed before it had a manifest is taken away.

    Raises:
        StoreError: a run that has begun cannot be read.
    """
    for entry in list_runs(runs):
        if not entry.problem:
            return RunFolder.open(entry.path)
        if (entry.path / "metrics.jsonl").exists() or (entry.path / "manifest.json").exists():
            raise StoreError(f"what was measured cannot be read: {entry.problem}")
        shutil.rmtree(entry.path)
    return None


def completed(runs: Path, case: Case, folder: Path, kept: Path) -> str:
    """Resume the run of a folder (or begin it, where none has begun) to its end; return what is lost, compared with its reference."""
    other, _ = reference(case, kept)
    try:
        found = only_run(runs)
        if found is not None and found.load_progress().phase is Phase.FINISHED and found.whole():
            return difference(found.path, other)
    except StoreError as error:
        return error.message
    args = arguments(case, runs) if found is None else ["resume", found.name, f"--runs={runs}"]
    said = commands.run(folder, *args, "--quiet")
    if said.code != 0:
        return f"{args[0]} gave {said.code}: {said.err.strip()}"
    again = only_run(runs)
    return "no run" if again is None else difference(again.path, other)


def cases(phenomenon: str) -> list[Case]:
    """The reduced runs of one phenomenon."""
    return [case for case in CASES if case.phenomenon == phenomenon]
