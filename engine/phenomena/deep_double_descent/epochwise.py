"""Epoch-wise double descent, exactly: gradient descent on a linear model whose features live on separate time scales.

After Heckel, Yilmaz 2021 (arXiv:2007.10099). With X^T X/n = diag(lam), mean squared loss, step eta and start 0, coordinate
i still lacks the share a_i = (1 - eta lam_i)^t of its signal, so the excess risk after t steps is
    sum_i lam_i b_i^2 a_i^2 + (sigma2/n) sum_i (1 - a_i)^2.
A group of coordinates with signal B = sum lam b^2 and noise V = sigma2 count/n starts at B, dips to B V/(B+V) and ends at
V. Two groups learnt at distant times give two valleys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, number, numbers, require, spectrum_of


@dataclass(frozen=True)
class Group:
    """`count` coordinates of eigenvalue `lam` that share the signal B = sum lam b^2."""

    count: int
    lam: float
    signal: float

    def noise(self, n: int, sigma2: float) -> float:
        """V = sigma2 count/n, the risk of the fully fitted group."""
        return sigma2 * self.count / n

    def valley(self, n: int, sigma2: float) -> float:
        """B V/(B + V), the lowest risk of the group along training."""
        noise = self.noise(n, sigma2)
        return 0.0 if noise + self.signal == 0 else self.signal * noise / (self.signal + noise)

    def valley_step(self, n: int, sigma2: float, eta: float) -> float:
        """The step of that valley, where a = V/(B + V); infinite without noise, 0 without signal."""
        noise = self.noise(n, sigma2)
        if noise == 0 or self.signal == 0:
            return float("inf") if self.signal > 0 else 0.0
        rate = eta * self.lam
        require(0 < rate < 1, f"the valley of a group needs a step with 0 < eta lam < 1, got {rate:g}", "Lower eta.")
        return float(np.log(noise / (self.signal + noise)) / np.log1p(-rate))


PUBLISHED = (Group(100, 1.0, 1.0), Group(5, 0.01, 1.0))
"""With n = 400, sigma2 = 4, eta = .5: valley 1.5, peak 1.91, end 1.05."""


def spread(groups: tuple[Group, ...]) -> tuple[Floats, Floats]:
    """Return (lam, b), (d,) each, with every group's signal spread evenly over its coordinates, eigenvalues largest first."""
    ordered = sorted(groups, key=lambda group: -group.lam)
    lam = np.concatenate([np.full(group.count, group.lam) for group in ordered])
    b2 = np.concatenate([np.full(group.count, group.signal / (group.count * group.lam)) for group in ordered])
    return lam, np.sqrt(b2)


def epochwise_risk(t: ArrayLike, lam: ArrayLike, b: ArrayLike, n: int, sigma2: float, eta: float) -> tuple[Floats, Floats]:
    """Return (bias, variance), each of the shape of t, after t steps; their sum is the expected excess risk.

    t: steps, whole or not (any t >= 0 for eta lam_1 <= 1). lam, b: (d,) eigenvalues, largest first, and true weights.

    Raises:
        ProblemError: eta lam_1 >= 2, where descent diverges, or a fractional t where eta lam_1 > 1.
    """
    eigenvalues, weights, steps = spectrum_of(lam), numbers("a true weight", b), numbers("the step t", t, least=0)
    require(weights.shape == eigenvalues.shape, f"b must have {eigenvalues.size} entries, one per eigenvalue, got {weights.size}")
    require(n >= 2, f"the number of samples n must be at least 2, got {n}")
    fastest = number("the step size eta", eta, above=0) * float(eigenvalues[0])
    require(fastest < 2, f"the step size must be below 2/lam_1 = {2 / eigenvalues[0]:g}, got {eta:g}", "Lower eta.")
    require(fastest <= 1 or bool(np.all(steps % 1 == 0)), f"with eta lam_1 = {fastest:g} > 1 the step t must be whole")
    lacking = (1 - eta * eigenvalues) ** steps[..., None]  # (..., d)
    bias = (lacking**2) @ (eigenvalues * weights**2)
    variance = number("the noise variance", sigma2, least=0) / n * ((1 - lacking) ** 2).sum(-1)
    return bias, variance
