"""Gaussian features, the inputs themselves: y = <b, x> + sigma noise, of which the first p of D features are fitted.

Belkin, Hsu, Xu 2020 (arXiv:1903.07571): exact at finite n for identity covariance. With ridge: Hastie et al. 2022
(arXiv:1903.08560), asymptotic. With eigenvalues that fall: the deterministic equivalent, asymptotic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from engine.phenomena.double_descent.config import DoubleDescentConfig, Profile
from engine.phenomena.double_descent.model import Draw, Prediction, Whole
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested_curves import NestedCurves
from engine.theory.linear_models.ridge import optimal_penalty, ridge_bias, ridge_share, ridge_variance
from engine.theory.linear_models.ridgeless import bias_factor, expected_test_mse, norm_law, variance_factor
from engine.theory.spectra.deterministic_equivalent import nested_best_ridge, nested_equivalent
from engine.theory.spectra.spectra import power

PROFILES: tuple[Profile, ...] = ("head", "flat", "well-specified")
"""Order of `Isotropic.others`."""

DIRECTIONS = 4
"""Single features whose squared bias is averaged for the bias claim: one direction alone scatters by 30 % a draw just beyond n."""

LARGEST, SMALLEST = 1e9, 1e-9
"""Ridges as shares of n that stand for infinity (no signal) and 0 (no noise)."""


def weights(profile: Profile, D: int, r2: float, head_k: int, head_share: float) -> Floats:
    """Return b (D,) with |b|^2 = r2, all entries of one sign: Gaussian features do not see signs.

    `flat` spreads the signal evenly; `head` puts a share on the first few features and the rest evenly on all, so that there is a
    first valley left of the threshold; `well-specified`, where whatever is fitted carries all of it, has it on the first feature:
    for isotropic features that is the same law at every p >= 1.
    """
    if profile == "well-specified":
        return np.asarray(np.sqrt(r2) * np.eye(1, D)[0])
    energy = np.full(D, r2 / D)
    if profile == "head":
        energy *= 1 - head_share
        energy[:head_k] += r2 * head_share / head_k
    return np.asarray(np.sqrt(energy))


def energies(config: DoubleDescentConfig) -> tuple[float, float]:
    """Return the variance of the signal on built-in Gaussian features, and of that part which the first n of them leave out."""
    c = config
    lam = power(c.D, c.decay) if c.spectrum == "power" else np.ones(c.D)
    energy = weights(c.profile, c.D, c.r2, c.head_k, c.head_share) ** 2 * lam * c.D / lam.sum()
    return float(energy.sum()), float(energy[c.n :].sum())


@dataclass(frozen=True)
class Isotropic:
    """Identity covariance. b: (D,); others: (D, k) weights whose noisy risk serves claims."""

    n: int
    b: Floats
    sigma: float
    others: Floats
    quantities: ClassVar[tuple[str, ...]] = ("test", "variance", "bias", "norm")
    cheap: ClassVar[bool] = True

    @property
    def D(self) -> int:
        """Features."""
        return self.b.size

    @property
    def eigenvalues(self) -> Floats:
        """Of the covariance, (D,)."""
        return np.ones(self.D)

    @cached_property
    def energy(self) -> tuple[Floats, Floats]:
        """|b|^2 on the fitted and on the omitted features, (D+1,) each, for p = 0..D."""
        squared = self.b**2
        return np.append(0.0, np.cumsum(squared)), np.append(np.cumsum(squared[::-1])[::-1], 0.0)

    def of_profile(self, index: int) -> Isotropic:
        """Return the model with one of the other weights in place of its own."""
        return replace(self, b=self.others[:, index])

    def draw(self, streams: Streams) -> Draw:
        """Return a draw: noisy and noiseless target, the noisy targets of `others`, and single features without noise."""
        X = streams.data.standard_normal((self.n, self.D))
        noise = self.sigma * streams.noise.standard_normal(self.n)
        single = np.eye(self.D, min(DIRECTIONS, self.D))
        b = np.column_stack([self.b, self.b, self.others, single])
        noisy = np.r_[1.0, 0.0, np.ones(self.others.shape[1]), np.zeros(single.shape[1])]
        return Draw(X, X @ b + np.outer(noise, noisy), b, None, 2)

    def read(self, curves: NestedCurves) -> Mapping[str, Floats]:
        """Return test MSE, bias and norm of the draw, and the variance over its label noise, exactly."""
        assert curves.excess_risk is not None  # a draw of this model has true weights
        return {
            "test": curves.excess_risk[:, 0] + self.sigma**2,
            "variance": self.sigma**2 * curves.noise_gain,
            "bias": curves.excess_risk[:, 1],
            "norm": curves.norm2[:, 0],
        }

    def predict(self, p: Whole, ridge: Floats | None = None) -> Prediction:
        """Return Belkin, Hsu and Xu's exact curve, or Hastie and others' with ridge (k,) on X^T X. Omitted features are noise."""
        used, omitted = (part[p] for part in self.energy)
        n, at, sigma2 = self.n, p.astype(np.float64), self.sigma**2
        if ridge is None:
            gain = variance_factor(n, p)
            variance, leak = _times(sigma2, gain), _times(omitted, gain)
            norm, unseen = norm_law(n, p, used, omitted + sigma2), bias_factor(n, p)
            over_sets = used * unseen**2 + omitted, used * unseen * (1 - unseen) + variance + leak
            test = expected_test_mse(n, p, used, omitted, sigma2)
            return Prediction(at, test, variance, used * unseen + omitted + leak, norm, "exact", over_sets)
        gamma = np.maximum(at, 1e-12) / n
        scaled = ridge / n
        variance = ridge_variance(scaled, gamma, sigma2)
        bias = ridge_bias(scaled, gamma, used) + omitted + ridge_variance(scaled, gamma, omitted)
        of_mean = used * ridge_share(scaled, gamma) ** 2 + omitted
        return Prediction(at, sigma2 + variance + bias, variance, bias, None, "asymptotic", (of_mean, variance + bias - of_mean))

    def ladder(self, p: Whole) -> Floats:
        """Return the optimal ridge, (1, k)."""
        return self.best(p, *self.energy)[None]

    def best(self, p: Whole, used: Floats, omitted: Floats) -> Floats:
        """Return the optimal ridge (k,) for |b|^2 on the fitted and on the omitted features, (D+1,) each."""
        if used[-1] == 0 or used[-1] + omitted[0] == 0:
            return np.full(p.size, LARGEST * self.n)
        return np.clip(optimal_penalty(p, used[p], omitted[p], self.sigma**2), SMALLEST * self.n, LARGEST * self.n)


@dataclass(frozen=True)
class Anisotropic:
    """Diagonal covariance, eigenvalues (D,) falling: the first features are the strongest. b: (D,)."""

    n: int
    b: Floats
    sigma: float
    eigenvalues: Floats
    quantities: ClassVar[tuple[str, ...]] = ("test", "variance", "bias", "norm")
    cheap: ClassVar[bool] = False

    @property
    def D(self) -> int:
        """Features."""
        return self.b.size

    def draw(self, streams: Streams) -> Draw:
        """Return a draw; its test points sqrt(D lam_i) e_i make the mean over them the population risk, without sampling."""
        D, scale = self.D, np.sqrt(self.eigenvalues)
        X = streams.data.standard_normal((self.n, D)) * scale
        noise = self.sigma * streams.noise.standard_normal(self.n)
        signal = X @ self.b
        points = np.sqrt(D) * scale
        truth = np.outer(points * self.b, [1.0, 1.0, 0.0])
        return Draw(X, np.column_stack([signal + noise, signal, noise]), None, (np.diag(points), truth), 3)

    def read(self, curves: NestedCurves) -> Mapping[str, Floats]:
        """Return test MSE, bias, norm, and the error that the draw's own noise makes."""
        return read_tested(curves, self.sigma)

    def predict(self, p: Whole, ridge: Floats | None = None) -> Prediction:
        """Return the deterministic equivalent for p >= 1."""
        at = p[p >= 1]
        solution = nested_equivalent(self.eigenvalues, self.n, at, 0.0 if ridge is None else ridge[p >= 1])
        bias, variance = solution.bias(self.b**2), solution.variance(self.sigma**2)
        of_mean = solution.bias_of_mean(self.b**2)
        over_sets = of_mean, variance + bias - of_mean
        return Prediction(at.astype(np.float64), self.sigma**2 + variance + bias, variance, bias, None, "asymptotic", over_sets)

    def ladder(self, p: Whole) -> Floats:
        """Return at each p the best ridge, (1, k), as the theory has it."""
        if not self.b.any():
            return np.full((1, p.size), LARGEST * self.n)
        return np.maximum(nested_best_ridge(self.eigenvalues, self.b**2, self.n, p, self.sigma**2), SMALLEST * self.n)[None]


def read_tested(curves: NestedCurves, sigma: float) -> Mapping[str, Floats]:
    """Return the quantities of a draw whose three outputs are judged on test points with noiseless labels."""
    assert curves.test_mse is not None  # a draw of these models has test points
    test, bias, variance = curves.test_mse.T
    return {"test": test + sigma**2, "variance": variance, "bias": bias, "norm": curves.norm2[:, 0]}


def _times(scale: Floats | float, factor: Floats) -> Floats:
    """Return scale * factor, 0 where the scale is 0 and the factor infinite."""
    scale = np.broadcast_to(scale, factor.shape)
    return np.where(scale == 0, 0.0, scale * np.where(scale == 0, 0.0, factor))
