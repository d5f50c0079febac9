"""Named files out of a tar.gz, read one after the other into memory: nothing is unpacked onto the disk, so nothing can leave its folder.

An archive that holds anything which does not belong there is refused as a whole: paths that lead elsewhere, links, devices, more bytes
than the publication.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from engine.data.own.table import opened
from engine.errors import DataError

BESIDE = 2**22  # bytes that headers and files which nobody asks for may take


class _Limited(io.RawIOBase):
    """A stream that gives so many bytes and refuses more."""

    def __init__(self, stream: io.BufferedIOBase, path: Path, limit: int) -> None:
        self._stream, self._path, self._left = stream, path, limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(min(len(buffer), self._left + 1))
        self._left -= len(piece)
        if self._left < 0:
            raise DataError(f"{self._path} is damaged: it unpacks to more than was published", HINT)
        buffer[: len(piece)] = piece
        return len(piece)


HINT = "get the file again"


def members(path: Path, wanted: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Read files of a tar.gz in the order in which they lie. wanted: bytes of each by the last part of its path.

    Raises:
        UsageError: the archive cannot be read.
        DataError: it is damaged, a file is missing, or it holds what does not belong there.
    """
    left = dict(wanted)
    with opened(path) as stream:
        limited = io.BufferedReader(_Limited(stream, path, sum(wanted.values()) + BESIDE))  # type: ignore[arg-type]
        try:
            with tarfile.open(fileobj=limited, mode="r|") as archive:
                for member in archive:
                    _check(path, member)
                    name = PurePosixPath(member.name).name
                    if name not in left or not member.isfile():
                        continue
                    if member.size != left.pop(name):
                        sentence = f"{path} is damaged: {name} has {member.size:,} bytes, where {wanted[name]:,} were published"
                        raise DataError(sentence, HINT)
                    content = archive.extractfile(member)
                    assert content is not None  # of a regular file
                    yield name, content.read()
        except (tarfile.TarError, EOFError, zlib.error, UnicodeError, ValueError) as error:
            raise DataError(f"{path} is damaged: {str(error) or type(error).__name__}", HINT) from None
    if left:
        raise DataError(f"{path} is damaged: {', '.join(left)} is not in it", HINT)


def _check(path: Path, member: tarfile.TarInfo) -> None:
    """Refuse what does not belong into an archive of data.

    Raises:
        DataError: it is there.
    """
    inside = PurePosixPath(member.name)
    if inside.is_absolute() or ".." in inside.parts or "\\" in member.name or ":" in member.name:
        raise DataError(f"{path} is no archive of data: it holds a path that leads out of its folder", HINT)
    if not (member.isfile() or member.isdir()):
        raise DataError(f"{path} is no archive of data: it holds a link or a device", HINT)
