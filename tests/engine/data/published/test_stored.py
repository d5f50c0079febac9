"""Official files that a person copied, archives that want out of their folder, and decoded images that were damaged."""

import gzip
import json
import os
import tarfile

import numpy as np
import pytest

from engine.data.published import load_images, missing, place, require, state
from engine.data.published.catalogue import CIFAR10, MNIST, PUBLISHED
from engine.data.published.entry import DECODED, ENTRY
from engine.data.published.folder import remove
from engine.data.published.importing import take
from engine.errors import DataError, StoreError, UsageError
from tests.engine.data.own.formats import idx
from tests.engine.data.published.small import (
    TESTS,
    TRAIN,
    batches,
    described,
    idx_contents,
    labels,
    lay,
    packed,
    pixels,
    small_cifar10,
    small_mnist,
)  # fmt: skip


def test_the_published_counts_and_sizes_belong_together():
    assert {name: (item.train, item.tests, item.shape) for name, item in PUBLISHED.items()} == {
        "mnist": (60_000, 10_000, (28, 28)), "fashion-mnist": (60_000, 10_000, (28, 28)), "cifar10": (50_000, 10_000, (32, 32, 3)),
    }  # fmt: skip
    for item in PUBLISHED.values():
        assert len(item.classes) == 10 and all(len(file.sha256) == 64 and file.size for file in item.files)
        assert all(mirror.endswith("/") for mirror in item.mirrors) and len(item.mirrors) >= 2


@pytest.mark.parametrize("small", [small_mnist, small_cifar10])
def test_files_that_were_copied_are_decoded_at_the_first_use(small):
    published, contents = small()
    with pytest.raises(DataError, match="is not here") as caught:
        require(published)
    for file in published.files:
        assert file.name in caught.value.hint
    assert str(place(published)) in caught.value.hint
    lay(published, contents, place(published))
    require(published)
    assert not state(published).decoded
    found, _ = load_images(published)
    np.testing.assert_array_equal(found.train_images, pixels(TRAIN, published.shape))
    assert state(published).decoded


def test_a_link_to_a_shared_copy_will_do(tmp_path):
    published, contents = small_cifar10()
    (tmp_path / "shared").write_bytes(contents[0])
    place(published).mkdir(parents=True)
    (place(published) / published.files[0].name).symlink_to(tmp_path / "shared")
    assert len(load_images(published)[0].train_labels) == TRAIN


def test_some_of_the_files_are_counted():
    published, contents = small_mnist()
    lay(published, contents, place(published))
    (place(published) / published.files[2].name).unlink()
    error = missing(published, state(published))
    assert "1 of its 4 files are missing" in error.message and published.files[2].name in error.hint
    assert published.files[0].name not in error.hint


def test_a_file_of_another_size_is_named_with_both():
    published, contents = small_mnist()
    lay(published, contents, place(published))
    torn, gone = (place(published) / published.files[number].name for number in (1, 2))
    torn.write_bytes(torn.read_bytes()[:10])
    gone.unlink()
    size = published.files[1].size
    said = f"is not here: {torn.name} has 10 bytes instead of {size:,}; 1 of its 4 files are missing"
    assert said in missing(published, state(published)).message
    assert state(published).torn == (f"{torn.name} has 10 bytes instead of {size:,}",)


