"""The folder of a run: what is written comes back, what is damaged is one sentence, and one process writes at a time."""

import json
import multiprocessing
import os
import zipfile

import numpy as np
import pytest

from engine.contract import Phase
from engine.errors import StoreError
from engine.state import State
from engine.store import Position, Progress, RunFolder, frozen
from engine.store.strict_json import loads
from tests.engine.store.folders import MANIFEST, with_everything


def test_names_tell_phenomenon_preset_and_seeds_and_are_never_reused(tmp_path):
    runs = [RunFolder.create(tmp_path / "deep" / "runs", MANIFEST) for _ in range(3)]
    assert [run.name for run in runs] == ["toy-quick-s3", "toy-quick-s3-2", "toy-quick-s3-3"]
    eight = RunFolder.create(tmp_path, MANIFEST.model_copy(update={"seeds": tuple(range(8))}))
    assert eight.name == "toy-quick-s0x8"
    for run in [*runs, eight]:
        run.close()


def test_the_manifest_comes_back(run):
    assert RunFolder.open(run.path).manifest == MANIFEST
    assert set(MANIFEST.versions) == {"python", "genlab", "torch", "numpy", "scipy"}


def test_state_comes_back_bit_for_bit(run):
    arrays = {
        "nothing": np.zeros((0, 3)),
        "scalar": np.array(0.1),
        "flag": np.array(True),
        "bytes": np.arange(7, dtype=np.uint8),
        "count": np.array([2**62, -1]),
        "half": np.array([1.5, np.inf], dtype=np.float16),
        "single": np.array([0.1, -0.0, np.nan], dtype=np.float32),
        "strided": np.arange(24.0).reshape(4, 6).T[::2],
        "swapped": np.array([1.0, 2.5], dtype=">f8"),
    }
    scalars = {"rng": np.random.default_rng(0).bit_generator.state, "loss": [0.1, float("inf")], "name": "NaN"}
    position = Position(40, 7, {"lr": 0.1}, 1.25)
    run.save_state(State(arrays, scalars), position)
    state, found = RunFolder.open(run.path).load_state()
    assert found == position
    assert state.scalars == scalars
    assert state.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert state.arrays[name].shape == array.shape, name
        assert state.arrays[name].dtype == array.dtype.newbyteorder("="), name
        np.testing.assert_array_equal(state.arrays[name], array, err_msg=name)


def test_a_frozen_state_does_not_change_with_the_arrays_that_it_is_of():
    w, inner = np.arange(6.0).reshape(2, 3).T, [1, 2]
    state = frozen(State({"w": w, "scalar": np.array(0.5)}, {"list": inner}))
    w += 1
    inner.append(3)
    np.testing.assert_array_equal(state.arrays["w"], np.arange(6.0).reshape(2, 3).T)
    assert state.scalars == {"list": [1, 2]} and state.arrays["scalar"].shape == ()


def test_no_state_is_none(run):
    assert run.load_state() is None


def test_arrays_and_result_come_back(run):
    run.save_arrays({"X": np.eye(2), "file": np.arange(3)})
    found = run.load_arrays()
    np.testing.assert_array_equal(found["X"], np.eye(2))
    np.testing.assert_array_equal(found["file"], np.arange(3))
    run.save_result({"claims": [{"measured": float("nan"), "status": None}]})
    assert str(loads((run.path / "result.json").read_bytes())) == "{'claims': [{'measured': nan, 'status': None}]}"


def test_objects_are_neither_written_nor_read(run):
    with pytest.raises(ValueError):
        run.save_arrays({"X": np.array([object()], dtype=object)})
    with zipfile.ZipFile(run.path / "arrays.npz", "w") as pack, pack.open("X.npy", "w") as entry:
        np.lib.format.write_array(entry, np.array([{}], dtype=object), allow_pickle=True)  # hostile on purpose
    with pytest.raises(StoreError, match=r"arrays.npz is damaged"):
        run.load_arrays()


