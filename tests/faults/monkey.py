"""A monkey at the lab's keys: random keys, mouse events and resizes against the real app in a pseudo-terminal.

python -m tests.faults.monkey --seed S --actions N [--json]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """What a process holds."""

    threads: int
    handles: int
    memory: int  # bytes of resident memory


@dataclass(frozen=True)
class MonkeyReport:
    """What became of the app under one monkey.

    survived: it went on to the end, wrote no traceback and no report, and held no more afterwards than before and the allowance.
    failure: one sentence where it did not survive; empty otherwise.
    """

    seed: int
    actions: int
    survived: bool
    failure: str
    before: Usage
    after: Usage
    seconds: float


def run(seed: int, actions: int, folder: Path) -> MonkeyReport:
    """Let the monkey of a seed press so many times; runs, keys and the app's output are kept in a folder."""
    raise NotImplementedError(f"seed {seed}, {actions} actions, {folder}")
