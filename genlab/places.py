"""Where runs lie for Python: where its caller says, else where a command would look."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from engine.store import runs_root
from engine.store.place import VARIABLE
from lab.settings import settings


def runs_folder(runs: str | Path | None) -> Path:
    """Return the folder of runs: `runs`, else the variable GENLAB_RUNS, else that of the settings, else the platform's.

    A settings file with an error is warned of, and sets nothing, as for the command.

    Raises:
        UsageError: it is within the home of a user who does not exist.
    """
    if runs is not None:
        return runs_root(Path(runs))
    if os.environ.get(VARIABLE):
        return runs_root()
    made = settings()
    if made.problem:
        warnings.warn(f"{made.problem.message}; the defaults count", RuntimeWarning, stacklevel=3)
    return runs_root(made.runs)
