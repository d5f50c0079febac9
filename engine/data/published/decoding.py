"""Official files to arrays: images and labels of bytes, training and test, after SHA-256, counts, shapes and labels were checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.own.cifar import PIXELS, separated
from engine.data.own.idx import read_array
from engine.data.own.table import regular
from engine.data.published.archive import members
from engine.data.published.catalogue import OfficialFile, Published
from engine.errors import DataError
from engine.interruption import checkpoint
from engine.telling import tell

Bytes = NDArray[np.uint8]
ARRAYS = ("train-images", "train-labels", "test-images", "test-labels")
BATCHES = 5  # of CIFAR-10's training images


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a regular file.

    Raises:
        UsageError: it cannot be read.
        DataError: it is empty.
    """
    with regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def check_official(published: Published, file: OfficialFile, path: Path) -> None:
    """Refuse a file that is not the published one.

    Raises:
        DataError: it is another, or damaged.
    """
    found = sha256_of(path)
    if found != file.sha256:
        sentence = f"{path} is not the file that was published, or damaged: its SHA-256 is {found[:12]}..., not {file.sha256[:12]}..."
        raise DataError(sentence, again(published))


def again(published: Published) -> str:
    """What to do about official files that are damaged."""
    return f"get it again: genlab data fetch {published.name}; or copy it anew from where it is sound"


def decoded(published: Published, folder: Path) -> Iterator[tuple[str, Bytes]]:
    """Read the official files in a folder; yield the arrays by name, in the order of `ARRAYS`.

    Images (n, height, width) or (n, height, width, 3), labels (n,).

    Raises:
        DataError: they are not the published ones, or do not hold what was published.
    """
    for file in published.files:
        tell(f"checking {file.name}")
        check_official(published, file, folder / file.name)
        checkpoint()
    parts = _idx(published, folder) if published.form == "idx" else _cifar10(published, folder)
    for name, array in parts:
        count = published.train if name.startswith("train") else published.tests
        shape = (count, *published.shape) if name.endswith("images") else (count,)
        if array.dtype != np.uint8 or array.shape != shape:
            there, due = ("x".join(map(str, lengths)) for lengths in (array.shape, shape))
            raise DataError(f"{name} of {published.name} are {there} numbers, where {due} were published", again(published))
        if name.endswith("labels") and int(array.max()) >= len(published.classes):
            row = int(np.argmax(array >= len(published.classes)))
            raise DataError(f"{name} of {published.name} hold the label {array[row]} at place {row + 1}", again(published))
        yield name, array
        checkpoint()


def _idx(published: Published, folder: Path) -> Iterator[tuple[str, Bytes]]:
    for name, file in zip(ARRAYS, published.files, strict=True):
        tell(f"decoding {file.name}")
        yield name, read_array(folder / file.name)


def _cifar10(published: Published, folder: Path) -> Iterator[tuple[str, Bytes]]:
    path, batch = folder / published.files[0].name, published.train // BATCHES
    record = 1 + PIXELS
    names = [f"data_batch_{number + 1}.bin" for number in range(BATCHES)]
    sizes = {**dict.fromkeys(names, batch * record), "test_batch.bin": published.tests * record}
    images, labels = np.empty((published.train, *published.shape), np.uint8), np.empty(published.train, np.uint8)
    tests: tuple[Bytes, Bytes] | None = None
    for name, content in members(path, sizes):
        tell(f"decoding {name}")
        found, pixels = separated(content, record, path / name)
        if name in names:
            start = batch * names.index(name)
            images[start : start + batch], labels[start : start + batch] = pixels, found[:, 0]
        else:
            tests = np.ascontiguousarray(pixels), np.ascontiguousarray(found[:, 0])
        checkpoint()
    assert tests is not None  # `members` yields all or raises
    yield from zip(ARRAYS, (images, labels, *tests), strict=True)
