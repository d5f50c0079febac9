"""What a run leaves at its end: what of it is missing or cut off is told without reading it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.contract import Phase
from engine.store import RunFolder
from engine.store.endings import LEFT, flaw, with_flaw
from tests.engine.store.folders import snapshot


@pytest.fixture
def whole(run: RunFolder) -> Path:
    """A finished run."""
    run.save_snapshot(replace(snapshot(), phase=Phase.FINISHED, notes=("one",)))
    run.save_result({"claims": []})
    run.save_arrays({"x": np.arange(100.0)})
    return run.path


@pytest.fixture
def measured(run: RunFolder, whole: Path) -> None:
    """Its last measurement."""
    run.append(100, {"loss": 0.5})


def test_a_whole_run_has_no_flaw(whole: Path) -> None:
    assert RunFolder.open(whole).whole() and all(flaw(whole, phase) == "" for phase in (*Phase, None))


@pytest.mark.parametrize("file", ["result.json", "latest.npz", "arrays.npz"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "other", "a folder", "a link"])
def test_what_is_missing_or_cut_off_is_named_with_what_makes_it_anew(whole: Path, file: str, damage: str) -> None:
    path = whole / file
    if damage == "cut":
        os.truncate(path, path.stat().st_size - 3)
    elif damage in ("empty", "other"):
        path.write_text("" if damage == "empty" else "no such thing")
    else:
        path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage == "a link":
        path.symlink_to(whole / "manifest.json")
    said = flaw(whole, Phase.FINISHED)
    assert said.startswith((f"{path} is ", f"cannot read {path}")) and not RunFolder.open(whole).whole()
    assert damage in ("a folder", "a link") or f"genlab resume {whole} makes it anew" in said
    assert all(flaw(whole, phase) == "" for phase in set(Phase) - set(LEFT)), "of one that is not at its end nothing is asked"
    assert bool(flaw(whole, Phase.DIVERGED)) is (file != "arrays.npz"), "which leaves no arrays"


@pytest.mark.usefixtures("measured")
def test_it_is_the_last_of_the_notes_once_nobody_writes(run: RunFolder, whole: Path) -> None:
    (whole / "result.json").write_text('{"claims": ]}')
    shown = run.load_snapshot()
    assert with_flaw(run, shown, thorough=True) == shown, "it is being written"
    run.close()
    assert with_flaw(run, shown) == shown, "only reading it tells"
    read = with_flaw(run, shown, thorough=True)
    assert read.flaw == read.notes[-1] and "result.json is damaged" in read.flaw and read.notes[:-1] == shown.notes
    (whole / "result.json").write_text(json.dumps({"claims": []}))
    assert with_flaw(run, shown, thorough=True) == shown


@pytest.mark.parametrize(("kept", "said"), [(2, ""), (1, "ends at step 10"), (0, "holds no measurement")])
def test_a_finished_run_without_its_last_measurements_says_so(run: RunFolder, whole: Path, kept: int, said: str) -> None:
    run.append(10, {"loss": 1.0})
    run.append(100, {"loss": 0.5})
    run.close()
    path = whole / "metrics.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:kept]))
    found = with_flaw(run, run.load_snapshot(), thorough=True).flaw
    assert (
        found.startswith(f"{path} {said}, though the run finished at step 100; to compute it anew: genlab run toy") if said else not found
    )
