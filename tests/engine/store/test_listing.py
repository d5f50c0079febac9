"""The folder of all runs: listing, finding, removing."""

import os
from pathlib import Path

import numpy as np
import pytest

from engine.contract import Phase
from engine.errors import StoreError
from engine.store import Manifest, Progress, RunFolder, find_run, list_runs, remove_run, runs_root


def made(root: Path, seed: int = 0, created: str = "2026-01-01T00:00:00+00:00") -> Path:
    run = RunFolder.create(root, Manifest(phenomenon="toy", preset="quick", config={}, seeds=(seed,), created=created))
    run.append(0, {"loss": 1.0})
    run.save_progress(Progress(Phase.FINISHED, "finished at step 300", step=300, total=300))
    run.save_arrays({"X": np.ones(2)})
    run.close()
    return run.path


def test_the_root_is_explicit_then_environment_then_platform(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "env"))
    assert runs_root(tmp_path) == tmp_path
    assert runs_root() == tmp_path / "env"
    monkeypatch.setenv("GENLAB_RUNS", "~/x")
    assert runs_root() == Path.home() / "x"
    monkeypatch.delenv("GENLAB_RUNS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert runs_root().name == "runs" and "genlab" in str(runs_root())


def test_a_missing_folder_holds_no_runs(tmp_path):
    assert list_runs(tmp_path / "absent") == []


def test_runs_are_listed_oldest_first_with_what_is_wrong_with_each(tmp_path):
    made(tmp_path, 1, "2026-01-03T00:00:00+00:00")
    made(tmp_path, 2, "2026-01-02T00:00:00+00:00")
    broken, newer = made(tmp_path, 3), made(tmp_path, 4)
    (broken / "state.json").write_text("{")
    (newer / "manifest.json").write_text('{"format": 99}')
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "other").mkdir()
    (tmp_path / ".hidden").mkdir()
    found = {run.name: run for run in list_runs(tmp_path)}
    assert list(found)[-2:] == ["toy-quick-s2", "toy-quick-s1"]
    first = found["toy-quick-s1"]
    assert (first.phenomenon, first.preset, first.seeds, first.phase, first.step, first.problem, first.live) == (
        "toy", "quick", (1,), Phase.FINISHED, 300, "", False,
    )  # fmt: skip
    assert "damaged" in found["toy-quick-s3"].problem and found["toy-quick-s3"].phenomenon == "toy"
    assert "newer genlab" in found["toy-quick-s4"].problem
    assert "not the folder of a run" in found["notes.txt"].problem
    assert "not a run of genlab" in found["other"].problem
    assert ".hidden" not in found


@pytest.mark.parametrize("name", ["manifest.json", "state.json"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format":' + b"9" * 5000 + b"}",
        b'{"format":2,"phase":"paused","seeds":[]}',
        b'{"format":true}',
        None,
    ],
    ids=["empty", "noise", "nested", "long number", "fields missing", "no number", "a folder"],
)
def test_one_damaged_run_takes_nothing_else_down(tmp_path, name, content):
    broken, whole = made(tmp_path, 1), made(tmp_path, 2)
    (broken / name).unlink()
    if content is None:
        (broken / name).mkdir()
    else:
        (broken / name).write_bytes(content)
    found = {run.name: run for run in list_runs(tmp_path)}
    assert found[broken.name].problem and "Traceback" not in found[broken.name].problem
    assert found[whole.name].problem == "" and found[whole.name].phase is Phase.FINISHED


def test_a_run_is_found_by_name_and_by_path(tmp_path, monkeypatch):
    path = made(tmp_path / "runs")
    assert find_run(tmp_path / "runs", path.name) == path
    assert find_run(tmp_path / "absent", path) == path
    monkeypatch.chdir(path.parent)
    assert find_run(tmp_path / "absent", path.name).resolve() == path


def test_an_unknown_run_names_the_nearest(tmp_path):
    made(tmp_path)
    with pytest.raises(StoreError, match=r"no run 'toy-quik-s0' in .*; did you mean toy-quick-s0\?"):
        find_run(tmp_path, "toy-quik-s0")
    (tmp_path / "other").mkdir()
    with pytest.raises(StoreError, match="is not a run of genlab"):
        find_run(tmp_path, "other")
    with pytest.raises(StoreError, match="no run ''"):
        find_run(tmp_path, "")


def test_removing_deletes_exactly_the_run(tmp_path):
    path, other = made(tmp_path, 0), made(tmp_path, 1)
    (path / ".latest.npz.new").write_text("left by a crash")
    remove_run(path)
    assert not path.exists() and len(list(other.iterdir())) == 5


@pytest.mark.parametrize("foreign", ["a file in it", "no manifest", "a link", "being written"])
def test_what_is_not_only_ours_is_not_removed(tmp_path, foreign):
    path = target = made(tmp_path / "runs")
    writer = None
    if foreign == "a file in it":
        (path / "thesis.tex").write_text("x")
    elif foreign == "no manifest":
        (path / "manifest.json").unlink()
    elif foreign == "a link":
        target = tmp_path / "runs" / "link"
        target.symlink_to(path)
    else:
        writer = RunFolder.open(path, writable=True)
    before = sorted(path.iterdir())
    with pytest.raises(StoreError) as caught:
        remove_run(target)
    assert caught.value.hint
    assert sorted(path.iterdir()) == before
    if writer is not None:
        writer.close()


def test_an_unreadable_runs_folder_is_one_sentence(tmp_path, monkeypatch):
    made(tmp_path)

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(StoreError, match=f"cannot read {tmp_path}: permission denied"):
        list_runs(tmp_path)
