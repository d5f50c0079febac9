"""CIFAR's binary files (Krizhevsky 2009): records of a label (CIFAR-100: a coarse and a fine one) and 3,072 bytes, red, green, blue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.own.table import Table, Wishes, check_room, opened
from engine.errors import DataError, UsageError, echoed

SIDE, PIXELS = 32, 3072
RECORDS = {1 + PIXELS: (10,), 2 + PIXELS: (20, 100)}  # bytes of a record: how many values each label byte has
NAMES = ("coarse", "fine")


def record_size(size: int) -> int:
    """Return the bytes of a record in a file of this size, 0 where it is none of CIFAR's."""
    return next((record for record in RECORDS if size > 0 and size % record == 0), 0)


def read_cifar(paths: Sequence[Path], wishes: Wishes) -> Table:
    """Read one or several batch files as images of 32x32x3.

    Raises:
        UsageError: a target that CIFAR-100 does not have.
        DataError: truncated, labels out of range, CIFAR-10 mixed with CIFAR-100, too large.
    """
    sizes = [_size(path) for path in paths]
    check_room(", ".join(path.name for path in paths), sum(sizes), sum(sizes) // PIXELS)
    kinds = {record_size(size) for size in sizes}
    for path, size in zip(paths, sizes, strict=True):
        if not record_size(size):
            whole = "3,073 bytes (CIFAR-10) or 3,074 (CIFAR-100)"
            raise DataError(f"{path} is truncated or none of CIFAR's binary files: {size:,} bytes are no records of {whole}", HINT)
    if len(kinds) > 1:
        raise DataError("some of the files are of CIFAR-10 and others of CIFAR-100", "import them under two names")
    record = kinds.pop()
    values = RECORDS[record]
    column = _label(wishes.target, len(values))
    parts = []
    for path, size in zip(paths, sizes, strict=True):
        with opened(path) as stream:
            content = stream.read(size)
        parts.append(separated(content[: len(content) // record * record], record, path))
    labels, pixels = (np.concatenate(found) for found in zip(*parts, strict=True))
    form = f"CIFAR-{values[-1]} binary"
    return Table(form, ", ".join(path.name for path in paths), inputs=pixels, target=labels[:, column].astype(np.int64), labels=True)


def separated(content: bytes, record: int, path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return labels (n, 1 or 2) and images (n, 32, 32, 3) of whole records. path: where they are from.

    Raises:
        DataError: a label is out of range.
    """
    values = RECORDS[record]
    table = np.frombuffer(content, np.uint8).reshape(-1, record)  # (n, labels + 3072)
    for place, most in enumerate(values):
        if len(table) and int(table[:, place].max()) >= most:
            row = int(np.argmax(table[:, place] >= most))
            raise DataError(f"{path} is none of CIFAR's binary files: record {row + 1} has the label {table[row, place]}", HINT)
    return table[:, : len(values)], table[:, len(values) :].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)


HINT = "the binary version holds data_batch_1.bin, test_batch.bin, or train.bin and test.bin"


def _size(path: Path) -> int:
    with opened(path):
        return path.stat().st_size


def _label(target: str, labels: int) -> int:
    if not target or labels == 1:
        return labels - 1
    if target not in NAMES:
        raise UsageError(f"--target of CIFAR-100 is coarse or fine, got {echoed(target)}", "leave it out for the 100 fine classes")
    return NAMES.index(target)
