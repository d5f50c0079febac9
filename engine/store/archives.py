"""Archives of arrays (npz): written without compression, read without pickle, and measured before memory is asked for."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import StoreError
from engine.store.files import damaged, read_bytes

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def archive(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return named arrays as the bytes of an npz file; object arrays are refused.

    Raises:
        ValueError: an array of Python objects.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy")
            info.create_system = 3  # the same arrays give the same bytes on every system
            with pack.open(info, "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def read_archive(path: Path) -> dict[str, NDArray[Any]]:
    """Read an npz file that `archive` wrote.

    Raises:
        StoreError: missing, unreadable, damaged, compressed (it might be of any size), or holding Python objects.
    """
    return unpacked(read_bytes(path), path)


def unpacked(content: bytes, path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file's content; `path` is what errors call it.

    Raises:
        StoreError: damaged, compressed (it might be of any size), or holding Python objects.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as pack:
            entries = pack.infolist()
            size = sum(entry.file_size for entry in entries)
            if size > len(content) or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise damaged(path, "what is in it would be larger than the file")
            return {entry.filename.removesuffix(".npy"): _array(pack.read(entry)) for entry in entries}
    except StoreError:
        raise
    except Exception as error:  # zipfile, NumPy and its tokenizer each have their own for bytes that make no sense
        raise damaged(path) from error


def _array(data: bytes) -> NDArray[Any]:
    """Return the array of an npy file, whose header must say exactly what follows it.

    Raises:
        ValueError: it does not, or it holds Python objects.
    """
    stream = io.BytesIO(data)
    shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
    rest = data[stream.tell() :]
    if dtype.hasobject or any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError(f"{len(rest)} bytes are no array of shape {shape} and type {dtype}")
    if not dtype.itemsize or not len(rest):
        return np.zeros(shape, dtype)
    return np.frombuffer(bytearray(rest), dtype).reshape(shape, order="F" if fortran else "C")
