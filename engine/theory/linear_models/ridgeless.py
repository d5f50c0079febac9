"""Risk, norm and training error of minimum-norm least squares with isotropic features.

Exact at finite n for Gaussian rows: Belkin, Hsu, Xu 2020 (arXiv:1903.07571). Asymptotic: Hastie et al. 2022
(arXiv:1903.08560).

n: samples; p: features fitted; gamma = p/n. `used` and `omitted` are |b|^2 on the fitted and the left-out features, so
r2 = used + omitted; sigma2: variance of the label noise. Everything broadcasts. Risk is excess test MSE, without sigma2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, numbers, ratio


def _sizes(n: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    return numbers("the number of samples n", n, least=2), numbers("the number of features p", p, least=0)


def variance_factor(n: ArrayLike, p: ArrayLike) -> Floats:
    """Return E tr((X^T X)^+), the variance per unit noise: p/(n-p-1) or n/(p-n-1), infinite for |p-n| <= 1.

    Below n it holds for the risk of any invertible covariance.
    """
    n, p = _sizes(n, p)
    return ratio(np.minimum(n, p), np.abs(n - p) - 1)


def bias_factor(n: ArrayLike, p: ArrayLike) -> Floats:
    """Return the share of the signal that n samples of p features do not see: 0 up to n, then 1 - n/p."""
    n, p = _sizes(n, p)
    return 1 - np.minimum(1, ratio(n, p))


def expected_test_mse(n: ArrayLike, p: ArrayLike, used: ArrayLike, omitted: ArrayLike, sigma2: ArrayLike) -> Floats:
    """Return the expected test MSE, noise included, of p out of D isotropic Gaussian features (Belkin, Hsu, Xu 2020).

    The omitted features act as further noise. Infinite for |p-n| <= 1 unless there is neither noise nor omitted signal.
    """
    noise = numbers("the omitted signal", omitted, least=0) + numbers("the noise variance", sigma2, least=0)
    return numbers("the used signal", used, least=0) * bias_factor(n, p) + noise + _scaled(noise, variance_factor(n, p))


def norm_law(n: ArrayLike, d: ArrayLike, r2: ArrayLike, sigma2: ArrayLike) -> Floats:
    """Return E|w*|^2 of the minimum-norm solution: r2 min(1, n/d) + sigma2 E tr((X^T X)^+)."""
    seen = numbers("the signal r2", r2, least=0) * (1 - bias_factor(n, d))
    return seen + _scaled(numbers("the noise variance", sigma2, least=0), variance_factor(n, d))


def expected_train_mse(n: ArrayLike, d: ArrayLike, sigma2: ArrayLike) -> Floats:
    """Return the expected training MSE, sigma2 (1 - d/n) up to n and 0 from there; omitted signal adds to sigma2."""
    n, d = _sizes(n, d)
    return numbers("the noise variance", sigma2, least=0) * np.maximum(0, 1 - d / n)


def _scaled(noise: Floats, factor: Floats) -> Floats:
    """Return noise * factor where an infinite factor of no noise counts nothing."""
    return np.where(noise == 0, 0.0, noise * np.where(noise == 0, 0.0, factor))
