"""Draws of a linear regression problem whose features are nested: the first d columns are the same whatever d is asked for.

y = X_d b_d + noise on d features, |b_d|^2 = r2 for every d (well-specified everywhere), covariance diagonal and known, so that
the test error of any weights is exact: sigma2 + (w - b)^T Sigma (w - b).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.data.spectrum import own_spectrum
from engine.phenomena.interpolation_threshold.config import MOST, Entries, InterpolationThresholdConfig
from engine.seeds import Streams
from engine.theory.conditions import require
from engine.theory.inputs import Floats
from engine.theory.spectra.spectra import Family, spectrum


@dataclass(frozen=True)
class Problem:
    """One draw: X (n, d) with as many features as were asked for, direction (D,) of the weights, noise (n,), labels (n,) +-1.

    r2: the squared length of the weights; None where `direction` already is all of them. variances: (D,). sigma2: of the noise.
    """

    X: Floats
    direction: Floats
    noise: Floats
    labels: Floats
    r2: float | None
    variances: Floats
    sigma2: float

    def weights(self, d: int) -> Floats:
        """Return b_d (d,), uniform on the sphere of squared radius r2, or the first coefficients of an imported signal."""
        part = self.direction[:d]
        return part if self.r2 is None else np.asarray(part * np.sqrt(self.r2) / np.linalg.norm(part))

    def targets(self, d: int) -> Floats:
        """Return y (n,) of the problem with d features."""
        return self.X[:, :d] @ self.weights(d) + self.noise

    def test_mse(self, w: Floats) -> float:
        """Return the expected squared error of weights (d,) on new rows."""
        error = w - self.weights(w.size)
        return float(self.sigma2 + (error * self.variances[: w.size]) @ error)


@dataclass(frozen=True)
class Design:
    """What every draw shares. variances: (D,) of the features, D the most that may be asked for; signal: (D,) imported weights."""

    n: int
    variances: Floats
    entries: Entries
    r2: float
    sigma: float
    signal: Floats | None = None

    @property
    def sigma2(self) -> float:
        """Variance of the label noise."""
        return self.sigma**2

    @cached_property
    def is_isotropic(self) -> bool:
        """Whether all features have variance 1, and all weights one law."""
        return self.signal is None and bool(np.all(self.variances == 1))

    def energy(self, d: int) -> Floats:
        """Return the squared weights of d features, (d,), on average over their law."""
        return np.full(d, self.r2 / d) if self.signal is None else self.signal[:d] ** 2

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
        given = self.signal is not None
        direction = self.signal if self.signal is not None else streams.init.standard_normal(most)
        return Problem(entries.T, direction, noise[:rows], labels[:rows], None if given else self.r2, self.variances, self.sigma2)

    def _entries(self, rng: np.random.Generator, d: int) -> NDArray[np.float64]:
        """Feature after feature, (d, n), so that more features continue the same draw."""
        if self.entries == "gaussian":
            return rng.standard_normal((d, self.n))
        return np.where(rng.random((d, self.n)) < 0.5, -1.0, 1.0)


def drawn_design(config: InterpolationThresholdConfig) -> Design:
    """Return the design of a config; where rows are imported, it says their number alone.

    Raises:
        DataError: an imported spectrum is gone or has another content.
        ProblemError: it has fewer eigenvalues above 0 than n.
    """
    c = config
    if not c.own_spectrum:
        family: Family = "power" if c.spectrum == "power" else "exponential" if c.spectrum == "exponential" else "isotropic"
        return Design(c.n, spectrum(family, c.n, MOST * c.n, tau=float(c.n), a=1.0), c.entries, c.r2, c.sigma)
    given = own_spectrum(c.spectrum, c.spectrum_sha256)
    held = f"{given.name} has {given.eigenvalues.size:,} eigenvalues above 0"
    require(given.eigenvalues.size >= c.n, f"{held}, too few to reach d = n = {c.n:,}", "lower n")
    most = MOST * c.n
    signal = None if given.target is None else given.target[:most]
    return Design(c.n, given.eigenvalues[:most], c.entries, c.r2, c.sigma, signal)
