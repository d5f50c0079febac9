"""Where the runs lie, and how a command finds one of them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from engine.errors import UsageError
from engine.paths import expanded


def runs_root(explicit: Path | None = None) -> Path:
    """Return where runs lie: `explicit`, else the variable GENLAB_RUNS, else the platform's user data folder.

    Raises:
        UsageError: it is within the home of a user who does not exist.
    """
    given = os.environ.get("GENLAB_RUNS", "") if explicit is None else str(explicit)
    if given:
        return expanded(given, "choose another place with --runs DIR or the variable GENLAB_RUNS")
    import platformdirs

    return Path(platformdirs.user_data_dir("genlab", appauthor=False)) / "runs"


def called(folder: Path) -> str:
    """Return what a command takes for a stored run: its name where it lies in the usual folder, else its whole path, for a shell."""
    full = Path(os.path.abspath(folder))  # noqa: PTH100 (links stay as they are)
    try:
        usual = os.path.abspath(runs_root())  # noqa: PTH100
    except (UsageError, OSError):
        usual = ""
    return shlex.quote(full.name if str(full.parent) == usual else str(full))
