"""The exact law of the squared norm of minimum-norm least squares on isotropic Gaussian features, without a matrix.

With w* = X^+ (X b + noise), |b|^2 = r2, noise variance sigma2, m = min(n, d) and nu = |n - d| + 1: what the fit makes of the noise
is sigma g/sqrt(s) with g ~ N(0, I_m) and s ~ chi^2_nu (Hotelling: g^T W^-1 g = chi^2_m/chi^2_nu for a Wishart W), turned anyhow against
what it sees of b, whose squared length is r2 up to d = n and r2 Beta(n/2, (d - n)/2) beyond. Three random numbers make a draw.
Its mean is that of `ridgeless.norm_law`; the larger |n - d|, the lighter its tail: moments exist below order nu/2.
"""

from __future__ import annotations

import math

import numpy as np

from engine.theory.conditions import Floats, require


def squared_norms(n: int, d: int, r2: float, sigma2: float, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return independent draws of |w*|^2.

    Raises:
        ProblemError: fewer than 2 samples or features, or a negative variance.
    """
    require(n >= 2 and d >= 2, f"n and d must be at least 2, got n={n}, d={d}")
    require(r2 >= 0 and sigma2 >= 0, f"signal and noise must not be negative, got r2={r2:g}, sigma2={sigma2:g}")
    scale = math.sqrt(sigma2) / np.sqrt(rng.chisquare(abs(n - d) + 1, shape))
    seen = np.sqrt(r2 * rng.beta(n / 2, (d - n) / 2, shape)) if d > n else math.sqrt(r2)
    along, across = rng.standard_normal(shape), rng.chisquare(min(n, d) - 1, shape)
    return np.asarray((seen + scale * along) ** 2 + scale**2 * across)
