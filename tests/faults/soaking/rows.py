"""What a soak counts: of every fault how often it was tried, how often nothing was lost, and what was."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Row:
    """One fault. lost: a sentence for each time that something was."""

    fault: str
    times: int = 0
    survived: int = 0
    lost: list[str] = field(default_factory=list)

    def count(self, why: str = "", times: int = 1) -> None:
        """Count a fault that was tried; `why` says what was lost, if anything was."""
        self.times += times
        self.survived += times
        if why:
            self.survived -= 1
            self.lost.append(why)

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def merged(rows: list[Row]) -> list[Row]:
    """One row for each fault, in the order of first appearance."""
    found: dict[str, Row] = {}
    for row in rows:
        whole = found.setdefault(row.fault, Row(row.fault))
        whole.times += row.times
        whole.survived += row.survived
        whole.lost += row.lost
    return list(found.values())
