"""Measurements along width, sample size and steps; effective complexity by bisection on the sample size.

`EMC(T) = max {n : E[training error of T on n samples] <= eps}`, Nakkiran et al. 2020, arXiv:1912.02292, Definition 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.exact import landmarks
from engine.phenomena.deep_double_descent.networks import LabelKind, Setting
from engine.readings import Floats, Readings


class Sweeps:
    """The history of a run along its three axes.

    Attributes:
        n: the main sample size; steps: (k,) measured so far; widths: (w,) trained at n; swept: (s,) trained at all `sizes`.
    """

    def __init__(self, readings: Readings[Setting], config: DeepDoubleDescentConfig) -> None:
        self._readings, self.n, self._eps = readings, config.n, config.eps
        self._columns = {name: readings.history.column(name)[1] for name in ("train-error", "test-error", "test-loss")}  # (k, networks)
        self.steps = np.asarray(readings.history.steps, dtype=np.float64)
        self.widths, self.swept, self.sizes = (np.array(axis, dtype=np.int64) for axis in (config.widths, config.swept, config.sizes))

    def curve(self, quantity: str, h: int, labels: LabelKind = "noisy", n: int | None = None) -> Floats:
        """Return a quantity of one width, (k, seeds)."""
        return np.asarray(self._columns[quantity][:, self._readings.columns(Setting(labels, int(h), int(n or self.n)).name)])

    def over_width(self, quantity: str, labels: LabelKind = "noisy") -> Floats:
        """Return a quantity of all widths at n, (w, k, seeds)."""
        return np.stack([self.curve(quantity, h, labels) for h in self.widths])

    def latest(self, quantity: str, labels: LabelKind = "noisy") -> Floats:
        """Return the same at the latest step, (w, seeds)."""
        return np.asarray(self.over_width(quantity, labels)[:, -1])

    def over_samples(self, quantity: str, h: int) -> Floats:
        """Return a quantity of one width at every sample size, latest step, (sizes, seeds)."""
        return np.stack([self.curve(quantity, h, n=n)[-1] for n in self.sizes])

    def landmarks(self) -> tuple[int, int, int]:
        """Return the places of first minimum, peak and end of the widest network's test error, once it fits half of its examples.

        Before that the error merely settles; where it never does, from the start.
        """
        fitting = int(np.argmax(self.curve("train-error", self.widths[-1]).mean(1) <= 0.5))
        return landmarks(self.curve("test-error", self.widths[-1]).mean(1), fitting)

    def complexities(self) -> NDArray[np.int64]:
        """Return the place of the EMC among `sizes` of every swept width at every measured step, (s, k); -1 below the smallest."""
        errors = np.stack([[self.curve("train-error", h, n=n).mean(1) for n in self.sizes] for h in self.swept])  # (s, sizes, k)
        return np.apply_along_axis(bisect, 1, errors, self._eps)


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
