"""Minimum norm: how soon a turned knob shows new curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.bench.entry import Entry, Row
from lab.bench.redraw import turned

TURNS: tuple[tuple[str, Any], ...] = (
    ("eta", 0.4), ("w0", 1.5), ("d", 60), ("angle", 200.0), ("alpha", 0.3), ("n", 8), ("optimiser", "adam"), ("sigma", 1.0), ("eta", 1.2),
)  # fmt: skip
"""Knobs turned one after the other, from the quick preset on."""


def measure_redraw(repeats: int) -> Sequence[Row]:
    """Measure from turning a knob to the snapshot with closed-form curves, minima and the picture."""
    readings = [turned("min-norm", TURNS) for _ in range(repeats)]
    middle = tuple(1e3 * sorted(times)[len(times) // 2] for times in readings)
    return (
        Row("median over knobs", "ms", middle, 150.0, "lower"),
        Row("slowest knob", "ms", tuple(1e3 * max(times) for times in readings)),
    )


ENTRIES = (Entry("redraw-min-norm", "how soon a turned knob shows new curves", measure_redraw, 5),)
