"""Official files that a person has, taken into the data folder: told by their SHA-256, whatever they are called."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.data.own.table import is_tar, regular
from engine.data.published.catalogue import OfficialFile, Published
from engine.data.published.decoding import sha256_of
from engine.data.published.folder import State, in_data_folder, locked, place, require_space, state
from engine.data.published.loading import decode_locked
from engine.errors import DataError
from engine.store.files import opened, told


def take(published: Published, paths: Sequence[Path]) -> State:
    """Copy official files into the data set's folder, and decode them once all are there; return what is there then.

    Raises:
        UsageError: a file cannot be read.
        DataError: a file is none of the published ones; then nothing is copied.
        StoreError: the data folder cannot be written.
    """
    found = [(_recognised(published, path), path) for path in paths]
    require_space(published, sum(file.size for file, _ in found) + published.decoded_size)
    with locked(published, "imported"), in_data_folder():
        for file, path in found:
            _copy(path, place(published) / file.name)
        if not state(published).missing:
            decode_locked(published, place(published))
    return state(published)


def _recognised(published: Published, path: Path) -> OfficialFile:
    digest = sha256_of(path)
    for file in published.files:
        if file.sha256 == digest:
            return file
    names = ", ".join(file.name for file in published.files)
    sentence = f"{path} is none of the files of {published.name} as they were published, still packed: its SHA-256 is {digest[:12]}..."
    what = "unpack it (tar xf FILE), and import the files in it" if is_tar(path) else "import it"
    raise DataError(sentence, f"give {names}; or {what} under another name: genlab data import my-{published.name} FILE")


def _copy(path: Path, final: Path) -> None:
    """Copy a file to where it appears at once and whole."""
    if final.exists() and final.samefile(path):
        return
    beside = final.with_name(f".{final.name}.{secrets.token_hex(4)}.new")
    with told(final), regular(path) as source:
        try:
            with os.fdopen(opened(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as target:
                shutil.copyfileobj(source, target)
            beside.replace(final)
        finally:
            beside.unlink(missing_ok=True)