READERS = {
    "latest.npz": RunFolder.load_snapshot,
    "arrays.npz": RunFolder.load_arrays,
    "state.safetensors": RunFolder.load_state,
    "state.json": RunFolder.load_progress,
    "manifest.json": RunFolder.close,  # opening alone reads it
}
DAMAGES = {
    "empty": lambda _: b"",
    "half": lambda whole: whole[: len(whole) // 2],
    "noise": lambda _: bytes(range(256)) * 3,
    "list": lambda _: b"[1]",
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_one_sentence_and_stays_as_it_is(tmp_path, name, damage):
    with_everything(tmp_path)
    path = tmp_path / "toy-quick-s3" / name
    content = DAMAGES[damage](path.read_bytes())
    path.write_bytes(content)
    with pytest.raises(StoreError, match=f"{name} is damaged") as caught:
        READERS[name](RunFolder.open(path.parent))
    assert caught.value.hint
    assert path.read_bytes() == content


def test_a_file_that_is_gone_says_what_makes_it_anew_and_a_folder_that_is_gone_where_else_to_write(tmp_path):
    with_everything(tmp_path)
    path = tmp_path / "toy-quick-s3"
    (path / "latest.npz").unlink()
    with pytest.raises(StoreError, match=r"latest\.npz: it is not there") as gone:
        RunFolder.open(path).load_snapshot()
    assert gone.value.hint.startswith("genlab resume")
    run = RunFolder.create(tmp_path, MANIFEST)
    run.path.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=r"cannot write .*: it is not there") as moved:
        run.append(1, {})
    assert "--runs DIR" in moved.value.hint
    run.close()


def test_a_snapshot_of_another_phenomenon_does_not_fit_and_is_not_to_be_resumed(tmp_path):
    with_everything(tmp_path)
    path = tmp_path / "toy-quick-s3"
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**manifest, "phenomenon": "grokking"}))
    with pytest.raises(StoreError, match=r"latest.npz of run toy-quick-s3 does not fit its manifest.json") as caught:
        RunFolder.open(path).load_snapshot()
    assert "resume" not in caught.value.hint


@pytest.mark.parametrize(
    "found",
    [{"phase": "resting"}, {}, {"phase": "paused", "step": "1"}, {"phase": "paused", "sentence": None}, {"phase": "paused", "speed": 3}],
    ids=str,
)
def test_progress_of_the_wrong_type_is_damage(run, found):
    (run.path / "state.json").write_text(json.dumps(found))
    with pytest.raises(StoreError, match=r"state\.json is damaged"):
        run.load_progress()


def test_control_characters_of_a_stored_text_never_come_back(run):
    (run.path / "state.json").write_text(json.dumps({"phase": "finished", "sentence": "\x1b]0;owned\x07"}))
    assert run.load_progress().sentence == "\ufffd]0;owned\ufffd"
    manifest = run.path / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "preset": "\x1b[2J", "config": {"\x9b": "\x07"}}))
    found = RunFolder.open(run.path).manifest
    assert found.preset == "\ufffd[2J" and found.config == {"\ufffd": "\ufffd"}


def test_missing_and_foreign_folders_are_told_apart(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for name, sentence in (("absent", "no run at"), ("empty", "is not a run of genlab"), ("file", "is a file")):
        with pytest.raises(StoreError, match=sentence):
            RunFolder.open(tmp_path / name)


def test_progress_of_a_run_whose_process_is_gone(run):
    run.save_progress(Progress(Phase.RUNNING, "running", step=120, total=300))
    assert RunFolder.open(run.path).load_progress().phase is Phase.RUNNING
    run.close()
    progress = RunFolder.open(run.path).load_progress()
    assert progress.phase is Phase.STOPPED and "step 120" in progress.sentence and progress.hint.endswith("/toy-quick-s3 continues")


def _hold(path, ready, done):
    run = RunFolder.open(path, writable=True)
    ready.set()
    done.wait(60)
    run.close()


def test_a_second_process_is_refused_and_told_who_writes(tmp_path):
    with_everything(tmp_path)
    path = tmp_path / "toy-quick-s3"
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(path, ready, done))
    other.start()
    assert ready.wait(60)
    with pytest.raises(StoreError, match=f"run toy-quick-s3 is being written by process {other.pid}"):
        RunFolder.open(path, writable=True)
    assert RunFolder.open(path).live
    other.kill()
    other.join()
    assert not RunFolder.open(path).live
    run = RunFolder.open(path, writable=True)
    with pytest.raises(StoreError, match="by this process"):
        RunFolder.open(path, writable=True)
    run.close()
    run.close()


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "open"])
def test_a_disk_that_refuses_leaves_what_was_there(run, monkeypatch, call):
    run.save_result({"claims": ["old"]})
    before = sorted(path.name for path in run.path.iterdir())

    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(StoreError, match=r"cannot write .*result.json: the disk is full") as caught:
            run.save_result({"claims": ["new"]})
    assert "--runs" in caught.value.hint
    assert loads((run.path / "result.json").read_bytes()) == {"claims": ["old"]}
    assert sorted(path.name for path in run.path.iterdir()) == before


@pytest.mark.parametrize(
    ("number", "words"), [(13, "permission denied"), (30, "the file system is read-only"), (122, "quota"), (5, "Input/output error")]
)
def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch, number, words):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(StoreError, match=words) as caught:
        RunFolder.create(tmp_path, MANIFEST)
    assert "--runs" in caught.value.hint


def test_a_folder_whose_manifest_cannot_be_written_is_taken_away_again(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", refuse)
        with pytest.raises(StoreError, match="disk is full"):
            RunFolder.create(tmp_path, MANIFEST)
    assert list(tmp_path.iterdir()) == []


def test_the_place_for_runs_may_not_be_a_file(tmp_path):
    (tmp_path / "runs").write_text("x")
    with pytest.raises(StoreError, match="cannot make the folder"):
        RunFolder.create(tmp_path / "runs", MANIFEST)
