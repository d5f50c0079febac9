"""The effective ridge kappa of a spectrum: sum_i lam_i/(lam_i + kappa) + ridge/kappa = n.

Hastie et al. 2022 (arXiv:1903.08560). For ridge >= 0 the left side falls in kappa and the root is unique. A negative
ridge (Tsigler, Bartlett 2023, arXiv:2009.14286) is possible for p > n down to a limit, where D2 = sum_i (lam_i/(lam_i +
kappa))^2 reaches n; the root that counts lies above that kappa. Roots are sought in log kappa, over decades.

Grid points are rows: lam (g, p), or (1, p) if all share a spectrum, with zeros where a row has fewer eigenvalues,
which count for nothing; p, n, ridge: (g,).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.errors import ProblemError
from engine.theory.conditions import Floats, require

ROUNDS = 200
"""Newton steps at most; bisection alone would need about 60 from a bracket of 40 decades."""

Residual = Callable[[Floats], tuple[Floats, Floats]]
Counts = NDArray[np.int64]


def solve(lam: Floats, p: Counts, n: Floats, ridge: Floats) -> Floats:
    """Return kappa (g,) for rows lam (g or 1, max p) with p eigenvalues each; 0 where p <= n without ridge.

    Raises:
        ProblemError: a ridge at or below the limit, or below 0 for p <= n.
    """
    refused = (ridge < 0) & (p <= n)
    require(not refused.any(), f"a negative ridge needs more features than samples, got {_first(refused, ridge, n, p)}")
    solvable = (ridge > 0) | (p > n)
    kappa = np.zeros(n.size)
    if not solvable.any():
        return kappa
    rows = lam if lam.shape[0] == 1 else lam[solvable]
    n, ridge, p = n[solvable], ridge[solvable], p[solvable]
    low = _lower_end(rows, p, n, ridge)
    high = np.log((rows.sum(-1) + np.maximum(ridge, 0)) / n)

    def excess(kappa: Floats) -> tuple[Floats, Floats]:
        share = shares(rows, kappa)
        D1, pull = share.sum(-1), ridge / kappa
        return D1 + pull - n, (share**2).sum(-1) - D1 - pull

    kappa[solvable] = np.exp(_falling_roots(excess, low, high))
    return kappa


def shares(lam: Floats, kappa: Floats) -> Floats:
    """Return lam_i/(lam_i + kappa), (g, p), for kappa (g,) >= 0; the padding of short rows gives 0 also at kappa = 0."""
    return lam / (lam + np.maximum(kappa, np.finfo(np.float64).tiny)[:, None])


def _lower_end(lam: Floats, p: Counts, n: Floats, ridge: Floats) -> Floats:
    """Return log kappa at which the equation's left side exceeds n.

    For ridge >= 0: ridge/kappa > n at kappa = ridge/(2n), and n+1 eigenvalues alone exceed n at lam_{n+1}/(n+1).
    """
    beyond = _eigenvalue(lam, n)
    low = np.maximum(ridge / (2 * n), np.where(p > n, beyond / (n + 1), 0.0))
    negative = ridge < 0
    if negative.any():
        rows = lam if lam.shape[0] == 1 else lam[negative]
        floor, lowest = limit(rows, p[negative], n[negative])
        below = ridge[negative] <= lowest
        if below.any():
            size, given = float(n[negative][below][0]), float(ridge[negative][below][0])
            sentence = f"the ridge must exceed {lowest[below][0]:.6g} for this spectrum and n={size:g}, got {given:g}"
            raise ProblemError(sentence, "Raise the ridge.")
        low[negative] = floor
    return np.log(low)


def limit(lam: Floats, p: Counts, n: Floats) -> tuple[Floats, Floats]:
    """Return (kappa, ridge), (g,) each, where D2 = n: the most negative ridge.

    Raises:
        ProblemError: p <= n, where no ridge below 0 is looked for.
    """
    require(bool(np.all(p > n)), f"a negative ridge needs more features than samples, got p={p.min():g}, n={n.max():g}")
    low, high = np.log(_eigenvalue(lam, n) / (4 * n + 4)), np.log(lam.sum(-1) / n)  # D2 > n at the one, < n at the other

    def excess(kappa: Floats) -> tuple[Floats, Floats]:
        share = shares(lam, kappa)
        return (share**2).sum(-1) - n, -2 * (share**2 * (1 - share)).sum(-1)

    kappa = np.exp(_falling_roots(excess, low, high * np.ones_like(low)))
    return kappa, kappa * (n - shares(lam, kappa).sum(-1))


def _eigenvalue(lam: Floats, n: Floats) -> Floats:
    """Return lam_{n+1} of each row, (g,); 0 where there is none."""
    index = np.minimum(n.astype(np.int64), lam.shape[1] - 1)
    rows = np.zeros_like(index) if lam.shape[0] == 1 else np.arange(index.size)
    return np.where(n < lam.shape[1], lam[rows, index], 0.0)


def _first(wrong: NDArray[np.bool_], ridge: Floats, n: Floats, p: Counts) -> str:
    at = int(np.argmax(wrong))
    return f"p={p[at]:g}, n={n[at]:g}, ridge={ridge[at]:g}"


def _falling_roots(function: Residual, low: Floats, high: Floats) -> Floats:
    """Return a root in each [low, high], (g,), of kappa -> (value, slope in log kappa), positive at low, negative at high.

    Newton in log kappa, bisecting where it would leave the bracket.
    """
    x, low, high = low.copy(), low.copy(), high.copy()
    for _ in range(ROUNDS):
        value, slope = function(np.exp(x))
        low, high = np.where(value > 0, x, low), np.where(value > 0, high, x)
        step = x - np.divide(value, slope, out=np.full_like(x, np.inf), where=slope < 0)
        new = np.where((step > low) & (step < high), step, (low + high) / 2)
        moved = np.abs(new - x)
        x = np.where(value == 0, x, new)
        if np.all((moved <= 4e-16 * np.maximum(1, np.abs(x))) | (value == 0)):
            break
    return x
