"""Draws of a linear regression problem whose features are nested: the first d columns are the same whatever d is asked for.

y = X_d b_d + noise on d features, |b_d|^2 = r2 for every d (well-specified everywhere), covariance diagonal and known, so that
the test error of any weights is exact: sigma2 + (w - b)^T Sigma (w - b).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.interpolation_threshold.config import Entries
from engine.seeds import Streams
from engine.theory.conditions import require
from engine.theory.inputs import Floats


@dataclass(frozen=True)
class Problem:
    """One draw: X (n, d) with as many features as were asked for, direction (D,) of the weights, noise (n,), labels (n,) +-1."""

    X: Floats
    direction: Floats
    noise: Floats
    labels: Floats
    r2: float

    def weights(self, d: int) -> Floats:
        """Return b_d (d,), uniform on the sphere of squared radius r2."""
        part = self.direction[:d]
        return np.asarray(part * np.sqrt(self.r2) / np.linalg.norm(part))

    def targets(self, d: int) -> Floats:
        """Return y (n,) of the problem with d features."""
        return self.X[:, :d] @ self.weights(d) + self.noise


@dataclass(frozen=True)
class Design:
    """What every draw shares. variances: (D,) of the features, D the most that may be asked for."""

    n: int
    variances: Floats
    entries: Entries
    r2: float
    sigma: float

    @property
    def sigma2(self) -> float:
        """Variance of the label noise."""
        return self.sigma**2

    @cached_property
    def is_isotropic(self) -> bool:
        """Whether all features have variance 1."""
        return bool(np.all(self.variances == 1))

    def draw(self, streams: Streams, d: int, n: int | None = None) -> Problem:
        """Return the draw of these streams on its first d features (and only its first n samples, if given).

        Raises:
            ProblemError: more features than the design has, or more samples.
        """
        rows = self.n if n is None else n
        most = self.variances.size
        require(1 <= d <= most, f"the number of features must lie in 1..{most}, got {d}")
        require(1 <= rows <= self.n, f"the number of samples must lie in 1..{self.n}, got {rows}")
        entries = self._entries(streams.data, d)[:, :rows]
        entries *= np.sqrt(self.variances[:d, None])
        labels = np.where(streams.order.random(self.n) < 0.5, -1.0, 1.0)
        noise = self.sigma * streams.noise.standard_normal(self.n)
        return Problem(entries.T, streams.init.standard_normal(most), noise[:rows], labels[:rows], self.r2)

    def _entries(self, rng: np.random.Generator, d: int) -> NDArray[np.float64]:
        """Feature after feature, (d, n), so that more features continue the same draw."""
        if self.entries == "gaussian":
            return rng.standard_normal((d, self.n))
        return np.where(rng.random((d, self.n)) < 0.5, -1.0, 1.0)
