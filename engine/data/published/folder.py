"""Where a published data set lies, `DATA FOLDER/NAME`: its official files, and beside them the images decoded from them.

Both ways lead there: fetching puts the official files into it, and so may a person on a machine without a network. What is there is
decoded when it is first used; nothing counts as there before its SHA-256 was that of the publication.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.data.own.folder import ELSEWHERE, data_folder
from engine.data.published.catalogue import OfficialFile, Published
from engine.data.published.decoding import again
from engine.data.published.entry import DECODED, ENTRY, damage
from engine.errors import DataError, StoreError
from engine.interruption import checkpoint
from engine.store.files import there, told
from engine.store.lock import Lock, holder, is_held
from engine.telling import tell

DOWNLOAD, LOCK = ".download", ".lock"
SPARE = 2**24  # bytes of the disk that are left free
LOOK = 0.1  # seconds between two looks at a lock


@dataclass(frozen=True)
class State:
    """What is there.

    files: official ones of the right size; decoded: whether the images are; part: bytes of a file half downloaded.
    damage: why decoded images that are there do not count, as a sentence; empty where they do. torn: of each official file that has
    another size than was published, what is wrong.
    """

    files: tuple[OfficialFile, ...]
    decoded: bool
    part: int
    missing: tuple[OfficialFile, ...]
    damage: str = ""
    torn: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the images are there, or everything that they are decoded from."""
        return self.decoded or not self.missing


def place(published: Published) -> Path:
    """Return the data set's folder; it may not exist yet."""
    return data_folder() / published.name


def part_of(published: Published, file: OfficialFile) -> Path:
    """Return where a file lies while it is downloaded."""
    return place(published) / DOWNLOAD / f"{file.name}.part"


def state(published: Published) -> State:
    """Return what is there, by names and sizes; contents are checked when they are read."""
    folder = place(published)
    found = tuple(file for file in published.files if _size(folder / file.name) == file.size)
    lacking = tuple(file for file in published.files if file not in found)
    torn = tuple(
        f"{file.name} has {_size(folder / file.name):,} bytes instead of {file.size:,}" for file in lacking if there(folder / file.name)
    )
    part = sum(_size(part_of(published, file)) for file in published.files)
    broken = damage(published, folder)
    decoded = not broken and (folder / DECODED / ENTRY).is_file()
    return State(found, decoded, part, lacking, broken, torn)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def require(published: Published) -> None:
    """Refuse a data set that is not there.

    Raises:
        DataError: it is not; how it is got is said.
    """
    found = state(published)
    if not found.usable:
        raise missing(published, found)


def missing(published: Published, found: State) -> DataError:
    """The error of a data set that is not there: which command gets it, and which files go where without a network."""
    if found.damage:
        return DataError(found.damage, again(published))
    torn = found.torn
    absent = len(found.missing) - len(torn)
    parts = [f"{absent} of its {len(published.files)} files are missing"] if absent and (found.files or torn) else []
    some = f": {'; '.join([*torn, *parts])}" if torn or parts else ""
    names = ", ".join(file.name for file in found.missing)
    copied = f"or, without a network, copy {names} into {place(published)}"
    return DataError(f"the data set {published.name} is not here{some}", f"genlab data fetch {published.name}; {copied}")


def remove(published: Published) -> bool:
    """Remove everything of a data set that genlab knows of; return whether anything was there.

    Raises:
        StoreError: the disk refused, or it is being fetched.
    """
    folder = place(published)
    if not there(folder):
        return False
    with locked(published, "removed"), in_data_folder():
        held = False
        for name in (*(file.name for file in published.files), DECODED, DOWNLOAD):
            path = folder / name
            if there(path):
                held = True
                with told(path, "remove"):
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        (folder / LOCK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something of a person's lies there
            folder.rmdir()
    return held


def require_space(published: Published, needed: int) -> None:
    """Refuse to begin what will not fit.

    Raises:
        StoreError: the disk has too little room.
    """
    folder = place(published)
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed + SPARE:
        sentence = f"{published.name} takes {needed / 1e6:,.0f} MB more, and {existing} has {free / 1e6:,.0f} MB free"
        raise StoreError(sentence, f"free some space, or {ELSEWHERE}")


@contextlib.contextmanager
def locked(published: Published, doing: str, wait: bool = False) -> Iterator[None]:
    """Let nobody else change the data set within the block; its folder is made. wait: until somebody else has finished.

    Raises:
        DataError: somebody else changes it.
        StoreError: the folder cannot be written.
    """
    path = place(published) / LOCK
    with in_data_folder(), told(path.parent, "make the folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(published, path, wait)
    try:
        lock.say(doing)
        yield
    finally:
        lock.release()


def _lock(published: Published, path: Path, wait: bool) -> Lock:
    while True:
        try:
            with in_data_folder():
                return Lock(path)
        except StoreError:
            if not is_held(path):
                raise
        found = holder(path)
        who = "this process" if found and found.number == os.getpid() else f"process {found.number}" if found else "another process"
        if not wait:
            doing = found.doing if found and found.doing else "changed"
            raise DataError(f"{published.name} is being {doing} by {who}", "wait until it has finished, or end it, and begin again")
        tell(f"waiting for {who}, which gets {published.name} ready")
        checkpoint()
        time.sleep(LOOK)


@contextlib.contextmanager
def in_data_folder() -> Iterator[None]:
    """Say of an error of the disk within the block where else data may lie.

    Raises:
        StoreError: the disk refused.
    """
    try:
        yield
    except StoreError as error:
        raise StoreError(error.message, f"free some space or change its permissions, or {ELSEWHERE}") from error
