"""Files that are either old or new, never half: atomic replacement, regular files only, and disk errors as sentences."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from engine.errors import StoreError
from engine.store.place import called, removal
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
    errno.ELOOP: ("it is a link, and links in a run's folder are not followed", "put the file itself there"),
    errno.EISDIR: ("it is a folder, not a file", "move it elsewhere"),
    errno.ENAMETOOLONG: ("the name is too long", "See: genlab runs"),
}

LARGEST_JSON = 2**24  # bytes of a file of one JSON object
_NO_FOLLOW, _NO_WAIT = getattr(os, "O_NOFOLLOW", 0), getattr(os, "O_NONBLOCK", 0)
_RESTORE = "restore it from a copy, or remove the run with {rm}"
_REBUILT = "genlab resume {run} makes it anew"
_REMEDIES = {
    "latest.npz": _REBUILT, "arrays.npz": _REBUILT, "result.json": _REBUILT, "state.json": _REBUILT,
    "sweep.json": "give the same genlab sweep command again, which finds its runs; {rm} removes this one, not its runs",
    "table.json": "give the same genlab sweep command again, which finds its runs",
    "state.safetensors": "its measurements can still be seen: genlab show {run}; to compute it again beside it: genlab run",
}  # fmt: skip
_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


def disk_error(error: OSError, path: Path, doing: str = "write") -> StoreError:
    """Return `cannot write PATH: the disk is full`, with what to do, for an error of the operating system."""
    cause, hint = _CAUSES.get(error.errno or 0, (error.strerror or type(error).__name__, _ELSEWHERE))
    if error.errno == errno.ENOENT:  # what was to be written into is gone; what was to be read may be made anew
        hint = _remedy(path, hint) if doing == "read" else _ELSEWHERE
    return StoreError(f"cannot {doing} {path}: {cause}", hint)


@contextlib.contextmanager
def told(path: Path, doing: str = "write") -> Iterator[None]:
    """Turn an OSError within the block into a StoreError about `path`."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, path, doing) from error


def opened(path: Path, flags: int) -> int:
    """Open a regular file, and nothing else: no link is followed, no pipe waited for, no device read.

    Raises:
        OSError: of the operating system.
        StoreError: it is something else than a regular file.
    """
    descriptor = os.open(path, flags | _NO_FOLLOW | _NO_WAIT, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StoreError(f"{path} is damaged: it is not a regular file", "move it elsewhere")
    return descriptor


def there(path: Path) -> bool:
    """Whether anything has this name, a link to nowhere included.

    Raises:
        StoreError: nobody may look.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise disk_error(error, path, "read") from error
    except ValueError:  # a name that no file can have
        return False
    return True


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
            beside.unlink(missing_ok=True)  # what a crash left, or a link that somebody laid there
            descriptor = opened(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
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


def read_bytes(path: Path, limit: int | None = None) -> bytes:
    """Return a file's content.

    Args:
        path: the file.
        limit: bytes that no sound file of this kind exceeds; always at most the memory that is free.

    Raises:
        StoreError: missing, unreadable, no regular file, or too large.
    """
    with told(path, "read"):
        descriptor = opened(path, os.O_RDONLY)
        with os.fdopen(descriptor, "rb") as file:
            size = os.fstat(descriptor).st_size
            if limit is not None and size > limit:
                raise damaged(path, f"it has {size:,} bytes, where at most {limit:,} make sense")
            if size > psutil.virtual_memory().available:
                raise StoreError(f"{path} has {size:,} bytes, more than the free memory", "look at it where there is more memory")
            return file.read(size)


def printable(tree: Any) -> Any:
    """Return plain JSON with the control characters in its texts replaced: what is read back must not command a terminal."""
    if isinstance(tree, str):
        return tree.translate(_CONTROLS)
    if isinstance(tree, list):
        return [printable(item) for item in tree]
    return {printable(key): printable(item) for key, item in tree.items()} if isinstance(tree, dict) else tree


def read_json(path: Path, limit: int | None = LARGEST_JSON) -> dict[str, Any]:
    """Read a file that holds one JSON object, for people to see; of at most `limit` bytes.

    Raises:
        StoreError: missing, unreadable, or damaged.
    """
    try:
        found = loads(read_bytes(path, limit))
    except (ValueError, RecursionError) as error:
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


def damaged(path: Path, how: str = "") -> StoreError:
    """The error for a file of the store that cannot be understood, with what can still be done about it."""
    said = f"{path} is damaged: {how}" if how else f"{path} is damaged and cannot be read"
    return StoreError(said, _remedy(path, _RESTORE))


def absent(path: Path, why: str) -> StoreError:
    """The error for a file of the store that should be there, with what makes it anew."""
    return StoreError(f"{path} is missing, {why}", _remedy(path, _RESTORE))


def _remedy(path: Path, otherwise: str) -> str:
    """What can be done about a file of a run that is damaged or missing."""
    return _REMEDIES.get(path.name, otherwise).format(run=called(path.parent), rm=removal(path.parent))
