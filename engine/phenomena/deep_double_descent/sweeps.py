"""Measurements along width, sample size and steps; effective complexity from the sample sizes trained.

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
        fitting = int(np.argmax(mean_share(self.curve("train-error", self.widths[-1])) <= 0.5))
        return landmarks(self.curve("test-error", self.widths[-1]).mean(1), fitting)

    def late_rise(self) -> float:
        """Return by how much the widest network's test error (mean over seeds) at its peak in time exceeds both minima."""
        error = mean_share(self.curve("test-error", self.widths[-1]))
        first, peak, _ = self.landmarks()
        return float(np.round(error[peak] - max(error[first], error[peak:].min()), 12))

    def complexities(self, luck: float = 0.0) -> NDArray[np.int64]:
        """Return the place of the EMC among `sizes` of every swept width at every measured step, (s, k); -1 below the smallest.

        luck: standard errors that a training error may be above eps and still count: binomial ones, of all examples of all seeds.
        """
        curves = [[self.curve("train-error", h, n=n) for n in self.sizes] for h in self.swept]  # (k, seeds) each
        examples = self.sizes * curves[0][0].shape[-1]
        allowed = luck * np.sqrt(self._eps * (1 - self._eps) / examples)
        errors = np.stack([[mean_share(curve) for curve in row] for row in curves]) - allowed[:, None]  # (s, sizes, k)
        return np.apply_along_axis(largest_fitted, 1, errors, self._eps)


def largest_fitted(errors: Floats, eps: float) -> int:
    """Return the place of the largest sample size whose expected training error is at most eps, -1 if none is.

    errors: (sizes,) measured, over rising sizes. Their expectations rise with the size, so neighbours that fall are pooled (isotonic
    regression, Barlow et al. 1972): one network that happens to fit, or to have died, does not decide alone.
    """
    fitted = np.flatnonzero(isotonic(errors) <= eps)
    return int(fitted[-1]) if fitted.size else -1


def isotonic(values: Floats) -> Floats:
    """Return the non-decreasing sequence nearest to values (k,) in least squares: max over j <= i of min over l >= i of mean(j..l)."""
    sums, places = np.concatenate(([0.0], np.cumsum(values))), np.arange(len(values))
    lengths = places[None] - places[:, None] + 1  # (j, l)
    means = np.where(lengths > 0, (sums[None, 1:] - sums[:-1, None]) / np.maximum(lengths, 1), np.inf)
    least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]  # over l >= i, for every j
    return np.asarray(np.round(np.where(lengths > 0, least, -np.inf).max(0), 12))  # a share comes back as itself, see mean_share


def mean_share(shares: Floats) -> Floats:
    """Return the mean over seeds, the last axis, of shares that are counts over one number.

    Sums of such shares are rounded in float64 (three times .1 is .30000000000000004): twelve decimals give the share itself back.
    """
    return np.asarray(np.round(shares.mean(-1), 12))


def down_up_down(values: Floats) -> tuple[int, int, int]:
    """Return the places of the first minimum, the peak and the second minimum of a curve over width, (k,).

    Minimum and peak are the pair with the largest rise from left to right; the second minimum is the least from the peak on. A curve that
    never rises has all three at its start.
    """
    first, peak, _ = landmarks(values)
    return first, peak, peak + int(np.argmin(values[peak:]))


def peak_position(widths: NDArray[np.int64], values: Floats) -> float:
    """Return where a curve over width peaks: the top of the parabola in log h through the largest value and its neighbours, (k,)."""
    top = int(np.argmax(values))
    if top in (0, len(values) - 1):
        return float(widths[top])
    a, b, _ = np.polyfit(np.log(widths[top - 1 : top + 2] / widths[top]), values[top - 1 : top + 2], 2)
    return float(widths[top] * np.exp(-b / (2 * a))) if a < 0 else float(widths[top])
