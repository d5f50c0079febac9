"""Whether `engine`, `screens` and `lab` are genlab's: their names are common, and another installed package may have taken one.

Imports nothing but the standard library and none of the three, so that it can be asked before anything else.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parents[1]
NAMES = ("engine", "screens", "lab")
CURE = "Install genlab in an environment of its own: pipx install genlab, or uv tool install genlab."


class Complaint(NamedTuple):
    """What is wrong with one of the names."""

    name: str
    sentence: str
    hint: str = CURE


def misplaced(home: Path = HOME) -> list[Complaint]:
    """Return what is wrong with the names that Python finds elsewhere than beside genlab; costs no import."""
    wrong = []
    for name in NAMES:
        found = place(name)
        if found is None:
            wrong.append(Complaint(name, f"the package {name!r}, a part of genlab, is missing from {home}"))
        elif found != home / name:
            wrong.append(Complaint(name, f"the name {name!r} is taken by {found}; genlab's own package is {home / name}"))
    return wrong


def place(name: str) -> Path | None:
    """Return the folder that Python would import a package from."""
    found = importlib.util.find_spec(name)
    if found is None:
        return None
    folders = list(found.submodule_search_locations or ())
    return Path(folders[0]).resolve() if folders else Path(found.origin or name).resolve()


def shared() -> list[Complaint]:
    """Return what is wrong with names that other installed distributions hold too: one may have overwritten files of the other."""
    import importlib.metadata  # slow, and needed only when something went wrong

    holders = importlib.metadata.packages_distributions()
    others = {name: sorted(set(holders.get(name, ())) - {"genlab"}) for name in NAMES}
    return [
        Complaint(
            name, f"the name {name!r} is also that of the installed {' and '.join(found)}, which may have overwritten files of genlab"
        )
        for name, found in others.items()
        if found
    ]
