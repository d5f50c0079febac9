"""How soon a turned knob shows new curves in the studies whose theory is closed or a small fixed point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.bench.entry import Entry, Row
from lab.bench.redraw import turned

Turns = tuple[tuple[str, Any], ...]
LATE = "asymptotics"  # whose equations come with the first draw
STUDIES: tuple[tuple[str, str, Turns], ...] = (
    (
        "double-descent",
        "multiple-descent",
        (("sigma", 0.5), ("lam", (1.0, 0.01, 1e-5)), ("blocks", (20, 60, 120)), ("r2", 2.0), ("draws", 3)),
    ),
    ("double-descent", "early-stopping", (("sigma", 1.0), ("n", 80), ("sizes", (40, 80, 160)), ("r2", 2.0), ("draws", 5))),
    ("max-margin", "asymptotics", (("r", 3.0), ("psi", (0.1, 0.4, 1.0, 3.0)), ("n", 150), ("r", 5.0), ("draws", 20))),
    ("benign-overfitting", "classification", (("r", 0.4), ("flip", 0.2), ("q", (0.5, 1.0)), ("c", (1.0, 2.0, 3.0)), ("draws", 50))),
)
"""Phenomenon, preset, and the knobs that are turned one after the other."""


def measure(repeats: int) -> Sequence[Row]:
    """Measure from turning a knob to the first snapshot of its curves; draws go on to arrive after it."""
    rows = []
    for phenomenon, preset, turns in STUDIES:
        readings = [turned(phenomenon, turns, preset, preset == LATE) for _ in range(repeats)]
        middle = tuple(1e3 * sorted(times)[len(times) // 2] for times in readings)
        rows.append(Row(f"{phenomenon}, {preset}: median over knobs", "ms", middle, 150.0, "lower"))
        rows.append(Row(f"{phenomenon}, {preset}: slowest knob", "ms", tuple(1e3 * max(times) for times in readings)))
    return rows


ENTRIES = (Entry("redraw-studies", "how soon a turned knob shows new curves in the studies", measure, 5),)