def test_official_files_are_imported_by_their_content_whatever_they_are_called(tmp_path):
    published, contents = small_mnist()
    paths = [tmp_path / f"download ({k})" for k in range(4)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    assert [file.name for file in take(published, paths[:2]).missing] == [file.name for file in published.files[2:]]
    assert take(published, paths[2:]).decoded
    assert take(published, paths).decoded  # again
    (tmp_path / "unpacked").write_bytes(gzip.decompress(contents[0]))
    with pytest.raises(DataError, match="none of the files of mnist as they were published") as caught:
        take(published, [tmp_path / "unpacked"])
    assert "my-mnist" in caught.value.hint and "tar xf" not in caught.value.hint
    with tarfile.open(tmp_path / "batches.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "unpacked", "unpacked")
    with pytest.raises(DataError, match="none of the files of mnist") as caught:
        take(published, [tmp_path / "batches.tar.gz"])
    assert "unpack it (tar xf FILE), and import the files in it under another name" in caught.value.hint
    with pytest.raises(UsageError, match="no such file"):
        take(published, [tmp_path / "nowhere"])


def test_a_wrong_checksum_is_refused_although_the_size_is_right():
    published, contents = small_mnist()
    lay(published, [contents[0][:-1] + b"?", *contents[1:]], place(published))
    with pytest.raises(DataError, match="is not the file that was published, or damaged") as caught:
        load_images(published)
    assert "genlab data fetch mnist" in caught.value.hint
    assert not state(published).decoded


def _too_few():
    return MNIST, idx_contents(train=TRAIN - 1)


def _labels_out_of_range():
    contents = idx_contents()
    return MNIST, [contents[0], gzip.compress(idx((labels(TRAIN) + 1).astype(np.uint8))), *contents[2:]]


def _truncated():
    whole = gzip.decompress(idx_contents()[0])
    return MNIST, [gzip.compress(whole[:-5]), *idx_contents()[1:]]


def _cut_where_packed():
    return MNIST, [idx_contents()[0][:-50], *idx_contents()[1:]]


def _magic():
    return MNIST, [gzip.compress(b"\x01\x02\x03\x04" * 100), *idx_contents()[1:]]


def _real_numbers():
    return MNIST, [gzip.compress(idx(pixels(TRAIN, (28, 28)).astype(np.float32), ">f4")), *idx_contents()[1:]]


def _exchanged():
    return MNIST, [idx_contents()[k] for k in (2, 3, 0, 1)]


def _archive(name, kind=tarfile.REGTYPE, **more):
    entry = tarfile.TarInfo(name)
    entry.type = kind
    for key, value in more.items():
        setattr(entry, key, value)
    return CIFAR10, [packed(batches(), entry)]


def _longer_batch():
    return CIFAR10, [packed(batches(train=TRAIN + 5))]


def _no_tests():
    return CIFAR10, [packed({name: content for name, content in batches().items() if "test" not in name})]


def _bomb():
    return CIFAR10, [packed({"readme.html": bytes(2**24), **batches()})]


def _bad_label():
    members = batches()
    name = "cifar-10-batches-bin/data_batch_3.bin"
    return CIFAR10, [packed({**members, name: b"\x0b" + members[name][1:]})]


def _cut_archive():
    return CIFAR10, [packed(batches())[:-2000]]


def _no_archive():
    return CIFAR10, [gzip.compress(b"this is no archive" * 100)]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (_too_few, "train-images of mnist are 59x28x28 numbers, where 60x28x28 were published"),
        (_labels_out_of_range, "train-labels of mnist hold the label 10 at place 10"),
        (_truncated, "is truncated"),
        (_cut_where_packed, "is damaged where it is packed"),
        (_magic, "is no IDX file"),
        (_real_numbers, "train-images of mnist are"),
        (_exchanged, "train-images of mnist are 20x28x28 numbers"),
        (lambda: _archive("../../outside.bin"), "a path that leads out of its folder"),
        (lambda: _archive("/etc/outside"), "a path that leads out of its folder"),
        (lambda: _archive("C:\\outside"), "a path that leads out of its folder"),
        (lambda: _archive("batch", tarfile.SYMTYPE, linkname="/etc/passwd"), "a link or a device"),
        (lambda: _archive("batch", tarfile.LNKTYPE, linkname="../x"), "a link or a device"),
        (lambda: _archive("batch", tarfile.CHRTYPE, devmajor=1, devminor=3), "a link or a device"),
        (lambda: _archive("batch", tarfile.FIFOTYPE), "a link or a device"),
        (_longer_batch, "data_batch_1.bin has 39,949 bytes, where 36,876 were published"),
        (_no_tests, "test_batch.bin is not in it"),
        (_bomb, "unpacks to more than was published"),
        (_bad_label, "record 1 has the label 11"),
        (_cut_archive, "is damaged"),
        (_no_archive, "is damaged"),
    ],
)  # fmt: skip
def test_contents_that_are_not_what_was_published_leave_nothing_behind(made, said, tmp_path):
    of, contents = made()
    published = described(of, contents)  # their SHA-256 is right, so that the contents are what is looked at
    lay(published, contents, place(published))
    before = {path for path in tmp_path.rglob("*") if path.name != ".lock"}
    with pytest.raises(DataError) as caught:
        load_images(published)
    assert said in caught.value.message and caught.value.hint
    assert {path for path in tmp_path.rglob("*") if path.name != ".lock"} == before


