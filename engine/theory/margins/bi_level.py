"""The bi-level ensemble of Muthukumar et al. 2021 (arXiv:2005.08054): one feature that matters, few strong ones, many weak ones.

n points have d = n^p Gaussian features, of which s = n^r have variance head = n^-q d/s and the others (1 - n^-q) d/(d - s). The first
feature, z at unit scale, is what is to be learnt: its sign from labels sign(z), some of them flipped, or its value from z itself.
The fit of least norm learns SU z, and the other features add a deviation CN at a new point: a share atan(CN/SU)/pi of signs is wrong,
and the risk of regression is (1 - SU)^2 + CN^2, where predicting 0 has risk 1.

Means by the deterministic equivalent (`engine.theory.spectra.deterministic_equivalent`): with kappa from
    s head/(head + kappa) + (d - s) tail/(tail + kappa) = n
a target rho z + noise of variance v has SU = rho learnt, learnt = head/(head + kappa), and risk E0 M - v with M = (rho - SU)^2 + v. Of its
variance E0 M D2/n a feature has the part learnt^2/n; that of z is how SU varies, the others make CN^2 = E0 M (D2 - learnt^2)/n. For labels
rho = (1 - 2 flip) sqrt(2/pi) and v = 1 - rho^2: what is left of a sign beside rho z is treated as noise that does not depend on z.
(Both are our own steps, simulated in the tests.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.inputs import Floats, require


@dataclass(frozen=True)
class BiLevel:
    """One ensemble at one n. p, r, q: the exponents of d, s and of the share n^-q of all variance that the s strong features have."""

    n: int
    p: float
    r: float
    q: float

    def __post_init__(self) -> None:
        require(self.n >= 2, f"n must be at least 2, got {self.n}")
        require(self.d > self.n, f"d = n^p must exceed n = {self.n}, got {self.d}", "raise p")
        require(0 <= self.r <= 1, f"r must lie between 0 and 1, got {self.r:g}")
        require(0 < self.q <= self.p - self.r + 1e-9, f"q must lie above 0, up to p - r = {self.p - self.r:g}, got {self.q:g}")

    @property
    def d(self) -> int:
        """Features."""
        return round(float(self.n**self.p))

    @property
    def s(self) -> int:
        """Strong features, the first among them."""
        return max(1, round(float(self.n**self.r)))

    @property
    def head(self) -> float:
        """Variance of a strong feature."""
        return float(self.n**-self.q * self.d / self.s)

    @property
    def tail(self) -> float:
        """Variance of a weak feature."""
        return float((1 - self.n**-self.q) * self.d / (self.d - self.s))

    @cached_property
    def kappa(self) -> float:
        """The effective ridge: the positive root of a quadratic, written without a difference of near numbers."""
        n, s, weak, head, tail = self.n, self.s, self.d - self.s, self.head, self.tail
        linear, constant = (n - s) * head + (n - weak) * tail, (n - self.d) * head * tail
        root = np.sqrt(linear**2 - 4 * n * constant)
        return float(-2 * constant / (linear + root) if linear > 0 else (root - linear) / (2 * n))

    @property
    def learnt(self) -> float:
        """The share of a strong feature's coefficient that is learnt."""
        return self.head / (self.head + self.kappa)

    @property
    def D2(self) -> float:
        """The sum of the squares of all learnt shares."""
        return self.s * self.learnt**2 + (self.d - self.s) * (self.tail / (self.tail + self.kappa)) ** 2

    @property
    def E0(self) -> float:
        """Test MSE of interpolated noise of unit variance."""
        return self.n / (self.n - self.D2)

    def regression_risk(self) -> float:
        """The risk over that of predicting 0, of the fit of z itself."""
        return self.E0 * (1 - self.learnt) ** 2

    def survival(self, flip: float) -> tuple[float, float]:
        """Return SU and CN of the fit of labels sign(z), each flipped with probability `flip`."""
        rho = (1 - 2 * flip) * np.sqrt(2 / np.pi)
        unexplained = (rho * (1 - self.learnt)) ** 2 + 1 - rho**2
        return float(rho * self.learnt), float(np.sqrt(self.E0 * unexplained * (self.D2 - self.learnt**2) / self.n))

    def misclassified(self, flip: float) -> float:
        """The share of signs that the fit of labels gets wrong; at most one half."""
        return float(error_rate(*self.survival(flip)))


def error_rate(survival: ArrayLike, contamination: ArrayLike) -> Floats:
    """Return the share of new points at which SU z + CN g, with g standard normal beside z, has another sign than z.

    >>> float(error_rate(1.0, 1.0))
    0.25
    """
    return np.asarray(np.arctan2(contamination, survival) / np.pi)
