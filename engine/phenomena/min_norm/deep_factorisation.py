"""Deep matrix factorisation: how depth makes large singular values grow first and small ones wait.

Gradient flow on a loss of W = W_N ... W_1 from a balanced start moves the singular values of W by
    sigma_r' = -N (sigma_r^2)^(1 - 1/N) <grad loss(W), u_r v_r^T>
(Arora, Cohen, Hu, Luo 2019, arXiv:1905.13655, Theorem 3). With loss .5 |W - M|_F^2 and singular vectors already those of M
each value moves alone, sigma' = N sigma^(2 - 2/N) (m - sigma):
    N = 1   sigma = m + (sigma_0 - m) exp(-t)
    N = 2   sigma = m / (1 + (m/sigma_0 - 1) exp(-2 m t))       (Saxe et al. 2014, arXiv:1312.6120)
so a value m is learnt after a time of order 1/m for N = 2 and sigma_0^(2/N - 1)/(N - 2)/m, the larger the deeper.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.implicit_bias.stiff_flow import integrate
from engine.theory.inputs import Floats, require


def singular_value_flow(start: float, targets: ArrayLike, depth: int, times: ArrayLike) -> Floats:
    """Return sigma (k, r) at k ascending times t >= 0 of r singular values that start at `start` and end at `targets`.

    Raises:
        ProblemError: depth below 1, or start or a target not positive.
    """
    m = np.atleast_1d(np.asarray(targets, dtype=np.float64))
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    require(depth >= 1, f"depth must be at least 1, got {depth}")
    require(start > 0 and bool(np.all(m > 0)), f"singular values must be positive, got start {start:g}, smallest target {m.min():g}")
    if depth == 1:
        return m + (start - m) * np.exp(-t[:, None])
    if depth == 2:
        return m / (1 + (m / start - 1) * np.exp(-2 * m * t[:, None]))
    power = 1 - 2 / depth

    def rate(log_sigma: Floats, _: float) -> Floats:
        sigma = np.exp(log_sigma)
        value: Floats = depth * sigma**power * (m - sigma)
        return value

    def jacobian(log_sigma: Floats, _: float) -> Floats:
        sigma = np.exp(log_sigma)
        return np.diag(depth * sigma**power * (power * (m - sigma) - sigma))

    path = integrate(rate, jacobian, np.full(len(m), np.log(start)), np.concatenate([[0.0], t]), rtol=1e-12, atol=1e-13)
    return np.exp(path[1:])
