"""The data folder: `NAME.json` says what a data set is, `SHA256.npz` holds its arrays; two names of one content share them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from engine.data.own.content import described, packed, restored
from engine.data.own.entry import FORMAT, Entry, OwnData, checked_name
from engine.errors import DataError, StoreError, UsageError, echoed, nearest
from engine.paths import expanded
from engine.store.files import damaged, read_bytes, read_json, replace, there, write_json

ELSEWHERE = "choose another place with the variable GENLAB_DATA"
LARGEST_ENTRY = 2**20


def data_folder() -> Path:
    """Return where imported data lie: the variable GENLAB_DATA, or the platform's user data folder; it may not exist yet.

    Raises:
        UsageError: it is within the home of a user who does not exist.
    """
    given = os.environ.get("GENLAB_DATA", "")
    if given:
        return expanded(given, ELSEWHERE)
    import platformdirs

    return Path(platformdirs.user_data_dir("genlab", appauthor=False)) / "data"


@dataclass(frozen=True)
class Damaged:
    """An entry that cannot be read, and why."""

    name: str
    why: str


def names() -> list[str]:
    """Return the names of everything in the folder, sorted; none where it cannot be read."""
    try:
        return sorted(path.stem for path in data_folder().iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except (OSError, UsageError):
        return []


def entries() -> list[Entry | Damaged]:
    """Return every entry by name."""
    found: list[Entry | Damaged] = []
    for name in names():
        try:
            found.append(find(name))
        except (DataError, UsageError) as error:
            found.append(Damaged(echoed(name), error.message))
    return found


def find(name: str) -> Entry:
    """Return what is known of a data set, without reading its arrays.

    Raises:
        UsageError: no data set has this name.
        DataError: its entry is damaged.
    """
    try:
        known = checked_name(name) and there(_entry_path(name))
    except UsageError:
        known = False
    except StoreError as error:
        raise _of_data(error) from error
    if not known:
        raise UsageError(f"no imported data set {echoed(name)!r}{nearest(name, names())}", f"genlab data import {_meant(name)} FILE")
    return _entry(name)


def damage(entry: Entry, thorough: bool = False) -> str:
    """Return why the content of a data set cannot be used, by its size alone unless `thorough`, as a sentence; empty where it can."""
    path = _content_path(entry.sha256)
    try:
        if not there(path):
            return f"{path} is missing"
        if entry.size and path.stat().st_size != entry.size:
            return f"{path} is damaged: it has {path.stat().st_size:,} bytes instead of {entry.size:,}"
        if thorough:
            restored(entry, read_bytes(path), path)
    except StoreError as error:
        return error.message
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return ""


def load(name: str, sha256: str = "") -> OwnData:
    """Return a data set with its arrays.

    Args:
        name: its name.
        sha256: the content that is wanted; empty: whatever it is now.

    Raises:
        DataError: it is gone, another content has its name, or it is damaged.
    """
    entry = present(name, sha256)
    path = _content_path(entry.sha256)
    try:
        return restored(entry, read_bytes(path), path)
    except StoreError as error:
        raise DataError(f"the data set {name} is damaged: {error.message}", f"import it again: genlab data import {name} FILE") from error


def present(name: str, sha256: str = "") -> Entry:
    """Return the entry of a data set that a run needs.

    Raises:
        DataError: it is gone, or another content has its name.
    """
    try:
        entry = find(name)
    except UsageError:
        content = f" (SHA-256 {sha256[:12]}...)" if sha256 else ""
        raise DataError(f"the data set {echoed(name)}{content} is not here", f"import it: genlab data import {_meant(name)} FILE") from None
    if sha256 and entry.sha256 != sha256:
        sentence = f"the data set {name} is another one now: SHA-256 {entry.sha256[:12]}..., where {sha256[:12]}... is needed"
        raise DataError(sentence, f"import the former file under this name: genlab data import {name} FILE --force")
    return entry


def add(name: str, data: OwnData, *, force: bool = False) -> tuple[Entry, bool]:
    """Store a data set under a name; return its entry, and whether anything changed.

    Raises:
        UsageError: no name for a data set, or it belongs to other data and `force` is not given.
        StoreError: the folder cannot be written; nothing is left behind.
    """
    path = _entry_path(checked_name(name))
    content = packed(data)
    entry = described(name, data, content)
    with _told(path):
        before = _entry_or_none(name)
        if before is not None and before.sha256 == entry.sha256 and _intact(before):
            return before, False
        if there(path) and not force and (before is None or before.sha256 != entry.sha256):
            held = f"{before.rows:,} rows from {before.source}" if before else "its entry is damaged"
            hint = f"choose another name, or replace it: genlab data import {name} FILE --force"
            raise UsageError(f"there is a data set {name} already, with other content ({held})", hint)
        _write(entry, content)
        if before is not None and before.sha256 != entry.sha256:
            _forget(before.sha256)
    return entry, True


def require(name: str) -> None:
    """Make sure that there is a data set of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in names():
        raise UsageError(f"no imported data set {echoed(name)!r}{nearest(name, names())}", "See: genlab data list")


