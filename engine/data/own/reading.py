"""Which reader a file needs, told by its content and its name; files that are never read are named as what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.data.own.arrays import read_npy, read_npz
from engine.data.own.cifar import read_cifar, record_size
from engine.data.own.entry import OwnData
from engine.data.own.idx import is_idx, read_idx
from engine.data.own.table import TAR_AT, TAR_MAGIC, Table, Wishes, beginning
from engine.data.own.text import read_text
from engine.data.own.understanding import understood
from engine.errors import DataError, UsageError

TAKEN = "genlab data import takes npz, npy, CSV, TSV, IDX and CIFAR's binary files"
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"(dp", b"(lp", b"}q", b"]q")
IDX_HEAD = 4  # bytes of the magic number
BINARY = "cifar-10-binary.tar.gz holds data_batch_1.bin to data_batch_5.bin; give these"
FOREIGN = {
    b"\x89HDF": "an HDF5 file", b"PAR1": "a Parquet file", b"\x89PNG": "an image", b"\xff\xd8\xff": "an image", b"BZh": "packed by bzip2",
    b"\xfd7zXZ": "packed by xz", b"7z\xbc\xaf": "a 7z archive", b"%PDF": "a PDF", b"MATLAB 5.0": "a MATLAB file",
}  # fmt: skip


def read(paths: Sequence[Path | str], wishes: Wishes | None = None) -> OwnData:
    """Return what one file, or several of CIFAR's, hold.

    Raises:
        UsageError: no such file, options that do not fit.
        DataError: the content cannot be understood; the sentence says where.
    """
    wishes, files = wishes or Wishes(), [Path(path) for path in paths]
    if not files:
        raise UsageError("no file is given", "genlab data import NAME FILE")
    if len({path.absolute() for path in files}) < len(files):
        raise UsageError("the same file is given twice", "name each file once")
    return understood(_table(files, wishes), wishes)


def _table(paths: list[Path], wishes: Wishes) -> Table:
    first, begin = paths[0], beginning(paths[0], TAR_AT + len(TAR_MAGIC))
    _refuse_foreign(first, begin)
    name = first.name.lower().removesuffix(".gz")
    if len(paths) == 2 and wishes.labels is None and is_idx(begin) and is_idx(beginning(paths[1], IDX_HEAD)):
        images, labels = sorted(paths, key=lambda path: beginning(path, IDX_HEAD)[3], reverse=True)  # by their dimensions
        return read_idx(images, replace(wishes, labels=labels))
    if len(paths) > 1 or name.endswith(".bin"):
        for path in paths[1:]:
            _refuse_foreign(path, beginning(path, TAR_AT + len(TAR_MAGIC)))
        return read_cifar(paths, wishes)
    if begin.startswith(b"PK\x03\x04") or name.endswith(".npz"):
        return read_npz(first, wishes)
    if begin.startswith(b"\x93NUMPY") or name.endswith(".npy"):
        return read_npy(first, wishes)
    if wishes.labels is not None or is_idx(begin) or "ubyte" in name or "idx" in name:
        return read_idx(first, wishes)
    if not name.endswith((".csv", ".tsv", ".txt", ".tab", ".dat")) and b"\0" in begin:
        if record_size(first.stat().st_size):
            return read_cifar(paths, wishes)
        raise DataError(f"{first} is of no format that is known", TAKEN)
    return read_text(first, wishes)


def _refuse_foreign(path: Path, begin: bytes) -> None:
    if begin.startswith(PICKLES):
        pickled = "a Python pickle, as CIFAR's Python version has, and is never read, because a pickle can run code"
        raise DataError(f"{path} is {pickled}", f"take the binary version: {BINARY}; or save npz")
    if begin[TAR_AT : TAR_AT + len(TAR_MAGIC)] == TAR_MAGIC:
        raise DataError(f"{path} is an archive of files (tar)", "unpack it first: tar xf FILE; then give the files in it")
    for magic, what in FOREIGN.items():
        if begin.startswith(magic):
            raise DataError(f"{path} is {what}, which is not read", TAKEN)
