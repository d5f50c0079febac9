"""Files in real formats become what they hold."""

import gzip

import numpy as np
import pytest

from engine.data.own import Wishes, read
from tests.engine.data.own.formats import cifar10, cifar100, colours, csv, idx, images

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((12, 3)), np.arange(12) % 3


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_npz_of_vectors(tmp_path):
    found = read([npz(tmp_path / "a.npz", X=X, y=Y)])
    assert (found.kind, found.shape, found.classes, found.rows) == ("classes", (3,), ("0", "1", "2"), 12)
    np.testing.assert_array_equal(found.x, X)
    np.testing.assert_array_equal(found.y, Y)


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        (images(12), (6, 6)),
        (images(12)[..., None], (6, 6)),
        (colours(12), (32, 32, 3)),
        (colours(12).transpose(0, 3, 1, 2), (32, 32, 3)),
        (images(12).reshape(12, 36), (36,)),
    ],
)
def test_npz_of_images(tmp_path, array, shape):
    np.savez_compressed(tmp_path / "a.npz", X=array, y=Y)
    found = read([tmp_path / "a.npz"])
    assert (found.shape, found.inputs.dtype) == (shape, np.uint8)
    first = array[5].transpose(1, 2, 0) if shape == (32, 32, 3) and array.shape[1] == 3 else array[5]
    np.testing.assert_array_equal(found.inputs[5], first.reshape(-1))


def test_channels_stand_last_whatever_the_file_says(tmp_path):
    array = colours(12)
    first, last = (read([npz(tmp_path / "a.npz", X=given, y=Y)]) for given in (array.transpose(0, 3, 1, 2), array))
    np.testing.assert_array_equal(first.inputs, last.inputs)


def test_flat_rows_with_a_shape_are_images(tmp_path):
    found = read([npz(tmp_path / "a.npz", X=images(12).reshape(12, 36), y=Y)], Wishes(shape=(6, 6)))
    assert found.shape == (6, 6)
    assert any("--shape 6,6" in note for note in read([tmp_path / "a.npz"]).notes)


def test_names_of_classes_are_text(tmp_path):
    names = np.array(["dog", "cat", "bird"])
    for given in (names[Y], names.astype("S")[Y]):
        found = read([npz(tmp_path / "a.npz", X=X, y=given)])
        assert found.classes == ("bird", "cat", "dog")
        assert [found.classes[label] for label in found.y] == names[Y].tolist()


@pytest.mark.parametrize(
    ("y", "kind", "meant"),
    [
        (np.arange(12) * 0.5, "", "targets"),
        (np.arange(12), "", "targets"),  # every row its own number
        (np.array([-1.0, 1.0] * 6), "", "classes"),
        (np.arange(12) % 5, "targets", "targets"),
        (np.array([0.5, 1.5] * 6), "classes", "classes"),
    ],
)
def test_a_target_is_classes_or_numbers(tmp_path, y, kind, meant):
    found = read([npz(tmp_path / "a.npz", X=X, y=y)], Wishes(kind=kind))
    assert found.kind == meant
    if meant == "targets":
        np.testing.assert_array_equal(found.y, y)
    else:
        np.testing.assert_array_equal(np.array([float(name) for name in found.classes])[found.y], y)


@pytest.mark.parametrize("y", [np.array([2**53, 2**53 + 1, 7] * 14), np.array([f"{10**30}", f"{10**30 + 1}", "7"] * 14)])
def test_whole_numbers_that_no_double_tells_apart_are_names_of_classes(tmp_path, y):
    found = read([npz(tmp_path / "a.npz", X=np.arange(84.0).reshape(42, 2), y=y)])
    assert sorted(found.classes) == sorted(set(map(str, y))) and np.bincount(found.y).tolist() == [14, 14, 14]


def test_npy_has_the_target_last_or_where_it_is_said(tmp_path):
    table = np.column_stack([X, Y])
    np.save(tmp_path / "a.npy", table)
    np.testing.assert_array_equal(read([tmp_path / "a.npy"]).x, X)
    found = read([tmp_path / "a.npy"], Wishes(target="1"))
    assert found.kind == "targets"
    np.testing.assert_array_equal(found.y, X[:, 0])
    np.testing.assert_array_equal(found.x, table[:, 1:])


