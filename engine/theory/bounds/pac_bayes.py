"""PAC-Bayes certificates for Gaussian weights: prior N(w0, lambda I), posterior N(w, diag(s)).

Dziugaite, Roy 2017, arXiv:1703.11008 (prior variance on a grid, two-step inversion) and Perez-Ortiz, Rivasplata,
Shawe-Taylor, Szepesvari 2021, arXiv:2007.12911 (training objectives, prior variance fixed beforehand). Letters: P weights,
s variances (not deviations), n training points that the prior has not seen, N Monte-Carlo draws of the posterior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.bounds.kl import kl_inverse
from engine.theory.conditions import number, require
from engine.theory.quantities import confidence, error_rate, finite

GRID_TOP = 0.1  # c of lambda = c exp(-j/b)
GRID_PRECISION = 100.0  # b: neighbouring prior variances differ by a factor exp(1/b)
LEAST_POINTS = 8  # from which Maurer bounds E exp(n kl) by 2 sqrt(n)


def gaussian_kl(w: ArrayLike, s: ArrayLike, w0: ArrayLike, prior_variance: float) -> float:
    """Return `KL(N(w, diag(s)) || N(w0, lambda I)) = (sum(s)/lambda - P + |w-w0|^2/lambda + P ln lambda - sum ln s)/2`, in nats.

    Args:
        w: posterior means (P,).
        s: posterior variances (P,), above 0.
        w0: prior means (P,).
        prior_variance: lambda, above 0.

    Raises:
        ProblemError: shapes that differ, a variance that is not above 0, values that are not finite.
    """
    mean, variance, centre = finite("w", w), finite("s", s), finite("w0", w0)
    require(
        mean.shape == variance.shape == centre.shape, f"w, s and w0 must have one shape, got {mean.shape}, {variance.shape}, {centre.shape}"
    )
    number("the smallest posterior variance", float(variance.min()), above=0)
    ratio = variance / number("the prior variance lambda", prior_variance, above=0)
    # Each term x - 1 - ln x is >= 0, so nothing cancels between the sums of the formula.
    return float(0.5 * (np.sum(ratio - 1 - np.log(ratio)) + np.sum((mean - centre) ** 2) / prior_variance))


def grid_index(prior_variance: float) -> float:
    """Return `j = b ln(c/lambda)`, not rounded, where the prior variance lies on the grid `lambda = c exp(-j/b)`.

    Raises:
        ProblemError: a variance whose index would be below 1.
    """
    index = GRID_PRECISION * math.log(GRID_TOP / number("the prior variance lambda", prior_variance, above=0))
    require(
        index >= 1 - 1e-9,
        f"the prior variance lambda must be at most {grid_variance(1):.4g}, where j is 1, got {prior_variance:g}",
        "keep the prior log-deviation below -1.16 while training",
    )
    return max(index, 1.0)


def grid_variance(j: float) -> float:
    """Return `lambda = c exp(-j/b)`."""
    return GRID_TOP * math.exp(-j / GRID_PRECISION)


def complexity(kl: float, n: int, delta: float, j: float) -> float:
    """Return `Bnd = (KL + ln(pi^2 n/(6 delta)) + 2 ln j)/(n-1)`, in nats; j real while training, whole in a certificate.

    Raises:
        ProblemError: KL below 0, n below 2, delta outside (0, 1), j below 1.
    """
    number("KL", kl, least=0)
    number("n", n, least=2)
    number("j", j, least=1)
    return (kl + math.log(math.pi**2 * n / (6 * confidence("delta", delta))) + 2 * math.log(j)) / (n - 1)


@dataclass(frozen=True)
class Certificate:
    """A bound on the risk of the stochastic classifier, from every constant it is made of.

    risk: error over the draws; n: training points that the prior has not seen; j: index of the prior variance on its grid,
    None where that variance was fixed before the data were seen; draws: N; delta, delta_draws: failure probabilities over
    the training sample and over the draws.

    Raises:
        ProblemError: any of these out of range, or delta + delta' not below 1.
    """

    risk: float
    kl: float
    n: int
    j: int | None
    prior_variance: float
    draws: int
    delta: float
    delta_draws: float

    def __post_init__(self) -> None:
        error_rate("the stochastic training error", self.risk)
        number("draws", self.draws, least=1)
        confidence("delta + delta'", self.delta + confidence("delta'", self.delta_draws))

    @cached_property
    def bnd(self) -> float:
        """The budget in nats: `(KL + ln(pi^2 n/(6 delta)) + 2 ln j)/(n-1)` on the grid, else `(KL + ln(2 sqrt(n)/delta))/n`."""
        if self.j is None:
            return _penalty(self.kl, self.n, self.delta) / self.n
        return complexity(self.kl, self.n, self.delta, self.j)

    @cached_property
    def risk_inverted(self) -> float:
        """Upper confidence limit of the error over the draws, `kl_inverse(risk, ln(2/delta')/N)`."""
        return float(kl_inverse(self.risk, math.log(2 / self.delta_draws) / self.draws))

    @cached_property
    def value(self) -> float:
        """`kl_inverse(risk_inverted, bnd)`, which holds with probability `confidence`."""
        return float(kl_inverse(self.risk_inverted, self.bnd))

    @property
    def pinsker(self) -> float:
        """`risk_inverted + sqrt(bnd/2)`, never below `value`."""
        return self.risk_inverted + math.sqrt(self.bnd / 2)

    @property
    def confidence(self) -> float:
        """`1 - delta - delta'`."""
        return 1 - self.delta - self.delta_draws

    @property
    def delta_spent(self) -> float:
        """The part of delta that this prior variance got: `6 delta/(pi^2 j^2)` from the grid, all of it when fixed."""
        return self.delta if self.j is None else 6 * self.delta / (math.pi**2 * self.j**2)


def certify(risk: float, kl: float, n: int, j: int, *, draws: int, delta: float = 0.025, delta_draws: float = 0.01) -> Certificate:
    """Return `kl_inverse(kl_inverse(risk, ln(2/delta')/N), Bnd)`, Dziugaite and Roy's two-step certificate.

    Args:
        risk: mean training 0-1 error over the draws and the n points (count of errors over draws x n).
        kl: divergence from the prior of variance `grid_variance(j)`, in nats.
        n: training points; with a prior learnt on data, only those it has not seen.
        j: index of the prior variance on the grid, a whole number >= 1.
        draws: N, independent draws of the posterior's weights.
        delta: failure probability over the training sample.
        delta_draws: failure probability over the draws, delta'.

    Raises:
        ProblemError: any of these out of range, or delta + delta' not below 1.
    """
    require(j == int(j), f"j must be a whole number in a certificate, got {j:g}", "round it with grid_index")
    complexity(kl, n, delta, j)  # refuses what is out of range
    return Certificate(risk, kl, n, int(j), grid_variance(j), draws, delta, delta_draws)


def certify_fixed(
    risk: float, kl: float, n: int, prior_variance: float, *, draws: int, delta: float = 0.025, delta_draws: float = 0.01
) -> Certificate:
    """Return `kl_inverse(kl_inverse(risk, ln(2/delta')/N), (KL + ln(2 sqrt(n)/delta))/n)`, Perez-Ortiz et al.'s certificate.

    Maurer's constant (cs/0411099): nothing is paid for a choice of the prior variance, which must not depend on the n points.

    Args:
        risk, kl, n, draws, delta, delta_draws: as in `certify`, KL from the prior of this variance.
        prior_variance: lambda, fixed before the data were seen.

    Raises:
        ProblemError: any of these out of range, or delta + delta' not below 1; n below 8, where the constant is not proven.
    """
    number("n", n, least=LEAST_POINTS)
    number("the prior variance lambda", prior_variance, above=0)
    _penalty(kl, n, delta)  # refuses what is out of range
    return Certificate(risk, kl, n, None, prior_variance, draws, delta, delta_draws)


def certify_posterior(
    risk: float,
    w: ArrayLike,
    s: ArrayLike,
    w0: ArrayLike,
    prior_variance: float,
    n: int,
    *,
    draws: int,
    delta: float = 0.025,
    delta_draws: float = 0.01,
) -> Certificate:
    """Return the better certificate of the two grid neighbours of a trained prior variance.

    The union bound over the grid holds for all j at once, so choosing between neighbours costs nothing.

    Raises:
        ProblemError: as `gaussian_kl`, `grid_index` and `certify`.
    """
    index = grid_index(prior_variance)
    near = {max(1, math.floor(index)), math.ceil(index)}
    each = [certify(risk, gaussian_kl(w, s, w0, grid_variance(j)), n, j, draws=draws, delta=delta, delta_draws=delta_draws) for j in near]
    return min(each, key=lambda certificate: certificate.bnd)


def _penalty(kl: float, n: int, delta: float) -> float:
    return number("KL", kl, least=0) + math.log(2 * math.sqrt(number("n", n, least=1)) / confidence("delta", delta))


def classic(risk: float, kl: float, n: int, delta: float) -> float:
    """Return McAllester's `R + sqrt(k)`, `k = (KL + ln(2 sqrt(n)/delta))/(2n)`."""
    return number("the risk", risk, least=0) + math.sqrt(_penalty(kl, n, delta) / (2 * n))


