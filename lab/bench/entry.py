"""The form of a bench entry: what is measured, how often, what it should reach, and how that is printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from engine.errors import Exit, LabError

Reading = TypeVar("Reading")


@dataclass(frozen=True)
class Row:
    """One line of the table: repeated readings of one number, and its goal.

    values: one reading a repeat (a ratio is formed inside a repeat, never between medians). `unit` is "x" for ratios,
    else "ms", "s", "kB/s"...; `better` says on which side of the goal the number should lie; no goal: only reported.
    """

    label: str
    unit: str
    values: tuple[float, ...]
    goal: float | None = None
    better: Literal["higher", "lower"] = "higher"
    note: str = ""

    @property
    def median(self) -> float:
        """Median of the readings."""
        return float(np.median(self.values))

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third quartile of the readings: the spread."""
        low, high = np.percentile(self.values, [25, 75])
        return float(low), float(high)

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the goal; None without a goal."""
        if self.goal is None:
            return None
        return self.median >= self.goal if self.better == "higher" else self.median <= self.goal

    @property
    def goal_text(self) -> str:
        """`at least 0.9 x`."""
        if self.goal is None:
            return ""
        return f"{'at least' if self.better == 'higher' else 'at most'} {self.goal:g} {self.unit}"


@dataclass(frozen=True)
class Entry:
    """Something that `genlab bench NAME` measures.

    measure: called with the number of repeats; returns the rows, each with that many readings.
    """

    name: str
    title: str
    measure: Callable[[int], Sequence[Row]]
    repeats: int = 7


def alternate(first: Callable[[], Reading], second: Callable[[], Reading], repeats: int) -> list[tuple[Reading, Reading]]:
    """Call both sides in alternating order (AB, BA, AB, ...) and return their readings as pairs.

    A machine that gets slower or faster meanwhile then favours neither side.
    """
    pairs = []
    for index in range(repeats):
        if index % 2:
            late = second()
            pairs.append((first(), late))
        else:
            early = first()
            pairs.append((early, second()))
    return pairs


def as_json(entry: Entry, row: Row) -> dict[str, Any]:
    """One row as `genlab bench --json` prints it."""
    low, high = row.quartiles
    return {
        "event": "bench", "entry": entry.name, "label": row.label, "unit": row.unit, "median": row.median, "lower_quartile": low,
        "upper_quartile": high, "readings": list(row.values), "goal": row.goal, "better": row.better, "reached": row.reached,
        "note": row.note,
    }  # fmt: skip


def must_be_done(code: int, sentence: str) -> None:
    """Go on if work ended as it should; else nothing can be measured.

    Raises:
        KeyboardInterrupt: a person ended it, and the bench with it.
        LabError: it failed; its sentence.
    """
    if code == Exit.INTERRUPTED:
        raise KeyboardInterrupt
    if code != Exit.DONE:
        raise LabError(sentence or f"what is measured ended with exit code {code}")
