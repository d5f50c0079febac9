"""Asymptotic risk of ridge regression with isotropic features, and the ridge that minimises it.

Hastie, Montanari, Rosset, Tibshirani 2022 (arXiv:1903.08560), Section 6; ridge l multiplies the identity added to
X^T X/n, gamma = d/n, and m(-l) is the Stieltjes transform of the Marchenko-Pastur law at -l. At finite n the loss
|X w - y|^2 + lam |w|^2 has lam = n l. Everything broadcasts; risk is excess test MSE, without sigma2.

Each formula is written in k = l m(-l), the share of ridge in a mean direction, and s = sqrt((1-gamma+l)^2 + 4 gamma l),
whose quotients stay accurate and finite down to l = 0, where they are the ridgeless ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, numbers, ratio, require


def _root(ridge: Floats, gamma: Floats) -> Floats:
    return np.sqrt((1 - gamma + ridge) ** 2 + 4 * gamma * ridge)


def _arguments(ridge: ArrayLike, gamma: ArrayLike) -> tuple[Floats, Floats]:
    return numbers("the ridge", ridge, least=0), numbers("gamma = d/n", gamma, above=0)


def ridge_share(ridge: ArrayLike, gamma: ArrayLike) -> Floats:
    """Return l m(-l) in [0, 1): the mean of l/(l + eigenvalue) over the Marchenko-Pastur law."""
    ridge, gamma = _arguments(ridge, gamma)
    linear, root = 1 - gamma + ridge, _root(ridge, gamma)
    falling = np.divide(2 * ridge, linear + root, out=np.zeros_like(root), where=linear + root > 0)
    return np.where(linear >= 0, falling, (root - linear) / (2 * gamma))


def ridge_bias(ridge: ArrayLike, gamma: ArrayLike, r2: ArrayLike) -> Floats:
    """Return the squared bias r2 l^2 m'(-l), where m'(-l) = -dm(-l)/dl."""
    ridge, gamma = _arguments(ridge, gamma)
    share, root = ridge_share(ridge, gamma), _root(ridge, gamma)
    seen = np.divide(share * (ridge + gamma * share), root, out=np.zeros_like(root), where=root > 0)
    return numbers("the signal r2", r2, least=0) * seen


def ridge_variance(ridge: ArrayLike, gamma: ArrayLike, sigma2: ArrayLike) -> Floats:
    """Return the variance sigma2 gamma (m(-l) - l m'(-l)); infinite at l = 0, gamma = 1."""
    ridge, gamma = _arguments(ridge, gamma)
    root = _root(ridge, gamma)
    return ratio(2 * gamma * numbers("the noise variance", sigma2, least=0), root * (1 + gamma + ridge + root))


def optimal_ridge(gamma: ArrayLike, r2: ArrayLike, sigma2: ArrayLike) -> Floats:
    """Return the ridge on X^T X/n of least risk, sigma2 gamma/r2; infinite without signal.

    Raises:
        ProblemError: neither signal nor noise, so that every ridge has risk 0.
    """
    gamma = numbers("gamma = d/n", gamma, above=0)
    r2, sigma2 = numbers("the signal r2", r2, least=0), numbers("the noise variance", sigma2, least=0)
    require(bool(np.all(r2 + sigma2 > 0)), "the best ridge needs a signal or noise, got signal 0 and noise variance 0")
    return ratio(gamma * sigma2, r2)


def optimal_penalty(p: ArrayLike, used: ArrayLike, omitted: ArrayLike, sigma2: ArrayLike) -> Floats:
    """Return the best lam of |X w - y|^2 + lam |w|^2 on p of D features: p (sigma2 + |b_C|^2)/|b_T|^2, infinite for b_T = 0.

    Raises:
        ProblemError: nothing to fit: no signal, used or omitted, and no noise.
    """
    noise = numbers("the omitted signal", omitted, least=0) + numbers("the noise variance", sigma2, least=0)
    return optimal_ridge(numbers("the number of features p", p, above=0), used, noise)