@pytest.mark.parametrize("name", ["train-images.npy", "test-labels.npy", ENTRY])
@pytest.mark.parametrize("how", ["gone", "cut", "another", "empty"])
def test_damaged_images_are_decoded_again_from_the_official_files(name, how):
    published, contents = small_mnist()
    lay(published, contents, place(published))
    load_images(published)
    path = place(published) / DECODED / name
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes({"cut": content[:-7], "another": content[:-1] + bytes([content[-1] ^ 1]), "empty": b""}[how])
    found, note = load_images(published)
    np.testing.assert_array_equal(found.train_images, pixels(TRAIN, (28, 28)))
    np.testing.assert_array_equal(found.test_labels, labels(TESTS))
    assert note == ""


def test_damaged_images_without_their_files_are_a_sentence():
    published, contents = small_mnist()
    lay(published, contents, place(published))
    load_images(published)
    for file in published.files:
        (place(published) / file.name).unlink()
    assert len(load_images(published)[0].train_labels) == TRAIN
    path = place(published) / DECODED / "train-labels.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x0b")
    with pytest.raises(DataError, match="its content is no longer what was decoded") as caught:
        load_images(published)
    assert "genlab data fetch mnist" in caught.value.hint


def test_images_that_were_pickled_are_not_read():
    published, contents = small_mnist()
    lay(published, contents, place(published))
    load_images(published)
    path = place(published) / DECODED / "train-labels.npy"
    path.unlink()
    np.save(path, np.array([{"code": 1}], dtype=object), allow_pickle=True)
    entry = json.loads((place(published) / DECODED / ENTRY).read_text())
    import hashlib

    entry["arrays"]["train-labels"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (place(published) / DECODED / ENTRY).write_text(json.dumps(entry))
    found, _ = load_images(published)  # refused, and decoded again
    assert found.train_labels.dtype == np.uint8


def test_a_folder_that_takes_nothing_is_decoded_into_memory(monkeypatch):
    published, contents = small_mnist()
    lay(published, contents, place(published))

    def refuse(path, *_):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr("engine.store.lock.opened", refuse)
    found, note = load_images(published)
    np.testing.assert_array_equal(found.train_images, pixels(TRAIN, (28, 28)))
    assert "mnist is decoded anew in every run" in note and "read-only" in note
    assert not state(published).decoded


def test_removing_takes_everything_but_what_is_a_persons():
    published, contents = small_mnist()
    assert not remove(published)
    lay(published, contents, place(published))
    load_images(published)
    assert remove(published) and not place(published).exists()
    lay(published, contents, place(published))
    (place(published) / "notes.txt").write_text("mine")
    assert remove(published)
    assert [path.name for path in place(published).iterdir()] == ["notes.txt"]


def test_an_entry_of_other_files_is_not_believed():
    published, contents = small_mnist()
    lay(published, contents, place(published))
    load_images(published)
    other, others = small_mnist(contents=[gzip.compress(idx(255 - pixels(TRAIN, (28, 28))), mtime=0), *contents[1:]])
    lay(other, others, place(other))
    np.testing.assert_array_equal(load_images(other)[0].train_images, 255 - pixels(TRAIN, (28, 28)))


def test_a_store_error_says_where_else_data_may_lie(monkeypatch):
    published, _ = small_mnist()
    monkeypatch.setattr("engine.data.published.folder.SPARE", 2**80)
    with pytest.raises(StoreError) as caught:
        take(published, [])
    assert "GENLAB_DATA" in caught.value.hint
