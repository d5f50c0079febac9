"""`genlab.phenomena()`: what can be run."""

from __future__ import annotations

from typing import NamedTuple

from engine import registry


class Listed(NamedTuple):
    """A phenomenon as a list names it; `name` is what `genlab.run` takes."""

    name: str
    title: str
    question: str


def phenomena() -> tuple[Listed, ...]:
    """Return every phenomenon there is, those of other installed packages included, without importing any of them."""
    return tuple(Listed(entry.name, entry.title, entry.question) for entry in registry.entries() if not entry.problem)
