"""What says of decoded images what they were decoded from, and whether their files are as large as those that were written."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.published.catalogue import Published
from engine.data.published.decoding import ARRAYS
from engine.errors import StoreError
from engine.store.files import read_json, there

DECODED, ENTRY = "decoded", "entry.json"
FORMAT = 1
LARGEST_ENTRY = 2**16


def header(shape: tuple[int, ...]) -> bytes:
    """Return the beginning of an npy file of bytes."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def shape_of(published: Published, name: str) -> tuple[int, ...]:
    """Return the shape of one of `ARRAYS`."""
    count = published.train if name.startswith("train") else published.tests
    return (count, *published.shape) if name.endswith("images") else (count,)


def read_entry(published: Published, folder: Path) -> dict[str, Any]:
    """Return the SHA-256 of each decoded file.

    Raises:
        StoreError: the entry is not there, damaged, or of other files than those that were published.
    """
    entry = read_json(folder / DECODED / ENTRY, LARGEST_ENTRY)
    official = {file.name: file.sha256 for file in published.files}
    sums = entry.get("arrays")
    if entry.get("format") != FORMAT or entry.get("official") != official or not isinstance(sums, dict) or set(sums) != set(ARRAYS):
        raise StoreError(f"{folder / DECODED} is damaged: it was not decoded from the files that were published")
    return sums


def damage(published: Published, folder: Path) -> str:
    """Return what is wrong with the decoded images by entry and sizes, as a sentence; empty where nothing is, or there are none."""
    try:
        if not there(folder / DECODED):
            return ""
        read_entry(published, folder)
        for name in ARRAYS:
            path, shape = folder / DECODED / f"{name}.npy", shape_of(published, name)
            due = len(header(shape)) + math.prod(shape)
            if not path.is_file():
                return f"{path} is missing"
            if path.stat().st_size != due:
                return f"{path} is damaged: it has {path.stat().st_size:,} bytes instead of {due:,}"
    except StoreError as error:
        return error.message
    except OSError as error:
        return f"{folder / DECODED} cannot be read: {error.strerror}"
    return ""