def quadratic(risk: float, kl: float, n: int, delta: float) -> float:
    """Return `(sqrt(R + k) + sqrt(k))^2`, tighter than `classic` for small risks."""
    k = _penalty(kl, n, delta) / (2 * n)
    return (math.sqrt(number("the risk", risk, least=0) + k) + math.sqrt(k)) ** 2


def lambda_form(risk: float, kl: float, n: int, delta: float, weight: float) -> float:
    """Return `R/(1 - l/2) + (KL + ln(2 sqrt(n)/delta))/(n l (1 - l/2))` for a weight l in (0, 2); valid for all l at once.

    Raises:
        ProblemError: l outside (0, 2).
    """
    require(0 < weight < 2, f"the weight l must lie strictly between 0 and 2, got {weight:g}")
    return number("the risk", risk, least=0) / (1 - weight / 2) + _penalty(kl, n, delta) / (n * weight * (1 - weight / 2))


def best_lambda(risk: float, kl: float, n: int, delta: float) -> float:
    """Return the l that minimises `lambda_form`: `2/(1 + sqrt(1 + 2 n R/(KL + ln(2 sqrt(n)/delta))))` (arXiv:1608.05610)."""
    return 2 / (1 + math.sqrt(1 + 2 * n * number("the risk", risk, least=0) / _penalty(kl, n, delta)))