@pytest.mark.parametrize(("delimiter", "name"), [(",", "a.csv"), ("\t", "a.tsv"), (";", "a.csv"), (" ", "a.txt"), ("\t", "a.dat")])
@pytest.mark.parametrize("header", [(), ("one", "two", "three", "kind")])
def test_tables(tmp_path, delimiter, name, header):
    rows = [(*map(repr, row.tolist()), "uvw"[label]) for row, label in zip(X, Y, strict=True)]
    found = read([write(tmp_path / name, csv(rows, header, delimiter))])
    assert (found.kind, found.classes) == ("classes", ("u", "v", "w"))
    np.testing.assert_array_equal(found.x, X)
    np.testing.assert_array_equal(found.y, Y)


def test_a_table_with_a_named_target(tmp_path):
    rows = [(*map(repr, row.tolist()), label) for row, label in zip(X, Y, strict=True)]
    path = write(tmp_path / "a.csv", "\ufeff# a comment\n" + csv(rows, ("one", "two", "three", "kind")))
    for target in ("two", "2"):
        found = read([path], Wishes(target=target))
        assert found.kind == "targets"
        np.testing.assert_array_equal(found.y, X[:, 1])
        np.testing.assert_array_equal(found.x, np.column_stack([X[:, [0, 2]], Y]))


def test_a_packed_table_and_quoted_cells(tmp_path):
    text = '1.5,"a, b"\n2,"c"\n-3e2,"a, b"\n'
    found = read([write(tmp_path / "a.csv.gz", gzip.compress(text.encode()))])
    assert found.classes == ("a, b", "c")
    np.testing.assert_array_equal(found.x[:, 0], [1.5, 2, -300])


def test_own_points(tmp_path):
    found = read([write(tmp_path / "p.csv", "0,1,1\n1,2,1\n-1,-1,-1\n-2,0,-1\n0,-2,-1\n")])
    assert (found.kind, found.rows, found.shape, found.classes) == ("classes", 5, (2,), ("-1", "1"))


@pytest.mark.parametrize("kind", ["u1", ">i2", ">i4", ">f4", ">f8"])
def test_idx(tmp_path, kind):
    pixels = images(12) // 2
    write(tmp_path / "t-images-idx3-ubyte", idx(pixels, kind))
    write(tmp_path / "labels.gz", gzip.compress(idx(Y)))
    found = read([tmp_path / "t-images-idx3-ubyte"], Wishes(labels=tmp_path / "labels.gz"))
    assert (found.shape, found.classes) == ((6, 6), ("0", "1", "2"))
    np.testing.assert_array_equal(found.x, pixels.reshape(12, 36))
    np.testing.assert_array_equal(found.y, Y)


def test_cifar10_in_batches(tmp_path):
    pixels, labels = colours(30), np.arange(30) % 10
    paths = [tmp_path / f"data_batch_{number}.bin" for number in (1, 2)]
    for path, part in zip(paths, (slice(20), slice(20, 30)), strict=True):
        write(path, cifar10(pixels[part], labels[part]))
    found = read(paths)
    assert (found.shape, len(found.classes)) == ((32, 32, 3), 10)
    np.testing.assert_array_equal(found.inputs.reshape(-1, 32, 32, 3), pixels)
    np.testing.assert_array_equal(found.y, labels)


@pytest.mark.parametrize(("target", "column"), [("", 1), ("fine", 1), ("coarse", 0)])
def test_cifar100(tmp_path, target, column):
    both = np.arange(40) % 20, np.arange(40) % 25
    write(tmp_path / "train.bin", cifar100(colours(40), *both))
    found = read([tmp_path / "train.bin"], Wishes(target=target))
    np.testing.assert_array_equal([int(found.classes[label]) for label in found.y], both[column])


def test_spectra(tmp_path):
    values, signal = np.array([1.0, 4.0, 0.0, 2.5]), np.array([10.0, 20.0, 30.0, 40.0])
    write(tmp_path / "one.csv", csv([(value,) for value in values], ("eigenvalues",)))
    write(tmp_path / "two.csv", csv(zip(values, signal, strict=True)))
    np.save(tmp_path / "a.npy", values)
    npz(tmp_path / "a.npz", eigenvalues=values, signal=signal)
    for name, has_signal in (("one.csv", False), ("two.csv", True), ("a.npy", False), ("a.npz", True)):
        found = read([tmp_path / name], Wishes(kind="" if name == "a.npz" else "spectrum"))
        assert found.kind == "spectrum"
        np.testing.assert_array_equal(found.eigenvalues, [4, 2.5, 1, 0])
        assert found.signal is None if not has_signal else found.signal.tolist() == [20, 40, 10, 30]
