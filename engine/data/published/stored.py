"""The decoded images on the disk: four npy files that are mapped into memory, and an entry that says what they were decoded from.

The folder appears at once and whole. Whoever opens it checks types, shapes and labels each time, and the SHA-256 of every file once a
process. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.published.catalogue import Published
from engine.data.published.decoding import ARRAYS, Bytes
from engine.data.published.entry import DECODED, ENTRY, FORMAT, header, read_entry
from engine.data.published.folder import in_data_folder
from engine.errors import StoreError
from engine.store.files import opened, sync_folder, there, told, write_all, write_json
from engine.store.making import hidden, tidy

_checked: dict[tuple[str, int, int, int], str] = {}  # SHA-256 of files that this process has read whole, by path, inode, size and time


@dataclass(frozen=True, eq=False)
class PublishedImages:
    """Images of bytes, mapped into memory and not to be written. Images (n, height, width[, 3]), labels (n,)."""

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes


def write(published: Published, folder: Path, arrays: Iterable[tuple[str, Bytes]]) -> None:
    """Store decoded arrays in the data set's folder, in place of any that are there.

    Raises:
        StoreError: the disk refused; nothing is left of it.
        DataError: as `arrays` raises it.
    """
    with in_data_folder():
        tidy(folder)
        beside = hidden(folder, DECODED, "new")
        with told(beside, "make the folder"):
            beside.mkdir()
        try:
            sums = {name: _save(beside / f"{name}.npy", array) for name, array in arrays}
            official = {file.name: file.sha256 for file in published.files}
            write_json(beside / ENTRY, {"format": FORMAT, "name": published.name, "official": official, "arrays": sums})
            _put_in_place(beside, folder)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise


def _save(path: Path, array: Bytes) -> str:
    """Write one npy file; return its SHA-256."""
    digest = hashlib.sha256()
    with told(path):
        descriptor = opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            for content in (header(array.shape), np.ascontiguousarray(array).data.cast("B")):
                digest.update(content)
                write_all(descriptor, content)  # type: ignore[arg-type]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return digest.hexdigest()


def _put_in_place(beside: Path, folder: Path) -> None:
    final = folder / DECODED
    with told(final):
        if there(final):
            before = hidden(folder, DECODED, "removed")
            final.rename(before)
            shutil.rmtree(before) if before.is_dir() and not before.is_symlink() else before.unlink()
        beside.rename(final)
    sync_folder(folder)


def read(published: Published, folder: Path) -> PublishedImages:
    """Map the decoded images into memory.

    Raises:
        StoreError: they are not there, damaged, or decoded from other files.
    """
    sums = read_entry(published, folder)
    arrays = {name: _mapped(folder / DECODED / f"{name}.npy", sums[name]) for name in ARRAYS}
    for part, count in (("train", published.train), ("test", published.tests)):
        images, labels = arrays[f"{part}-images"], arrays[f"{part}-labels"]
        if images.shape != (count, *published.shape) or labels.shape != (count,) or labels.max() >= len(published.classes):
            raise StoreError(f"{folder / DECODED} is damaged: it does not hold the {count:,} {part} images that were published")
    return PublishedImages(*(arrays[name] for name in ARRAYS))


def _mapped(path: Path, sha256: Any) -> Bytes:
    with told(path, "read"):
        descriptor = opened(path, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            key = (str(path), about.st_ino, about.st_size, about.st_mtime_ns)
            if key not in _checked:
                _checked[key] = hashlib.file_digest(file, "sha256").hexdigest()
    if _checked[key] != sha256:
        raise StoreError(f"{path} is damaged: its content is no longer what was decoded")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StoreError(f"{path} is damaged: {error}") from None
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or not array.flags.c_contiguous or not array.size:
        raise StoreError(f"{path} is damaged: it holds no bytes")
    return array
