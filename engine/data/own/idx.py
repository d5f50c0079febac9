"""IDX files, the format of MNIST (LeCun et al. 1998): two zero bytes, a type, the number of dimensions, the dimensions, the numbers.

Everything is big-endian; images and labels are two files.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.own.table import Table, Wishes, check_density, check_room, opened
from engine.errors import DataError, UsageError

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_DIMENSIONS = 4


def is_idx(begin: bytes) -> bool:
    """Whether a file begins as an IDX file does."""
    return len(begin) >= 4 and begin[:2] == b"\0\0" and begin[2] in TYPES and 1 <= begin[3] <= MOST_DIMENSIONS


def read_idx(path: Path, wishes: Wishes) -> Table:
    """Read images and, from `wishes.labels`, their labels.

    Raises:
        UsageError: no file of labels is given.
        DataError: wrong magic number, truncated, too large, or the two files do not belong together.
    """
    images = read_array(path)
    if images.ndim < 2:
        raise DataError(f"{path} holds {len(images):,} labels and no images", f"genlab data import NAME IMAGES --labels {path.name}")
    if wishes.labels is None:
        raise UsageError(f"{path} holds {len(images):,} images; their labels are in a second file", f"add --labels {_second(path)}")
    labels = read_array(wishes.labels)
    if labels.ndim != 1:
        raise DataError(f"{wishes.labels} holds images of shape {labels.shape[1:]}, and no labels", "exchange the two files")
    if len(labels) != len(images):
        sentence = f"{path} holds {len(images):,} images, and {wishes.labels} {len(labels):,} labels"
        raise DataError(sentence, "give the files that belong together")
    return Table("IDX", path.name, inputs=images, target=labels, labels=labels.dtype.kind in "iu")


def _second(path: Path) -> str:
    """The name of the file of labels beside these images, where there is one that is called as MNIST's are."""
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    return name if name != path.name and path.with_name(name).is_file() else "FILE"


def read_array(path: Path) -> NDArray[Any]:
    """Read the numbers of one file.

    Raises:
        UsageError: the file cannot be read.
        DataError: wrong magic number, truncated, or too large.
    """
    with opened(path) as stream:
        begin = stream.read(4)
        if not is_idx(begin):
            shown = begin.hex(" ")
            sentence = f"{path} is no IDX file: it begins with the bytes {shown}, where 00 00, a type and the number of dimensions must be"
            raise DataError(sentence, "MNIST's images begin with 00 00 08 03, its labels with 00 00 08 01")
        dtype, dimensions = np.dtype(TYPES[begin[2]]), begin[3]
        sizes = stream.read(4 * dimensions)
        if len(sizes) < 4 * dimensions:
            raise DataError(f"{path} is truncated: it ends within its header", "get the file again")
        shape = tuple(int(length) for length in np.frombuffer(sizes, ">u4"))
        count = math.prod(shape) * dtype.itemsize
        check_room(f"{path} ({'x'.join(map(str, shape))})", count, shape[0])
        packed = path.stat().st_size
        check_density(path, count, packed)
        content = stream.read(count)
        if len(content) < count:
            what = f"{shape[0]:,} entries of {count // max(1, shape[0]):,} bytes"
            raise DataError(f"{path} is truncated: it promises {what} and holds {len(content):,} bytes of them", "get the file again")
        if stream.read(1):
            raise DataError(f"{path} is damaged: more bytes follow the {shape[0]:,} entries that it promises", "get the file again")
    return np.frombuffer(content, dtype).reshape(shape)
