"""Where a curve over parameters falls, rises to the threshold and falls again: its first valley, its peak, its second valley."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.theory.inputs import Floats


@dataclass(frozen=True)
class Landmarks:
    """Places among the widths, and the curve there. first: the least below the threshold; peak: the largest from there on; second: the
    least from the peak on.
    """

    first: int
    peak: int
    second: int
    first_low: float
    height: float
    second_low: float

    @property
    def rise(self) -> float:
        """The peak over the first valley."""
        return self.height / self.first_low if self.first_low > 0 else float("inf")


def landmarks(values: Floats, under: NDArray[np.bool_]) -> Landmarks | None:
    """Return those of a curve (k,) of which the first `under` widths have fewer parameters than targets; None without one of them."""
    if not under.any():
        return None
    first = int(np.argmin(values[under]))
    peak = first + int(np.argmax(values[first:]))
    second = peak + int(np.argmin(values[peak:]))
    return Landmarks(first, peak, second, *(float(values[place]) for place in (first, peak, second)))
