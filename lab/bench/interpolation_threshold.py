"""Interpolation threshold: how soon a turned knob shows new curves, and the slider another spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.bench.entry import Entry, Row
from lab.bench.redraw import turned

TURNS: tuple[tuple[str, Any], ...] = (
    ("sigma", 1.0), ("r2", 2.0), ("n", 150), ("n", 50), ("d_max", 6.0), ("spectrum", "power"), ("spectrum", "isotropic"),
    ("entries", "rademacher"), ("draws", 100),
)  # fmt: skip
"""Knobs turned one after the other, from the quick preset on."""

SLIDES: tuple[tuple[str, Any], ...] = tuple(("d", share) for share in (0.25, 0.5, 0.9, 1.0, 1.1, 2.0, 4.0))


def measure_redraw(repeats: int) -> Sequence[Row]:
    """Measure from turning a knob to the snapshot with theory and the first draw, and to the spectrum at another d."""
    curves = [turned("interpolation-threshold", TURNS) for _ in range(repeats)]
    spectra = [turned("interpolation-threshold", SLIDES) for _ in range(repeats)]
    return (
        Row("median over knobs", "ms", _middle(curves), 400.0, "lower", "theory and first draw; further draws refine it"),
        Row("slowest knob", "ms", tuple(1e3 * max(times) for times in curves)),
        Row("median over d of the spectrum", "ms", _middle(spectra), 150.0, "lower"),
    )


def _middle(readings: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(1e3 * sorted(times)[len(times) // 2] for times in readings)


ENTRIES = (Entry("redraw-interpolation-threshold", "how soon a turned knob shows new curves", measure_redraw, 5),)
