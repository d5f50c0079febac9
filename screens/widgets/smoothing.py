"""Curves smoothed for the eye: the mean of so many neighbouring points, fewer towards the ends. What is judged stays as measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series

Floats = NDArray[np.float64]
WINDOWS = (1, 5, 15, 45)  # points; 1: as measured


def smoothable(series: Series, window: int) -> bool:
    """Whether a curve is a measured line with more points than a window holds."""
    return window > 1 and series.kind == "measured" and series.style == "line" and len(series.x) > window


class Smoother:
    """Smooths the curves of a snapshot, each once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[Series, Series]] = {}

    def __call__(self, series: Sequence[Series], window: int) -> tuple[list[Series], list[Series]]:
        """Return the curves as they are drawn, and those of them that are smoothed as they were measured."""
        drawn = [self._smoothed(item, window) if smoothable(item, window) else item for item in series]
        return drawn, [item for item in series if smoothable(item, window)]

    def _smoothed(self, series: Series, window: int) -> Series:
        known = self._known.get((series.name, window))
        if known is None or known[0] is not series:
            lo, hi = (None if edge is None else moving_mean(edge, window) for edge in (series.lo, series.hi))
            known = series, replace(series, y=moving_mean(series.y, window), lo=lo, hi=hi)
            self._known[series.name, window] = known
        return known[1]


def moving_mean(values: Floats, window: int) -> Floats:
    """Return the mean of the `window` values around each, of fewer (as many on both sides) towards the ends; what is not finite stays out.

    A place whose own value is not finite stays so.

    >>> moving_mean(np.array([0.0, 3.0, 0.0, 3.0]), 3)
    array([0., 1., 2., 3.])
    """
    values = np.asarray(values, dtype=np.float64)
    places = np.arange(len(values))
    half = np.minimum(window // 2, np.minimum(places, len(values) - 1 - places))
    sums, counts = np.zeros(len(values)), np.zeros(len(values))
    for offset in range(-(window // 2), window // 2 + 1):
        beside = values[np.clip(places + offset, 0, len(values) - 1)]
        counted = (np.abs(offset) <= half) & np.isfinite(beside)
        sums[counted] += beside[counted]
        counts += counted
    return np.where(np.isfinite(values), sums / np.maximum(counts, 1), values)
