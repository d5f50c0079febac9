"""Imported data stay what they were: kept by their content, refused when it changes, gone without a trace when it cannot be kept."""

import hashlib
import json
import os

import numpy as np
import pytest

from engine.data import own
from engine.data.own.folder import Damaged
from engine.errors import DataError, StoreError, UsageError
from engine.store import files

X, Y = np.random.default_rng(0).standard_normal((12, 3)), np.arange(12) % 3


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "deep" / "data"))
    return tmp_path / "deep" / "data"


def data(x=X, y=Y, **known):
    return own.OwnData(**{"kind": "classes", "inputs": x, "y": y, "shape": (3,), "classes": ("a", "b", "c"), "source": "a.csv", **known})


def spectrum(signal=None):
    return own.OwnData("spectrum", None, np.zeros(0), eigenvalues=np.array([3.0, 1.0]), signal=signal, source="s.csv")


def test_what_is_added_is_found_and_loaded(folder):
    entry, changed = own.add("mine", data())
    assert changed and own.find("mine") == entry and own.entries() == [entry]
    assert (entry.kind, entry.rows, entry.shape, entry.counts, entry.repeated) == ("classes", 12, (3,), (4, 4, 4), 0)
    assert hashlib.sha256((folder / f"{entry.sha256}.npz").read_bytes()).hexdigest() == entry.sha256
    loaded = own.load("mine", entry.sha256)
    np.testing.assert_array_equal(loaded.x, X)
    np.testing.assert_array_equal(loaded.y, Y)
    assert (loaded.classes, loaded.shape, loaded.name, loaded.sha256) == (("a", "b", "c"), (3,), "mine", entry.sha256)
    with np.load(folder / f"{entry.sha256}.npz", allow_pickle=False) as kept:  # anyone can read it
        assert sorted(kept) == ["X", "classes", "shape", "y"]


@pytest.mark.parametrize("signal", [None, np.array([0.5, 2.0])])
def test_a_spectrum_and_real_targets(signal):
    entry, _ = own.add("falling", spectrum(signal))
    loaded = own.load("falling", entry.sha256)
    assert (entry.rows, entry.hi, entry.lo, entry.signal, loaded.x) == (2, 3.0, 1.0, signal is not None, None)
    assert loaded.eigenvalues.tolist() == [3, 1] and (loaded.signal is None) == (signal is None)
    targets, _ = own.add("prices", data(y=X[:, 0], kind="targets", classes=()))
    np.testing.assert_array_equal(own.load("prices").y, X[:, 0])
    assert (targets.target_lo, targets.target_hi) == (X[:, 0].min(), X[:, 0].max())


def test_rows_that_repeat_are_counted():
    assert own.add("mine", data(np.vstack([X[:6], X[:6]])))[0].repeated == 6


def test_the_same_again_changes_nothing_and_another_needs_force(folder):
    first, _ = own.add("mine", data())
    assert own.add("mine", data(source="elsewhere.csv")) == (first, False)
    with pytest.raises(UsageError, match=r"there is a data set mine already, with other content \(12 rows from a.csv\)"):
        own.add("mine", data(X + 1))
    second, changed = own.add("mine", data(X + 1), force=True)
    assert changed and second.sha256 != first.sha256
    assert sorted(path.name for path in folder.iterdir()) == sorted(["mine.json", f"{second.sha256}.npz"])


def test_two_names_share_a_content_until_both_are_gone(folder):
    entry, _ = own.add("one", data())
    own.add("two", data())
    own.remove("one")
    assert own.load("two", entry.sha256).rows == 12
    own.remove("two")
    assert list(folder.iterdir()) == [] and own.entries() == []
    with pytest.raises(UsageError, match="no imported data set 'two'"):
        own.remove("two")


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "A", "1a", "a.b", "x" * 41, "digits5k", "mnist1d", "teacher", "gauss", "con", "a\n", "ä", "-a", "a\0"]
)
def test_names(name, folder):
    with pytest.raises(UsageError):
        own.add(name, data())
    with pytest.raises(UsageError):
        own.find(name)
    with pytest.raises(UsageError):
        own.remove(name)
    assert not folder.exists()


