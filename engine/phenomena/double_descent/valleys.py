"""Where a risk curve has its peak and its two valleys, and which valley is lower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.theory.inputs import Floats


@dataclass(frozen=True)
class Valleys:
    """Places and heights. A side without points has place and height NaN, and nothing can be said of the lower valley."""

    peak: float
    height: float
    first: float
    first_low: float
    second: float
    second_low: float

    @property
    def second_below(self) -> bool | None:
        """Whether the minimum beyond the threshold is the lower one."""
        lows = (self.first_low, self.second_low)
        return None if np.isnan(lows).any() else self.second_low < self.first_low


def valleys(p: Floats, curve: Floats, n: float) -> Valleys:
    """Return peak and valleys of a curve over p (k,), with the threshold at n; infinite and NaN entries are no valleys."""
    tall = np.where(np.isnan(curve), -np.inf, curve)
    tops = np.flatnonzero(tall == tall.max())
    top = int(tops[len(tops) // 2])  # the middle of where it is infinite
    sides = [_lowest(p, curve, (p < n) if side < 0 else (p > n)) for side in (-1, 1)]
    return Valleys(float(p[top]), float(curve[top]), *sides[0], *sides[1])


def _lowest(p: Floats, curve: Floats, side: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[float, float]:
    usable = side & np.isfinite(curve)
    if not usable.any():
        return float("nan"), float("nan")
    at = int(np.where(usable, curve, np.inf).argmin())
    return float(p[at]), float(curve[at])
