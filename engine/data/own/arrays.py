"""Arrays that NumPy saved: npz (X and y; or eigenvalues, perhaps signal) and npy; pickled objects are never read.

What an array would take is known from the zip's directory and the array's header before memory is asked for.
"""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.own.table import Table, Wishes, check_density, check_room, opened, seen
from engine.errors import DataError, UsageError, echoed

HEADER = 2**16  # bytes that the header of an array fits in
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
SAVE = "save it with np.savez(FILE, X=inputs, y=targets), or np.savez(FILE, eigenvalues=...) for a spectrum"
INPUTS, TARGETS = ("x", "inputs", "data", "images", "features"), ("y", "targets", "target", "labels")
EIGENVALUES, SIGNAL = ("eigenvalues", "eigs", "spectrum"), ("signal", "coefficients")


def read_npz(path: Path, wishes: Wishes) -> Table:
    """Read an npz file.

    Raises:
        DataError: damaged, too large, pickled, or the arrays that are needed are not in it.
    """
    with opened(path) as stream:
        try:
            with zipfile.ZipFile(stream) as pack:
                return _of_pack(path, pack, wishes)
        except (DataError, UsageError):
            raise
        except MemoryError:
            raise DataError(f"{path} takes more memory than there is", "import a part of it") from None
        except Exception as error:  # zipfile and zlib have many for bytes that make no sense
            raise DataError(f"{path} is damaged and cannot be read as npz: {seen(error) or type(error).__name__}", SAVE) from None


def read_npy(path: Path, wishes: Wishes) -> Table:
    """Read an npy file: eigenvalues, or a matrix whose last column (or the target's number) is y.

    Raises:
        DataError: damaged, too large, pickled.
    """
    with opened(path) as stream:
        array = _array(path, "the array", stream, _left(path, stream))
    if wishes.kind == "spectrum":
        return Table("npy", path.name, eigenvalues=array)
    if array.ndim != 2 or array.shape[1] < 2:
        raise DataError(f"{path} holds an array of shape {array.shape}, where (rows, columns) are needed, y in the last", SAVE)
    place = _column(wishes.target, array.shape[1])
    return Table("npy", path.name, inputs=np.delete(array, place, axis=1), target=array[:, place])


def _column(target: str, columns: int) -> int:
    if not target:
        return columns - 1
    if not (target.isdecimal() and target.isascii() and len(target) < 10 and 1 <= int(target) <= columns):
        raise UsageError(f"--target must be a column's number between 1 and {columns}, got {echoed(target)}", "leave it out for the last")
    return int(target) - 1


def _of_pack(path: Path, pack: zipfile.ZipFile, wishes: Wishes) -> Table:
    found = {entry.filename.removesuffix(".npy"): entry for entry in pack.infolist() if entry.filename.endswith(".npy")}
    lowered = {name.lower(): name for name in reversed(found)}

    def read(wanted: tuple[str, ...]) -> NDArray[Any] | None:
        name = next((lowered[item] for item in wanted if item in lowered), None)
        if name is None:
            return None
        entry = found[name]
        check_density(path, entry.file_size, entry.compress_size)
        with pack.open(entry) as stream:
            return _array(path, seen(name), stream, entry.file_size)

    listed = ", ".join(seen(name) for name in list(found)[:8]) or "no arrays"
    eigenvalues = read(EIGENVALUES) if wishes.kind in ("", "spectrum") else None
    if eigenvalues is not None:
        return Table("npz", path.name, eigenvalues=eigenvalues, signal=read(SIGNAL))
    if wishes.kind == "spectrum":
        raise DataError(f"{path} holds {listed}, where eigenvalues are needed", SAVE)
    targets: tuple[str, ...] = TARGETS
    if wishes.target:
        if wishes.target.lower() not in lowered:
            raise UsageError(f"{path} holds no array {echoed(wishes.target)!r}; it holds {listed}", "name one of them with --target")
        targets = (wishes.target.lower(),)
    inputs, target = read(INPUTS), read(targets)
    if inputs is None or target is None:
        raise DataError(f"{path} holds {listed}, where X and y are needed", SAVE)
    return Table("npz", path.name, inputs=inputs, target=target)


def _left(path: Path, stream: IO[bytes]) -> int:
    """The bytes of a file, of a packed one at most so many."""
    return path.stat().st_size * (1 if isinstance(stream, io.BufferedReader) else 1032)


def _array(path: Path, name: str, stream: IO[bytes], size: int) -> NDArray[Any]:
    """Return the array of an npy stream of at most this many bytes, whose header must say exactly what follows.

    Raises:
        DataError: it does not, holds Python objects, or is too large.
    """
    head = io.BytesIO(stream.read(HEADER))
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(head)](head)
    except Exception as error:  # NumPy's tokenizer has its own for bytes that make no sense
        raise DataError(f"{name} in {path} is damaged: its header is no NumPy header ({seen(error)})", SAVE) from None
    if dtype.hasobject:
        hint = "save numbers or texts: np.savez(FILE, X=np.asarray(X, float), y=np.asarray(y))"
        raise DataError(f"{name} in {path} holds pickled Python objects, which are never read, because they can run code", hint)
    if any(length < 0 for length in shape):
        raise DataError(f"{name} in {path} is damaged: its header says the shape {seen(shape)}", SAVE)
    if dtype.kind not in "biufUS":
        raise DataError(f"{name} in {path} has the type {seen(dtype)}, where numbers or class names are needed", SAVE)
    count = math.prod(shape) * dtype.itemsize
    check_room(f"{name} in {path}, {'x'.join(map(str, shape)) or 'one number'}", count, shape[0] if shape else 1)
    if count > size:
        raise DataError(f"{name} in {path} is truncated: its header promises {count:,} bytes, and there are fewer", "get the file again")
    rest = head.read()
    content = rest + stream.read(max(0, count - len(rest)))
    if len(content) != count or stream.read(1):
        what = "fewer" if len(content) < count else "more"
        raise DataError(f"{name} in {path} is damaged: its header promises {count:,} bytes, and there are {what}", "get the file again")
    if not count:
        return np.zeros(shape, dtype)
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