def test_another_content_or_none_is_refused():
    first, _ = own.add("mine", data())
    second, _ = own.add("mine", data(X + 1), force=True)
    with pytest.raises(DataError, match=f"mine is another one now: SHA-256 {second.sha256[:12]}..., where {first.sha256[:12]}"):
        own.load("mine", first.sha256)
    own.remove("mine")
    with pytest.raises(DataError, match=r"mine .* is not here") as caught:
        own.load("mine", first.sha256)
    assert caught.value.hint == "import it: genlab data import mine FILE"


@pytest.mark.parametrize("how", ["longer", "shorter", "another", "gone", "a link", "compressed"])
def test_a_content_that_changed_is_damaged_and_can_be_imported_again(folder, how, tmp_path):
    entry, _ = own.add("mine", data())
    path = folder / f"{entry.sha256}.npz"
    content = path.read_bytes()
    if how == "longer":
        path.write_bytes(content + b"x")
    elif how == "shorter":
        path.write_bytes(content[:-1])
    elif how == "another":
        path.write_bytes(bytes([content[0]]) + bytes(len(content) - 1))
    elif how == "compressed":
        np.savez_compressed(path, X=X, y=Y)
    else:
        path.unlink()
        if how == "a link":
            (tmp_path / "elsewhere").write_bytes(content)
            path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="the data set mine is damaged"):
        own.load("mine", entry.sha256)
    if how != "a link":
        assert own.add("mine", data())[1]
        assert own.load("mine", entry.sha256).rows == 12


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"name": 3}', b"\xff", {"rows": 13}, {"name": "other"}, {"shape": [4]}, {"classes": ["a"]}, {"kind": "x"},
     {"lo": "NaN"}, {"rows": -1}, {"sha256": "../x"}, {"format": 99}],
)  # fmt: skip
def test_a_damaged_entry_takes_no_listing_down(folder, content):
    entry, _ = own.add("mine", data())
    own.add("other", data(X + 1))
    path = folder / "mine.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps({**json.loads(path.read_text()), **content}).encode())
    listed = own.entries()
    assert [found.name for found in listed] == ["mine", "other"]
    assert isinstance(listed[0], Damaged) or content in ({"shape": [4]}, {"rows": 13})
    with pytest.raises(DataError):
        own.load("mine", entry.sha256)
    with pytest.raises(UsageError, match="already"):
        own.add("mine", data(X + 2))
    assert own.add("mine", data(), force=True)[1]
    assert own.load("mine").rows == 12


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(folder):
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    with pytest.raises(StoreError, match="permission denied") as caught:
        own.add("mine", data())
    assert "GENLAB_DATA" in caught.value.hint


def test_a_folder_that_is_a_file(folder):
    folder.parent.mkdir()
    folder.write_text("")
    with pytest.raises(StoreError) as caught:
        own.add("mine", data())
    assert "GENLAB_DATA" in caught.value.hint and own.entries() == []


@pytest.mark.parametrize("written", [0, 1])
def test_a_full_disk_leaves_nothing_behind(folder, monkeypatch, written):
    real, calls = files.write_all, []

    def full(descriptor, content):
        calls.append(content)
        if len(calls) > written:
            raise OSError(28, "No space left on device")
        real(descriptor, content)

    monkeypatch.setattr(files, "write_all", full)
    with pytest.raises(StoreError, match="the disk is full") as caught:
        own.add("mine", data())
    assert "GENLAB_DATA" in caught.value.hint
    assert not folder.parent.exists() or list(folder.parent.iterdir()) == []


def test_a_full_disk_spares_what_was_there(folder, monkeypatch):
    entry, _ = own.add("mine", data())

    def full(descriptor, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(StoreError, match="the disk is full"):
        patch.setattr("engine.store.files.write_all", full)
        own.add("mine", data(X + 1), force=True)
    assert own.find("mine") == entry and own.load("mine").rows == 12
