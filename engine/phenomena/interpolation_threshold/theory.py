"""What theory says of the sweep: expected errors and norms, the Marchenko-Pastur law of the eigenvalues, Edelman's of the smallest.

Isotropic Gaussian features have exact expectations (arXiv:1903.07571), others below n alone; beyond it they have the deterministic
equivalent of arXiv:1903.08560. Marchenko-Pastur edges and Edelman's law hold for any isotropic entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.contract import Basis, Series
from engine.phenomena.interpolation_threshold.design import Design
from engine.phenomena.interpolation_threshold.sweep import Widths
from engine.theory.conditions import ratio
from engine.theory.inputs import Floats
from engine.theory.linear_models.ridgeless import expected_test_mse, expected_train_mse, norm_law
from engine.theory.spectra import marchenko_pastur
from engine.theory.spectra.deterministic_equivalent import equivalent

FINE = 400  # most points of a curve


def expected_risk(design: Design, widths: Widths) -> Floats:
    """Return the expected test MSE at each d, (widths,)."""
    n, r2 = design.n, design.r2
    expected = expected_test_mse(n, widths, r2, 0.0, design.sigma2)
    if not design.is_isotropic:
        for index in np.flatnonzero(widths > n):
            d = int(widths[index])
            expected[index] = equivalent(design.variances[:d], n).test_mse(design.energy(d), design.sigma2)[0]
    return expected


def expected_curves(design: Design, widths: Widths) -> Iterator[Series]:
    """Every curve over d/n that the features have."""
    n, sigma2, d = design.n, design.sigma2, _fine(design.n, widths)
    gamma = d / n
    exact: Basis = "exact" if design.is_isotropic and design.entries == "gaussian" else "asymptotic"
    means = "exact mean" if exact == "exact" else "mean, large n"
    solved = d if design.is_isotropic else widths  # elsewhere every d costs an equation
    yield _curve("train-mse/expected", "exact mean", gamma, expected_train_mse(n, d, sigma2), "exact")
    yield _curve("test-mse/expected", means, solved / n, expected_risk(design, solved), exact)
    if design.is_isotropic:
        low, high = marchenko_pastur.edges(gamma)
        yield _curve("norm/expected", means, gamma, norm_law(n, d, design.r2, sigma2), exact)
        yield _curve("condition-number/edges", "Marchenko-Pastur edges", gamma, np.sqrt(ratio(high, low)))
        yield _curve("smallest-eigenvalue/edge", "Marchenko-Pastur edge", gamma[d != n], low[d != n])
        first, last = (marchenko_pastur.square_smallest_quantile(share) for share in (0.005, 0.995))
        x = np.geomspace(first, last, FINE)
        yield _curve("smallest-at-n/edelman", "Edelman's law", x, marchenko_pastur.square_smallest_cdf(x), group="edelman")


def _fine(n: int, widths: Widths) -> Widths:
    """Every d of the sweep's range, or as many as are worth drawing, those around n always."""
    grid = np.unique(np.linspace(widths[0], widths[-1], FINE).round().astype(np.int64))
    return np.union1d(grid, np.arange(n - 2, min(n + 3, int(widths[-1]) + 1)))


def spectral_law(gamma: float, zeros_at: float) -> Iterator[Series]:
    """The Marchenko-Pastur density of the eigenvalues above 0, and its mass at 0 where the bar of zeros stands."""
    low, high = (float(end) for end in marchenko_pastur.edges(gamma))
    x = np.linspace(max(low, high / (2 * FINE)), high, FINE)  # at gamma = 1 the density is infinite at 0
    yield _curve("eigenvalues/density", "Marchenko-Pastur", x, marchenko_pastur.density(x, gamma) * max(1.0, gamma))
    if gamma > 1:
        mass = 1 - 1 / gamma
        yield _curve("eigenvalues/atom", f"Marchenko-Pastur mass at 0, {mass:.3g}", np.array([zeros_at]), np.array([mass]), style="points")


def _curve(name: str, label: str, x: Floats, y: Floats, basis: Basis = "asymptotic", group: str = "theory", **looks: Any) -> Series:
    return Series(name, label, x, y, kind="theory", basis=basis, group=group, **looks)
