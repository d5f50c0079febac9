"""Arrays that cost time to make, kept as npz in the user's cache folder (or `GENLAB_CACHE`); never pickled.

A cache is a convenience: when it cannot be read it is made again, and when it cannot be written the arrays are used
without it and a sentence says so.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.paths import expanded

Arrays = Mapping[str, NDArray[Any]]
UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def cache_folder() -> Path:
    """Return `GENLAB_CACHE`, or the platform's cache folder for genlab; it may not exist yet."""
    import platformdirs

    given = os.environ.get("GENLAB_CACHE")
    return expanded(given, "choose another place with the variable GENLAB_CACHE") if given else platformdirs.user_cache_path("genlab")


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
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in shapes}
    except UNREADABLE:
        return None
    return arrays if all(arrays[key].shape == shape for key, shape in shapes.items()) else None


def _write(path: Path, arrays: Arrays) -> None:
    """Write beside the final place and rename, so that a reader or a crash never meets half a file."""
    named: dict[str, Any] = dict(arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **named)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