def remove(name: str) -> None:
    """Remove a data set; what its runs have stored stays.

    Raises:
        UsageError: no data set has this name.
        StoreError: the folder cannot be written.
    """
    path = _entry_path(name)
    require(name)
    with _told(path):
        before = _entry_or_none(name)
        path.unlink()
        if before is not None:
            _forget(before.sha256)


def _write(entry: Entry, content: bytes) -> None:
    """Write the content, then the entry; take back what was written where the second fails."""
    made = _make_folder()
    path = _content_path(entry.sha256)
    new = not there(path)
    try:
        replace(path, content)
        write_json(_entry_path(entry.name), entry.record())
    except BaseException:
        with contextlib.suppress(OSError):
            if new:
                path.unlink(missing_ok=True)
            for folder in made:
                folder.rmdir()
        raise


def _make_folder() -> list[Path]:
    """Make the data folder; return the folders that were made for it, the innermost first."""
    folder = data_folder()
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _forget(sha256: str) -> None:
    """Remove a content that no entry names any more."""
    if sha256 not in {entry.sha256 for entry in entries() if isinstance(entry, Entry)}:
        _content_path(sha256).unlink(missing_ok=True)


def _intact(entry: Entry) -> bool:
    """Whether the content is there as it was stored."""
    path = _content_path(entry.sha256)
    try:
        restored(entry, read_bytes(path), path)
    except StoreError:
        return False
    return True


def _entry_path(name: str) -> Path:
    return data_folder() / f"{name}.json"


def _content_path(sha256: str) -> Path:
    return data_folder() / f"{sha256}.npz"


def _entry_or_none(name: str) -> Entry | None:
    try:
        return find(name)
    except (UsageError, DataError):
        return None


def _entry(name: str) -> Entry:
    path = _entry_path(name)
    try:
        found = read_json(path, LARGEST_ENTRY)
        written = found.get("format")
        if type(written) is int and written > FORMAT:
            raise DataError(f"the data set {name} was imported by a newer genlab", "update genlab: pip install --upgrade genlab")
        entry = Entry.model_validate(found)
        if entry.name != name:
            raise damaged(path, "it is of another data set")
    except ValidationError as error:
        raise _of_data(damaged(path), name) from error
    except StoreError as error:
        raise _of_data(error, name) from error
    return entry


def _meant(name: str) -> str:
    """The name, where one may be called so; else a placeholder."""
    try:
        return checked_name(name)
    except UsageError:
        return "NAME"


def _of_data(error: StoreError, name: str = "") -> DataError:
    return DataError(error.message, f"import it again: genlab data import {name} FILE --force" if name else ELSEWHERE)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say of an error of the disk where else data may lie."""
    try:
        yield
    except StoreError as error:
        raise StoreError(error.message, f"free some space or change its permissions, or {ELSEWHERE}") from error
    except OSError as error:
        hint = f"change its permissions, or {ELSEWHERE}"
        raise StoreError(f"cannot write {path}: {(error.strerror or type(error).__name__).lower()}", hint) from error
