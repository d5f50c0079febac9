"""Knobs that were given and change nothing beside the other ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.contract import Config
from lab.output import say


def say_idle(given: Iterable[str], configs: Sequence[Config]) -> None:
    """Say which of the given knobs have no effect in any of these configs, and what they need."""
    for name in dict.fromkeys(given):
        item = configs[0].knob(name)
        reasons = [item.idle(config) for config in configs]
        if all(reasons):
            say(f"{item.option} has no effect here: it {reasons[0]}")
