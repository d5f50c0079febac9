"""Which phenomena exist, found from the files of `engine/phenomena`; no list to edit.

Names and titles are read from module docstrings without importing anything; importing a phenomenon's module gives its
declaration (knobs, presets, figures, claims) without torch or scipy; those load when a run starts.
"""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.contract import Spec
from engine.errors import UsageError, nearest
from engine.phenomenon import Phenomenon

FOLDER = Path(__file__).parent / "phenomena"


@dataclass(frozen=True)
class Entry:
    """What a docstring says: its first line is `Title: question?`, and a line `Order: 10` places it in the list."""

    name: str
    title: str
    question: str
    order: int


@cache
def entries() -> tuple[Entry, ...]:
    """Every phenomenon in order, without importing its module."""
    found = [_read(path) for path in sorted(FOLDER.glob("[a-z]*/__init__.py"))]
    return tuple(sorted(found, key=lambda entry: (entry.order, entry.name)))


def names() -> tuple[str, ...]:
    """Every phenomenon's name in order."""
    return tuple(entry.name for entry in entries())


def check(name: str) -> str:
    """Return the name if it exists.

    Raises:
        UsageError: `no phenomenon 'groking'; did you mean grokking?`
    """
    if name not in names():
        raise UsageError(f"no phenomenon {name!r}{nearest(name, names())}", "See: genlab list")
    return name


def load(name: str) -> type[Phenomenon]:
    """Import a phenomenon's module and return its class.

    Raises:
        UsageError: unknown name.
    """
    module = importlib.import_module(f"engine.phenomena.{check(name).replace('-', '_')}")
    classes = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Phenomenon) and item.__module__ == module.__name__
    ]
    return classes[0]


def spec(name: str) -> Spec:
    """Return a phenomenon's declaration, without torch."""
    return load(name).spec


def _read(path: Path) -> Entry:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = docstring.splitlines()[0] if docstring else ""
    title, _, question = first.partition(": ")
    order = re.search(r"^Order: (\d+)$", docstring, re.MULTILINE)
    return Entry(path.parent.name.replace("_", "-"), title, question, int(order[1]) if order else 99)
