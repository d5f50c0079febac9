"""Monkeys at the keys of the app in a pseudo-terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.faults import monkey
from tests.faults.soaking.rows import Row

MONKEYS, ACTIONS = 10, 10_000
FAULT = "monkey: random keys, mouse and resizes (actions)"


def rounds() -> Iterator[str]:
    """The names of the rounds."""
    return map(str, range(MONKEYS))


def do(key: str, folder: Path, kept: Path, share: float) -> list[Row]:
    """One round."""
    actions = max(100, round(share * ACTIONS))
    report = monkey.run(int(key), actions, folder)
    row = Row(FAULT)
    row.count("" if report.survived else f"monkey {key}: {report.failure}", report.actions)
    return [row]
