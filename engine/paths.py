"""Paths as people type them."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import UsageError, echoed


def expanded(typed: str | Path, hint: str) -> Path:
    """Return the path with `~` and `~user` put in full; `hint` says how another one is named.

    Raises:
        UsageError: there is no such user.
    """
    try:
        return Path(typed).expanduser()
    except RuntimeError:
        raise UsageError(f"there is no user {echoed(Path(typed).parts[0])}", hint) from None


def user_data(name: str) -> Path:
    """Return the place of a file or folder of genlab's in the platform's user data folder; it may not exist yet."""
    import platformdirs

    return Path(platformdirs.user_data_dir("genlab", appauthor=False)) / name


def cache_folder() -> Path:
    """Return `GENLAB_CACHE`, or the platform's cache folder for genlab; it may not exist yet."""
    import platformdirs

    given = os.environ.get("GENLAB_CACHE")
    return expanded(given, "choose another place with the variable GENLAB_CACHE") if given else platformdirs.user_cache_path("genlab")
