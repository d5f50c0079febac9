"""Files that are either old or new, never half: atomic replacement, archives of arrays, and disk errors as sentences."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import StoreError
from engine.store.strict_json import dumps, loads

_ELSEWHERE = "choose another place with --runs DIR or the variable GENLAB_RUNS"
_CAUSES = {
    errno.ENOSPC: ("the disk is full", f"free some space, or {_ELSEWHERE}"),
    errno.EDQUOT: ("the disk quota is used up", f"free some space, or {_ELSEWHERE}"),
    errno.EFBIG: ("the file would be larger than this system allows", "raise the limit (ulimit -f), or " + _ELSEWHERE),
    errno.EROFS: ("the file system is read-only", _ELSEWHERE),
    errno.EACCES: ("permission denied", f"change its permissions, or {_ELSEWHERE}"),
    errno.EPERM: ("permission denied", f"change its permissions, or {_ELSEWHERE}"),
    errno.ENOENT: ("it is not there", "See: genlab runs"),
    errno.ENOTDIR: ("a part of the path is not a folder", _ELSEWHERE),
}


_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError, OSError, AttributeError, TypeError, MemoryError, OverflowError,
)  # fmt: skip
_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


def disk_error(error: OSError, path: Path, doing: str = "write") -> StoreError:
    """Return `cannot write PATH: the disk is full`, with what to do, for an error of the operating system."""
    cause, hint = _CAUSES.get(error.errno or 0, (error.strerror or type(error).__name__, _ELSEWHERE))
    return StoreError(f"cannot {doing} {path}: {cause}", hint)


@contextlib.contextmanager
def told(path: Path, doing: str = "write") -> Iterator[None]:
    """Turn an OSError within the block into a StoreError about `path`."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, path, doing) from error


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte (os.write may write fewer, a full disk among the reasons).

    Raises:
        OSError: of the operating system.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def replace(path: Path, data: bytes, durable: bool = True) -> None:
    """Put a file in place of the old one at once: readers and a crash see the old or the new, nothing between.

    Args:
        path: the file; the new one is written beside it first.
        data: the new content.
        durable: wait until it is on the medium, so that a power cut is survived as well.

    Raises:
        StoreError: the disk refused; the old file is untouched.
    """
    beside = path.with_name(f".{path.name}.new")
    with told(path):
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
            try:
                write_all(descriptor, data)
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(beside, path)  # noqa: PTH105 (Path.replace is the same call; tests count this one)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        if durable:
            sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's entries are on the medium, where the system can (Windows cannot)."""
    with contextlib.suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_bytes(path: Path) -> bytes:
    """Return a file's content.

    Raises:
        StoreError: it is missing or unreadable.
    """
    with told(path, "read"):
        return path.read_bytes()


def printable(tree: Any) -> Any:
    """Return plain JSON with the control characters in its texts replaced: what is read back must not command a terminal."""
    if isinstance(tree, str):
        return tree.translate(_CONTROLS)
    if isinstance(tree, list):
        return [printable(item) for item in tree]
    return {printable(key): printable(item) for key, item in tree.items()} if isinstance(tree, dict) else tree


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that holds one JSON object, for people to see.

    Raises:
        StoreError: missing, unreadable, or damaged.
    """
    try:
        found = loads(read_bytes(path))
    except ValueError as error:
        raise damaged(path) from error
    if not isinstance(found, dict):
        raise damaged(path)
    checked: dict[str, Any] = printable(found)
    return checked


def write_json(path: Path, content: Mapping[str, Any], durable: bool = True) -> None:
    """Replace a file by one line of strict JSON.

    Raises:
        StoreError: the disk refused.
    """
    replace(path, (dumps(content) + "\n").encode(), durable)


def damaged(path: Path) -> StoreError:
    """The error for a file of the store that cannot be understood."""
    return StoreError(f"{path} is damaged and cannot be read", "restore it from a copy, or remove the run with genlab rm")


def archive(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return named arrays as the bytes of an npz file; object arrays are refused.

    Raises:
        ValueError: an array of Python objects.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        for name, array in arrays.items():
            with pack.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def read_archive(path: Path) -> dict[str, NDArray[Any]]:
    """Read an npz file.

    Raises:
        StoreError: missing, unreadable, damaged, or holding Python objects.
    """
    content = io.BytesIO(read_bytes(path))
    try:
        with np.load(content, allow_pickle=False) as pack:
            return {name: pack[name] for name in pack.files}
    except _UNREADABLE as error:
        raise damaged(path) from error
