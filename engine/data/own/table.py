"""What a reader finds in a file before it is understood, what a person wishes, and the limits that every reader keeps."""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import psutil
from numpy.typing import NDArray

from engine.data.own.entry import MOST_ROWS, Kind
from engine.errors import DataError, UsageError, echoed
from engine.store.files import printable

TAR_MAGIC, TAR_AT = b"ustar", 257
PART = 3  # of the free memory that the numbers of a file may take: they are converted and stored as well
DENSEST = 1032  # bytes that a byte of deflate can unpack to
SUSPICIOUS, LARGE = 100, 2**28  # how much denser than measured data, and from which size on, an archive is taken for a bomb
_CAUSES = {"FileNotFoundError": "there is no such file", "PermissionError": "permission denied"}


@dataclass(frozen=True)
class Wishes:
    """What a person says about a file. target: the column, by name or number from 1; labels: the second file of IDX images."""

    target: str = ""
    kind: Kind | Literal[""] = ""
    shape: tuple[int, ...] = ()
    labels: Path | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """What a file holds: inputs (n, ...) and a target (n,) of numbers or texts; or eigenvalues (k,), perhaps with a signal.

    labels: whether the format says that the target are classes, however many.
    """

    form: str
    source: str
    inputs: NDArray[Any] | None = None
    target: NDArray[Any] | None = None
    eigenvalues: NDArray[Any] | None = None
    signal: NDArray[Any] | None = None
    labels: bool = False
    notes: tuple[str, ...] = ()


def seen(text: object) -> str:
    """Return a text of a file as a sentence may show it: no control characters, no line breaks, not long."""
    return echoed(" ".join(str(printable(str(text))).split()))


def room() -> int:
    """Return how many bytes the numbers of a file may take."""
    return int(psutil.virtual_memory().available) // PART


def check_room(what: str, count: int, rows: int = 0) -> None:
    """Refuse what does not fit. count: of bytes; rows: examples.

    Raises:
        DataError: too many rows, or more bytes than there is room for.
    """
    if rows > MOST_ROWS:
        raise DataError(f"{what} has {rows:,} rows, where at most {MOST_ROWS:,} are taken", "import a part of them")
    if count > room():
        needed = f"{count / 2**30:,.1f} GiB, where {room() / 2**30:,.1f} GiB may be used of this machine's free memory"
        raise DataError(f"{what} would take {needed}", "import a part of it, or import it where there is more memory")


def check_density(path: Path, unpacked: int, packed: int) -> None:
    """Refuse what claims to unpack to more than it can, or than measured data do.

    Raises:
        DataError: it does.
    """
    if unpacked > DENSEST * packed + 1024:
        raise DataError(f"{path} is damaged: {packed:,} bytes cannot unpack to the {unpacked:,} that it claims", "get the file again")
    if unpacked > LARGE and unpacked > SUSPICIOUS * packed:
        raise DataError(
            f"{path} would unpack from {packed:,} bytes to {unpacked:,}, as no measured data do", "save it without compression: np.savez"
        )


@contextmanager
def regular(path: Path) -> Iterator[IO[bytes]]:
    """Open a regular file for reading, as it is.

    Raises:
        UsageError: no such file, a folder, a pipe or device, or it must not be read.
        DataError: it is empty, or the disk cannot read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        why = _CAUSES.get(type(error).__name__) or (getattr(error, "strerror", None) or "no file can be called so").lower()
        raise UsageError(f"cannot read {path}: {why}", "genlab data import NAME FILE") from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        what = "a folder" if stat.S_ISDIR(about.st_mode) else "no regular file"
        raise UsageError(f"cannot read {path}: it is {what}", "genlab data import NAME FILE")
    with os.fdopen(descriptor, "rb") as file:
        if about.st_size == 0:
            raise DataError(f"{path} is empty", "genlab data import NAME FILE takes npz, CSV, TSV, IDX and CIFAR's binary files")
        try:
            yield file
        except OSError as error:
            raise DataError(f"cannot read {path}: {(error.strerror or str(error)).lower()}", "get the file again") from None


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a regular file for reading; a file packed with gzip is unpacked while it is read.

    Raises:
        UsageError: no such file, a folder, a pipe or device, or it must not be read.
        DataError: it is empty, or damaged where it is packed.
    """
    with regular(path) as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        try:
            yield gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[misc]
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{path} is damaged where it is packed: {error}", "get the file again") from None


def is_tar(path: Path) -> bool:
    """Whether a file, once unpacked, is an archive of files.

    Raises:
        UsageError: it cannot be read.
        DataError: it is damaged where it is packed.
    """
    return beginning(path, TAR_AT + len(TAR_MAGIC))[TAR_AT:] == TAR_MAGIC


def beginning(path: Path, count: int) -> bytes:
    """Return the first bytes of a file, unpacked."""
    with opened(path) as stream:
        return stream.read(count)
