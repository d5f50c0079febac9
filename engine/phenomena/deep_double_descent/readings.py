"""Readings of all networks arranged by arm, width, sample size and step; effective complexity by bisection on the sample size.

`EMC(T) = max {n : E[training error of T on n samples] <= eps}`, Nakkiran et al. 2020, arXiv:1912.02292, Definition 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.deep_double_descent.members import NOISY, Member
from engine.readings import History

Floats = NDArray[np.float64]


class Readings:
    """The history of a run, by network.

    Attributes:
        steps: (k,) measured so far; widths: (w,) rising; seeds: how many.
    """

    def __init__(self, history: History, members: Sequence[Member], n: int) -> None:
        self._columns = {name: history.column(name)[1] for name in ("train-error", "test-error", "test-loss")}  # (k, members)
        self._numbers = {(one.arm, one.n, one.h, one.place): number for number, one in enumerate(members)}
        self.steps = np.asarray(history.steps, dtype=np.float64)
        self.n = n
        self.seeds = 1 + max(one.place for one in members)
        self.widths = np.array(sorted({one.h for one in members if one.n == n}))
        swept = sorted({one.h for one in members if one.n != n})
        self.swept = np.array(swept, dtype=np.int64)  # (s,) widths trained at every sample size
        self.sizes = np.array(sorted({one.n for one in members})) if swept else np.array([n])

    def curve(self, name: str, h: int, arm: str = NOISY, n: int | None = None) -> Floats:
        """One width's reading, (k, seeds)."""
        numbers = [self._numbers[arm, n or self.n, h, place] for place in range(self.seeds)]
        return np.asarray(self._columns[name][:, numbers])

    def table(self, name: str, arm: str = NOISY) -> Floats:
        """A reading of all widths at n, (w, k, seeds)."""
        return np.stack([self.curve(name, int(h), arm) for h in self.widths])

    def last(self, name: str, arm: str = NOISY) -> Floats:
        """The same at the latest step, (w, seeds)."""
        return np.asarray(self.table(name, arm)[:, -1])

    def fitting(self, h: int) -> int:
        """The place of the first step at which a width fits half of its examples: before it, test error merely settles; 0 if none."""
        return int(np.argmax(self.curve("train-error", h).mean(1) <= 0.5))

    def over_samples(self, name: str, h: int) -> Floats:
        """One width's reading at every sample size, latest step, (sizes, seeds)."""
        return np.stack([self.curve(name, h, NOISY, int(n))[-1] for n in self.sizes])

    def complexity(self, h: int, eps: float) -> NDArray[np.int64]:
        """Return the place of the EMC among `sizes` at every measured step, (k,); -1 below the smallest."""
        errors = np.stack([self.curve("train-error", h, NOISY, int(n)).mean(1) for n in self.sizes])  # (sizes, k)
        return np.array([bisect(column, eps) for column in errors.T], dtype=np.int64)


def bisect(errors: Floats, eps: float) -> int:
    """Return the place of the largest sample size whose training error is at most eps, by bisection; -1 if the first is above.

    errors: (sizes,) over rising sample sizes, taken to rise with them.
    """
    low, high = -1, len(errors)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if errors[middle] <= eps else (low, middle)
    return low


def interior_peak(values: Floats) -> int:
    """Return the place of the largest entry that is neither the first nor the last, (k,) with k >= 3."""
    return 1 + int(np.argmax(values[1:-1]))
