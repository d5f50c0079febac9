"""What travels to a Dask worker and back: parcels that were changed on the way are refused, and only the files of a run are taken."""

import hashlib
import math

import numpy as np
import pytest

from engine.errors import StoreError
from engine.store import list_runs
from engine.store.archives import archive
from engine.store.archives import unpacked as arrays_of
from lab.running import dask_task
from lab.running.parcels import Tampered, packed, unpacked
from lab.running.travelling import bring, lay_out, run_files

RECORD = {"points": [{"index": 0, "rate": 0.1 + 0.2, "none": None, "list": [1, "a"]}], "sweep": "s"}
FILES = {"manifest.json": b"{}", "arrays.npz": archive({"w": np.arange(3.0)}), "empty": b""}


def test_a_parcel_comes_back_bit_for_bit(tmp_path):
    record, files = unpacked(packed({**RECORD, "nan": math.nan, "text": "NaN"}, FILES))
    assert math.isnan(record.pop("nan")) and record.pop("text") == "NaN"
    assert (record, files) == (RECORD, FILES)
    assert arrays_of(files["arrays.npz"], tmp_path)["w"].tolist() == [0, 1, 2]


def test_a_parcel_of_which_any_byte_was_changed_is_refused():
    whole = packed(RECORD, FILES)
    for place in range(len(whole)):
        torn = bytearray(whole)
        torn[place] ^= 1
        with pytest.raises(Tampered):
            unpacked(bytes(torn))


@pytest.mark.parametrize("parcel", [b"", b"x", packed(RECORD, FILES)[:-1], packed(RECORD, FILES) + b"x", "text", None, {"record": {}}])
def test_what_is_no_parcel_is_refused(parcel):
    with pytest.raises(Tampered, match="not what was sent"):
        unpacked(parcel)


@pytest.mark.parametrize(
    "head", [b"[]", b"{", b'{"record": 1, "files": []}', b'{"record": {}, "files": [["a", -1, ""]]}', b'{"record": {}, "files": [1]}']
)
def test_a_head_that_makes_no_sense_is_refused_even_with_its_checksum(head):
    with pytest.raises(Tampered):
        unpacked(hashlib.sha256(head).digest() + len(head).to_bytes(8, "little") + head)


def test_a_worker_refuses_a_job_that_was_changed():
    torn = bytearray(packed({"sweep": "s", "points": []}))
    torn[-1] ^= 1
    answer, _ = unpacked(dask_task.work(bytes(torn)))
    assert "not what was sent" in answer["problem"]


class Folder:
    """A run on its way, whose pieces can be changed."""

    def __init__(self, files, change=lambda name, data: data):
        self.files, self.change = files, change

    def sizes(self):
        return {name: len(data) for name, data in self.files.items()}

    def piece(self, name, start, length):
        return self.change(name, self.files[name][start : start + length])


@pytest.fixture
def travelled(run, tmp_path):
    """The files of a run, and a folder of runs that it may come to."""
    name = run("--steps", "20")
    return run_files(tmp_path / "runs" / name), tmp_path / "there"


def test_a_run_travels_bit_for_bit_and_takes_the_place_of_what_it_was(travelled):
    files, root = travelled
    first = bring(Folder(files), root, "toy", lambda manifest: manifest.phenomenon == "toy")
    second = bring(Folder(files), root, "toy", lambda manifest: True)
    assert (first.name, second.name) == ("toy", "toy-2")
    third = bring(Folder(files), root, "toy", lambda manifest: True, replaces=first)
    assert third == first
    assert run_files(first) == run_files(second) == files
    assert sorted(path.name for path in root.iterdir()) == ["toy", "toy-2"]


@pytest.mark.parametrize("how", ["another file", "a path", "cut off", "another run", "no manifest"])
def test_of_a_run_that_did_not_come_whole_nothing_is_left(travelled, how):
    files, root = travelled
    if how == "another file":
        files["other.txt"] = b"x"
    elif how == "a path":
        files["../manifest.json"] = b"x"
    elif how == "no manifest":
        del files["manifest.json"]
    cut = (lambda name, data: data[:-1]) if how == "cut off" else (lambda name, data: data)
    with pytest.raises(StoreError):
        bring(Folder(files, cut), root, "toy", lambda manifest: how != "another run")
    assert list(root.iterdir()) == []


def test_a_worker_lays_out_only_the_files_of_a_run(tmp_path):
    with pytest.raises(StoreError, match="none of a run's"):
        lay_out(tmp_path, {"../x": b""})
    assert list(tmp_path.iterdir()) == []


def test_a_worker_hands_out_only_the_files_of_runs_that_it_computed(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path / "cache"))
    name = run("--steps", "20")
    files = run_files(tmp_path / "runs" / name)
    there = dask_task.away() / "sweep" / "toy"
    there.mkdir(parents=True)
    lay_out(there, files)
    sizes, _ = unpacked(dask_task.listed("sweep", "toy"))
    assert dict(sizes["files"]) == {name: len(data) for name, data in files.items()}
    for sweep, wanted, file in (("sweep", "toy", "../toy/manifest.json"), ("sweep", "toy", "/etc/passwd"), ("..", "passwd", "state.json")):
        assert unpacked(dask_task.piece(sweep, wanted, file, 0, 10))[0]["problem"]
    assert unpacked(dask_task.listed("sweep", "../../runs/" + name))[0]["problem"]
    unpacked(dask_task.forget("sweep", "toy"))
    assert not there.parent.exists() and len(list_runs(tmp_path / "runs")) == 1
