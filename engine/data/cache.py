"""Arrays that cost time to make, kept as npz in the user's cache folder (or `GENLAB_CACHE`); never pickled.

A cache is a convenience: when it cannot be read it is made again, and when it cannot be written the arrays are used
without it and a sentence says so.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import StoreError
from engine.paths import cache_folder as cache_folder
from engine.store.archives import read_archive

Arrays = Mapping[str, NDArray[Any]]


def remember(name: str, shapes: Mapping[str, tuple[int, ...]], make: Callable[[], Arrays]) -> tuple[Arrays, str]:
    """Return the arrays of the cache file `name`, making and storing them when they are missing or damaged.

    Args:
        name: file name without suffix; carries a version, to be raised when the content changes.
        shapes: the shape of every array; anything else on disk counts as damaged.
        make: makes the arrays; called at most once.

    Returns:
        The arrays, and a sentence when they could not be stored (else empty).
    """
    path = cache_folder() / f"{name}.npz"
    found = _read(path, shapes)
    if found is not None:
        return found, ""
    arrays = make()
    try:
        _write(path, arrays)
    except OSError as error:
        return arrays, f"{name} is read anew in every run: the cache folder {path.parent} cannot be written ({error.strerror or error})"
    return arrays, ""


def _read(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> Arrays | None:
    try:
        archive = read_archive(path)
        arrays = {key: archive[key] for key in shapes}
    except (StoreError, KeyError):
        return None
    return arrays if all(arrays[key].shape == shape for key, shape in shapes.items()) else None


def _write(path: Path, arrays: Arrays) -> None:
    """Write beside the final place and rename, so that a reader or a crash never meets half a file."""
    named: dict[str, Any] = dict(arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.stem}.{secrets.token_hex(8)}.tmp")  # processes may make the same file at once
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # who may read it says the user's umask
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, **named)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
