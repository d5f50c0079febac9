"""Files that cannot be meant are refused in one sentence with what to do, before anything is stored."""

import gzip
import os
import pickle
import re
import tarfile
import zipfile

import numpy as np
import pytest

from engine.data.own import Wishes, read, table
from engine.errors import DataError, UsageError
from tests.engine.data.own.formats import cifar10, colours, idx, images, npy_header, packed

LABELS = np.arange(12) % 3


def refused(*paths, error=DataError, **wishes):
    with pytest.raises(error) as caught:
        read(paths, Wishes(**wishes))
    assert caught.value.hint and "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "\n\n# only this\n", "holds no rows"),
        ("a.csv", "1,2,a\n1,2,3,b\n", "ragged: line 2 has 4 values, where the first row has 3"),
        ("a.csv", "1,2,a\n1,nan,b\n", "line 2 .* column 2 is 'nan', where a finite number must be"),
        ("a.csv", "1,2,a\n1,-inf,b\n", "column 2 is '-inf'"),
        ("a.csv", "1,2,a\n1,,b\n", "column 2 is empty"),
        ("a.csv", "1,2,a\n1,2,\n", "column 3 is empty"),
        ("a.csv", "one,two,kind\n1,red,a\n", r"column 2 \(two\) is 'red'"),
        ("a.csv", "1,2,a\n1,3,a\n", "holds one class, 'a'"),
        ("a.csv", "1,2,a\n", "holds 1 rows"),
        ("a.csv", "1.5\n2.5\n", "has one column"),
        ("a.csv", "1,2,.5\n1,3,.5\n", "every target of a.csv is 0.5"),
        ("a.csv", "1,2,a\n1,1e200,b\n", r"inputs must lie within 1e\+150 of 0, and row 2, column 2 is 1e\+200"),
        ("a.csv", "1,2," + "a" * 600 + "\n1,3,b\n", "at most 500 characters"),
        ("a.csv", "a,b\n" + "".join(f"{row},name{row}\n" for row in range(5)), "every row its own"),
        ("a.csv", "1,\0,a\n", "zero bytes"),
    ],
)
def test_tables(tmp_path, name, text, said):
    path = tmp_path / name
    path.write_text(text)
    assert re.search(said, refused(path))


def test_a_table_that_is_no_text(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"1,2,\xff\xfe\n")
    assert "no UTF-8 text: see line 1" in refused(tmp_path / "a.csv")


def test_a_target_that_is_not_there(tmp_path):
    (tmp_path / "a.csv").write_text("one,two,kind\n1,2,a\n1,3,b\n")
    assert "no column 'kinds'; did you mean kind?" in refused(tmp_path / "a.csv", target="kinds", error=UsageError)
    assert "no column '4'" in refused(tmp_path / "a.csv", target="4", error=UsageError)


def test_more_rows_than_are_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "MOST_ROWS", 50)
    monkeypatch.setattr("engine.data.own.text.MOST_ROWS", 50)
    (tmp_path / "a.csv").write_text("1,2,a\n" * 60)
    assert "has 51 rows, where at most 50 are taken" in refused(tmp_path / "a.csv")


def test_more_numbers_than_fit_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "room", lambda: 1000)
    monkeypatch.setattr("engine.data.own.text.CHECKED", 10)
    (tmp_path / "a.csv").write_text("1,2,a\n" * 100)
    assert "70 rows and more would take" in refused(tmp_path / "a.csv")
    np.savez(tmp_path / "a.npz", X=np.zeros((100, 2)), y=np.arange(100))
    assert "would take" in refused(tmp_path / "a.npz")


def test_a_file_commands_no_terminal(tmp_path):
    (tmp_path / "a.csv").write_text("o\x1b[31mne,two,kind\nr\x1b]0;x\x07ed,2,a\n1,3,b\n")
    said = refused(tmp_path / "a.csv")
    assert "\x1b" not in said and "\x07" not in said and "red" not in said
    packed(tmp_path / "a.npz", {"X\n\x1b[2J.npy": npy_header((2, 1)) + bytes(16)})
    assert "\x1b" not in refused(tmp_path / "a.npz")
    (tmp_path / "b.csv").write_text("1,2,a\x1b[31m\n1,3,b\n")
    assert read([tmp_path / "b.csv"]).classes == ("a\ufffd[31m", "b")


def test_empty_lines_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.data.own.text.MOST_LINES", 100)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"\n" * 1000))
    assert "has more than 100 lines" in refused(tmp_path / "a.csv.gz")


