"""Where the runs lie, and how a command finds one of them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from engine.errors import UsageError
from engine.paths import expanded

VARIABLE = "GENLAB_RUNS"
_outside: dict[str, str] = {}  # by what this process has set the variable to: what it was before


def choose_root(runs: Path) -> None:
    """Let every command of this process, and every process that it starts, look for runs in a folder of its own choice."""
    _outside[str(runs)] = os.environ.get(VARIABLE, "")
    os.environ[VARIABLE] = str(runs)


def chosen() -> bool:
    """Whether this process was told by an option where runs lie."""
    return os.environ.get(VARIABLE, "") in _outside


def runs_root(explicit: Path | None = None) -> Path:
    """Return where runs lie: `explicit`, else the variable GENLAB_RUNS, else the platform's user data folder.

    Raises:
        UsageError: it is within the home of a user who does not exist.
    """
    given = os.environ.get(VARIABLE, "") if explicit is None else str(explicit)
    return _expanded(given) if given else _platform_root()


def _expanded(given: str) -> Path:
    return expanded(given, f"choose another place with --runs DIR or the variable {VARIABLE}")


def _platform_root() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("genlab", appauthor=False)) / "runs"


def called(folder: Path) -> str:
    """Return what the next command takes for a stored run: its name where it would look for it anyway, else its whole path, for a shell."""
    full = Path(os.path.abspath(folder))  # noqa: PTH100 (links stay as they are)
    return shlex.quote(full.name if _is_usual(full.parent) else str(full))


def removal(folder: Path) -> str:
    """Return the command that deletes a stored run or sweep; one that lies elsewhere is named with the folder that it lies in."""
    return f"genlab rm {shlex.quote(folder.name)}{told_root(folder.parent)}"


def told_root(root: Path) -> str:
    """Return what a command takes for the folder of the runs, with a blank before it; nothing where it would look there anyway."""
    full = Path(os.path.abspath(root))  # noqa: PTH100
    return "" if _is_usual(full) else f" --runs {shlex.quote(str(full))}"


def _is_usual(root: Path) -> bool:
    """Whether the next command looks for runs here anyway."""
    try:
        given = os.environ.get(VARIABLE, "")
        given = _outside.get(given, given)
        usual = os.path.abspath(_expanded(given) if given else _platform_root())  # noqa: PTH100
    except (UsageError, OSError):
        return False
    return str(root) == usual
