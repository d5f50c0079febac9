"""What genlab promises about speed, measured: `genlab bench`.

Each module of this folder that has `ENTRIES` (a tuple of `lab.bench.entry.Entry`) is found from its file; nothing is
listed anywhere. An entry measures in alternating pairs within one run, so that a slow moment of the machine hits both
sides alike, and says what it should reach. Nothing here is asserted by a test.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from engine.errors import UsageError, echoed, nearest
from lab.bench.entry import Entry


def entries(folder: Path = Path(__file__).parent, package: str = __name__) -> tuple[Entry, ...]:
    """Every entry, in the order of the files' names."""
    modules = [importlib.import_module(f"{package}.{path.stem}") for path in sorted(folder.glob("[a-z]*.py"))]
    return tuple(entry for module in modules for entry in getattr(module, "ENTRIES", ()))


def choose(names: Sequence[str]) -> tuple[Entry, ...]:
    """The entries of these names, in the order given; all of them without names.

    Raises:
        engine.errors.UsageError: unknown name; names the nearest, and the command that lists them.
    """
    known = {entry.name: entry for entry in entries()}
    for name in names:
        if name not in known:
            raise UsageError(f"no bench entry {echoed(name)!r}{nearest(name, known)}", "See: genlab bench --list")
    return tuple(known[name] for name in names) if names else tuple(known.values())