def test_a_line_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.data.own.text.LONGEST_LINE", 1000)
    (tmp_path / "a.csv").write_text("1," * 5000)
    assert "line 1 has more than 1,000 bytes" in refused(tmp_path / "a.csv")


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": np.zeros((3, 2)), "y": np.array([{"a": 1}, 2, 3], dtype=object)}, "y in .* holds pickled Python objects"),
        ({"X": np.array([["a"], ["b"], ["c"]]), "y": np.arange(3)}, "are texts, where numbers must be"),
        ({"X": np.zeros((3, 2), complex), "y": np.arange(3)}, "has the type complex128"),
        ({"X": np.zeros((3, 2)), "y": np.array([0, 1, np.nan])}, "targets must be finite, and row 3 is nan"),
        ({"X": np.array([[0, 1], [2, np.inf], [0, 0]]), "y": np.arange(3) % 2}, "row 2, column 2 is inf"),
        ({"X": np.zeros((3, 2)), "y": np.arange(4) % 2}, r"do not belong together: shapes \(3, 2\) and \(4,\)"),
        ({"X": np.zeros((3, 2)), "y": np.eye(3)}, "do not belong together"),
        ({"X": np.zeros((3, 2))}, "holds X, where X and y are needed"),
        ({"X": np.zeros((3, 0)), "y": np.arange(3) % 2}, "no inputs beside the target"),
        ({"X": np.zeros((3, 2, 2, 2, 2)), "y": np.arange(3) % 2}, "at most 3"),
        ({"X": np.zeros((3, 2)), "y": np.zeros(3, "M8[s]")}, "has the type datetime64"),
        ({"eigenvalues": np.array([1.0, -0.5])}, "at least 0 and not all 0; one is -0.5"),
        ({"eigenvalues": np.zeros(3)}, "all are 0"),
        ({"eigenvalues": np.ones(1)}, "holds 1 eigenvalues"),
        ({"eigenvalues": np.eye(3)}, "where one list is needed"),
        ({"eigenvalues": np.ones(3), "signal": np.ones(4)}, "3 eigenvalues and 4 coefficients"),
    ],
)
def test_npz(tmp_path, arrays, said):
    path = npz(tmp_path / "a.npz", **arrays)
    assert re.search(said, refused(path))


def test_a_header_that_claims_a_billion_rows(tmp_path):
    path = packed(tmp_path / "a.npz", {"X.npy": npy_header((10**9, 2)), "y.npy": npy_header((10**9,), "<i8")})
    assert "has 1,000,000,000 rows, where at most 5,000,000 are taken" in refused(path)
    (tmp_path / "a-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3]) + np.array([10**9, 28, 28], ">u4").tobytes() + b"\0" * 50)
    assert "1,000,000,000 rows" in refused(tmp_path / "a-idx3-ubyte")


def test_a_zip_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "LARGE", 2**20)
    rows = 20_000
    path = packed(
        tmp_path / "a.npz", {"X.npy": npy_header((rows, 100)) + bytes(rows * 800), "y.npy": npy_header((rows,)) + bytes(rows * 8)}
    )
    assert "as no measured data do" in refused(path)


def test_a_directory_that_lies(tmp_path):
    path = packed(tmp_path / "a.npz", {"X.npy": npy_header((9, 9)) + bytes(8 * 80), "y.npy": npy_header((9,)) + bytes(72)})
    assert "its header promises 648 bytes" in refused(path)
    longer = packed(tmp_path / "b.npz", {"X.npy": npy_header((9, 1)) + bytes(80), "y.npy": npy_header((9,)) + bytes(72)})
    assert "there are more" in refused(longer)


def test_zips_that_hold_something_else(tmp_path):
    assert "holds no arrays" in refused(packed(tmp_path / "a.npz", {"word/document.xml": b"<a/>"}))
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 not a zip")
    assert "cannot be read as npz" in refused(tmp_path / "b.npz")
    (tmp_path / "c.npz").write_bytes(npz(tmp_path / "d.npz", X=images(12), y=LABELS).read_bytes()[:-40])
    assert "cannot be read as npz" in refused(tmp_path / "c.npz")


