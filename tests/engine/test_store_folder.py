import json
import multiprocessing
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.contract import Claim, Layer, Marker, Phase, Picture, Series, Snapshot, Verdict
from engine.errors import StoreError
from engine.state import State
from engine.store import FORMAT, Manifest, Position, RunFolder, Status

MANIFEST = Manifest(phenomenon="toy", preset="quick", config={"lr": 0.1, "grid": [1, 2]}, seeds=(3,), command_line="genlab run toy\udcff")


@pytest.fixture
def run(tmp_path):
    folder = RunFolder.create(tmp_path, MANIFEST)
    yield folder
    folder.close()


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


def test_no_state_is_none(run):
    assert run.load_state() is None


def test_arrays_and_result_come_back(run):
    run.save_arrays({"X": np.eye(2), "file": np.arange(3)})
    found = run.load_arrays()
    np.testing.assert_array_equal(found["X"], np.eye(2))
    np.testing.assert_array_equal(found["file"], np.arange(3))
    run.save_result({"claims": [{"measured": float("nan"), "holds": None}]})
    assert str(run.load_result()) == "{'claims': [{'measured': nan, 'holds': None}]}"


def test_objects_are_neither_written_nor_read(run):
    with pytest.raises(ValueError):
        run.save_arrays({"X": np.array([object()], dtype=object)})
    with zipfile.ZipFile(run.path / "arrays.npz", "w") as pack, pack.open("X.npy", "w") as entry:
        np.lib.format.write_array(entry, np.array([{}], dtype=object), allow_pickle=True)  # hostile on purpose
    with pytest.raises(StoreError, match=r"arrays.npz is damaged"):
        run.load_arrays()


def snapshot() -> Snapshot:
    x = np.array([1.0, 10.0, 100.0])
    claim = Claim("A1", "It holds", "theory", "0", "1 %", ("quick", "standard"))
    return Snapshot(
        phenomenon="toy", run="toy-quick-s3", preset="quick", config={"lr": 0.1, "list": [1, 2]}, seeds=(3, 4), phase=Phase.RUNNING,
        sentence="running", hint="NaN", step=100, total=None, revision=7,
        series=(
            Series("a", "A", x, np.array([np.nan, np.inf, 0.1]), lo=x - 1, hi=x + 1, band="quartiles"),
            Series("b", "B", x, -x, kind="theory", basis="bound", style="bars", group="g"),
            Series("none", "N", np.empty(0), np.empty(0)),
        ),
        pictures=(
            Picture("p", "P", np.arange(6, dtype=np.uint8).reshape(2, 3), palette="classes", legend=("x", "y"), note="n"),
            Picture("q", "Q", None, (Layer("path", np.ones((4, 2)), "l", "g"),), extent=(0.0, 1.0, -1.0, float("inf")), equal=True),
            Picture("r", "R", np.ones((3, 2), dtype=bool).T, lo=0.0, hi=1.0),
        ),
        markers=(Marker("loss*", "x", 140.0, "memorised", "g"),),
        verdicts=(Verdict(claim, 0.0, float("nan"), None, "not yet"), Verdict(claim, "1", "0.9", True)),
        values={"loss": 0.1, "bad": float("inf")}, notes=("one", "two"), rate=12.5, eta=None, elapsed=3.25, device="cuda",
        memory=2**40, folder="/runs/toy",
    )  # fmt: skip


def assert_equal(one, two):
    """Compare trees of dataclasses, tuples, mappings and arrays, types and bits included."""
    assert type(one) is type(two)
    if isinstance(one, np.ndarray):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one, two)
    elif isinstance(one, tuple | list):
        assert len(one) == len(two)
        for first, second in zip(one, two, strict=True):
            assert_equal(first, second)
    elif isinstance(one, dict):
        assert one.keys() == two.keys()
        for key in one:
            assert_equal(one[key], two[key])
    elif hasattr(one, "__dataclass_fields__"):
        assert_equal(vars(one), vars(two))
    else:
        assert one == two or (one != one and two != two)


def test_a_snapshot_survives_the_disk(run):
    run.save_snapshot(snapshot())
    assert_equal(RunFolder.open(run.path).load_snapshot(), snapshot())


def test_a_snapshot_is_few_archive_entries_and_shared_steps_are_kept_once(run):
    x = np.arange(1000.0)
    many = tuple(Series(str(i), "s", x, np.full(1000, float(i))) for i in range(50))
    run.save_snapshot(Snapshot("toy", "r", "quick", {}, (0,), Phase.RUNNING, "", series=many))
    with zipfile.ZipFile(run.path / "latest.npz") as pack:
        assert sorted(pack.namelist()) == ["f8.npy", "snapshot.npy"]
        assert pack.getinfo("f8.npy").file_size < 52 * 8000
    assert_equal(run.load_snapshot().series, many)


READERS = {
    "latest.npz": RunFolder.load_snapshot,
    "arrays.npz": RunFolder.load_arrays,
    "state.safetensors": RunFolder.load_state,
    "state.json": RunFolder.load_status,
    "result.json": RunFolder.load_result,
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


def with_everything(root: Path) -> None:
    run = RunFolder.create(root, MANIFEST)
    run.append(0, {"loss": 1.0})
    run.save_state(State({"w": np.ones(3)}, {"a": 1}), Position(0, 1, {}))
    run.save_status(Status(Phase.PAUSED, "paused"))
    run.save_arrays({"X": np.ones(3)})
    run.save_snapshot(snapshot())
    run.save_result({"claims": []})
    run.close()


def test_a_manifest_from_a_newer_version_is_refused(tmp_path):
    with_everything(tmp_path)
    path = tmp_path / "toy-quick-s3" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": FORMAT + 1, "seeds": "in a new way"}))
    with pytest.raises(StoreError, match=f"newer genlab .format {FORMAT + 1}; this one reads up to {FORMAT}"):
        RunFolder.open(path.parent)


def test_missing_and_foreign_folders_are_told_apart(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for name, sentence in (("absent", "no run at"), ("empty", "is not a run of genlab"), ("file", "is a file")):
        with pytest.raises(StoreError, match=sentence):
            RunFolder.open(tmp_path / name)


def test_status_of_a_run_whose_process_is_gone(run):
    run.save_status(Status(Phase.RUNNING, "running", step=120, total=300))
    assert RunFolder.open(run.path).load_status().phase is Phase.RUNNING
    run.close()
    status = RunFolder.open(run.path).load_status()
    assert status.phase is Phase.STOPPED and "step 120" in status.sentence and "genlab resume toy-quick-s3" in status.hint


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
    assert run.load_result() == {"claims": ["old"]}
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
