"""Any bytes under any name: importing them gives data that belong together, or an error of one sentence; never anything else."""

from __future__ import annotations

import gzip
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.own import OwnData, Wishes, read
from engine.errors import DataError, UsageError
from tests.engine.data.own.formats import cifar10, colours, csv, idx, images
from tests.properties.examples import counted, examples

NAMES = ("a.npz", "a.npy", "a.csv", "a.tsv", "a.txt", "a-idx3-ubyte", "a.gz", "a.bin", "a")
LABELS = np.arange(12) % 3


@pytest.fixture
def sound(tmp_path):
    """The bytes of sound files, by format."""
    np.savez(tmp_path / "plain.npz", X=images(12), y=LABELS)
    np.savez_compressed(tmp_path / "packed.npz", X=images(12), y=np.array(list("abc"))[LABELS])
    np.savez(tmp_path / "spectrum.npz", eigenvalues=np.arange(1.0, 9), signal=np.ones(8))
    np.save(tmp_path / "table.npy", np.random.default_rng(0).standard_normal((9, 3)))
    files = [(tmp_path / name).read_bytes() for name in ("plain.npz", "packed.npz", "spectrum.npz", "table.npy")]
    table = csv([(1.5, 2, "a"), (2.5, 3, "b"), (3, 4, "a")], ("one", "two", "kind")).encode()
    return [*files, table, gzip.compress(table), idx(images(12)), idx(LABELS), gzip.compress(idx(images(12))), cifar10(colours(2), [1, 2])]


def read_it(path, wishes):
    """Read a file; whatever comes of it must be sound."""
    try:
        found = read([path], wishes)
    except (DataError, UsageError) as error:
        assert error.message and "\n" not in error.message
        return
    belongs_together(found)


def belongs_together(found: OwnData):
    if found.kind == "spectrum":
        assert found.eigenvalues is not None and np.isfinite(found.eigenvalues).all() and found.rows >= 2
        return
    assert found.inputs is not None and found.inputs.shape == (found.rows, np.prod(found.shape)) and np.isfinite(found.inputs).all()
    assert found.y.shape == (found.rows,) and np.isfinite(found.y).all()
    if found.kind == "classes":
        assert 2 <= len(found.classes) == len(np.unique(found.y)) and found.y.max() < len(found.classes)


WISHES = st.builds(
    Wishes, st.sampled_from(["", "1", "two", "y", "fine"]), st.sampled_from(["", "classes", "targets", "spectrum"]),
    st.sampled_from([(), (6, 6), (2,)]),
)  # fmt: skip


def test_random_bytes(tmp_path):
    beginnings = (b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x1f\x8b\x08\x00", b"\0\0\x08\x01", b"\0\0\x0d\x03", b"\x80\x04", b"1,2,a\n")

    @examples(200)
    @given(st.sampled_from(NAMES), st.sampled_from(beginnings), st.binary(max_size=300), WISHES)
    @counted
    def check(name, begin, content, wishes):
        path = tmp_path / name
        path.write_bytes(begin + content)
        read_it(path, wishes)

    check()


def test_sound_files_cut_or_changed(tmp_path, sound):
    @examples(200)
    @given(st.integers(0, len(sound) - 1), st.sampled_from(NAMES), st.integers(0, 2**64), WISHES, st.booleans())
    @counted
    def check(which, name, seed, wishes, cut):
        chance, content = random.Random(seed), bytearray(sound[which])
        if cut:
            del content[chance.randrange(len(content)) :]
        for _ in range(0 if cut else chance.randrange(1, 5)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path = tmp_path / name
        path.write_bytes(bytes(content))
        labels = tmp_path / "labels"
        labels.write_bytes(idx(LABELS))
        read_it(path, wishes if chance.random() < 0.7 else Wishes(labels=labels))

    check()


def test_any_text(tmp_path):
    cells = st.one_of(st.sampled_from(["1", "-2.5", "nan", "a", "", '"', "1e400", "#"]), st.text(max_size=5))

    @examples(200)
    @given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=6), st.sampled_from([",", "\t", ";", " "]), WISHES)
    @counted
    def check(rows, delimiter, wishes):
        path = tmp_path / "a.csv"
        path.write_text(csv(rows, (), delimiter), encoding="utf-8", errors="surrogatepass")
        read_it(path, wishes)

    check()