def test_idx_files(tmp_path):
    good, labels, other = tmp_path / "a-images-idx3-ubyte", tmp_path / "a-labels-idx1-ubyte", tmp_path / "b-idx3-ubyte"
    good.write_bytes(idx(images(12)))
    labels.write_bytes(idx(LABELS))
    with pytest.raises(UsageError) as caught:
        read([good])
    assert caught.value.hint == "add --labels a-labels-idx1-ubyte"
    assert "holds 12 labels and no images" in refused(labels)
    assert "and no labels" in refused(good, labels=good)
    other.write_bytes(idx(images(11)))
    assert "holds 11 images, and" in refused(other, labels=labels)
    other.write_bytes(b"\0\0\x07\x03" + bytes(30))
    assert "no IDX file: it begins with the bytes 00 00 07 03" in refused(other, labels=labels)
    other.write_bytes(idx(images(12))[:-1])
    assert "it promises 12 entries of 36 bytes and holds 431 bytes" in refused(other, labels=labels)
    other.write_bytes(gzip.compress(idx(images(12)))[:-20])
    refused(other, labels=labels)
    other.write_bytes(idx(images(12)) + b"\0")
    assert "more bytes follow" in refused(other, labels=labels)
    other.write_bytes(idx(images(12))[:9])
    assert "ends within its header" in refused(other, labels=labels)


def test_cifar_files(tmp_path):
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(cifar10(colours(12), LABELS)[:-1])
    assert "is truncated or none of CIFAR's binary files: 36,875 bytes" in refused(path)
    path.write_bytes(cifar10(colours(12), [*LABELS[:-1], 11]))
    assert "record 12 has the label 11" in refused(path)
    other = tmp_path / "train.bin"
    other.write_bytes(bytes(3074))
    path.write_bytes(cifar10(colours(12), LABELS))
    assert "some of the files are of CIFAR-10 and others of CIFAR-100" in refused(path, other)
    assert "coarse or fine, got x" in refused(other, target="x", error=UsageError)
    assert "given twice" in refused(path, path, error=UsageError)


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_are_named_and_never_read(tmp_path, protocol):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    for content in ({b"data": [1], b"labels": [0]}, Trap()):
        for name in ("data_batch_1", "a.npz", "a.csv", "a.bin"):
            (tmp_path / name).write_bytes(pickle.dumps(content, protocol))
            said = refused(tmp_path / name)
            if protocol >= 2 or isinstance(content, dict):
                assert "Python pickle, as CIFAR's Python version has" in said
    assert not (tmp_path / "sprung").exists()


def test_archives_and_other_formats(tmp_path):
    with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as archive:
        (tmp_path / "x").write_bytes(b"0" * 100)
        archive.add(tmp_path / "x", "x")
    assert "archive of files (tar)" in refused(tmp_path / "cifar-10-binary.tar.gz")
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n")
    assert "an HDF5 file" in refused(tmp_path / "a.h5")
    (tmp_path / "a.dat2").write_bytes(b"ab\0cd" * 10)
    assert "of no format that is known" in refused(tmp_path / "a.dat2")


def test_what_is_no_file(tmp_path):
    assert "there is no such file" in refused(tmp_path / "missing.csv", error=UsageError)
    assert "it is a folder" in refused(tmp_path, error=UsageError)
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in refused(tmp_path / "pipe", error=UsageError)
    assert "cannot read" in refused("a\0b", error=UsageError)


def test_options_that_do_not_fit(tmp_path):
    path = npz(tmp_path / "a.npz", X=images(12).reshape(12, 36), y=LABELS)
    assert "--shape 5,5 is 25 numbers, and a row has 36" in refused(path, shape=(5, 5), error=UsageError)
    assert "no array 'z'" in refused(path, target="z", error=UsageError)
    assert "where eigenvalues are needed" in refused(path, kind="spectrum")
    text = npz(tmp_path / "b.npz", X=images(12), y=np.array(list("abc"))[LABELS])
    assert "holds the text 'a', where numbers must be" in refused(text, kind="targets")


def test_an_encrypted_entry_is_damaged(tmp_path):
    path = packed(tmp_path / "a.npz", {"X.npy": npy_header((2, 1)) + bytes(16), "y.npy": npy_header((2,)) + bytes(16)}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(mark, at + 1)
    path.write_bytes(bytes(content))
    assert "cannot be read as npz" in refused(path)


def test_images_whose_labels_are_all_alike_are_told_what_they_can_do(tmp_path):
    """A file of labels has no other column to name."""
    (tmp_path / "images").write_bytes(idx(images(12)))
    (tmp_path / "labels").write_bytes(idx(np.full(12, 7, np.uint8)))
    with pytest.raises(DataError, match="images holds one class, '7', where at least 2 are needed") as caught:
        read([tmp_path / "images"], Wishes(labels=tmp_path / "labels"))
    assert caught.value.hint == "give labels of several classes"
    np.savez(tmp_path / "a.npz", X=np.eye(12), y=np.full(12, 7))
    with pytest.raises(DataError, match="holds one class") as caught:
        read([tmp_path / "a.npz"], Wishes(kind="classes"))
    assert caught.value.hint == "name another column: --target"
