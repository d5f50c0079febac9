"""One problem drawn and solved: the noise and signal terms of its excess risk, at any ridge, with the covariance known.

With X X^T = U diag(g) U^T, ridge r and A = U^T X Sigma X^T U, averaged over the noise exactly:
    noise term / sigma2 = sum_i A_ii/(g_i + r)^2,   signal term = h^T A h - 2 h^T U^T X Sigma b + b^T Sigma b,   h = U^T X b/(g + r).
Bartlett et al. 2020 (arXiv:1906.11300), Lemma 7. Small problems go by the SVD of X, which keeps small eigenvalues accurate;
large ones by blocks of columns, so that X is never stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.interruption import checkpoint
from engine.phenomena.benign_overfitting.settings import Setting
from engine.seeds import Streams
from engine.theory.inputs import Floats, require

BLOCK = 4096  # columns at a time
SMALL = 150  # n up to which the SVD is used,
STEEP, MIDDLING = 1e-6, 500  # and, where the n-th eigenvalue is so small a share of the first that X X^T would lose it, up to this n

COLUMNS = ("noise", "signal", "residual", "tuned")
"""What is kept of a draw: noise term per unit variance, signal term, largest residual, excess risk at the best ridge."""


@dataclass(frozen=True)
class Solved:
    """g (n,) eigenvalues of X X^T; A (n, n); c = U^T X b and q = U^T X Sigma b (n,); energy b^T Sigma b.

    residual: largest |X w - y| of the interpolator of pure noise of unit variance.
    """

    g: Floats
    A: Floats
    c: Floats
    q: Floats
    energy: float
    residual: float

    def noise(self, ridge: float) -> float:
        """Excess risk per unit noise variance."""
        return float((np.diagonal(self.A) / self._shifted(ridge) ** 2).sum())

    def signal(self, ridge: float) -> float:
        """Excess risk without noise."""
        h = self.c / self._shifted(ridge)
        return max(0.0, float(h @ self.A @ h - 2 * h @ self.q + self.energy))

    def _shifted(self, ridge: float) -> Floats:
        shifted = self.g + ridge
        sentence = f"the ridge must exceed minus the smallest eigenvalue of X X^T, {-float(self.g.min()):.4g}, got {ridge:g}"
        require(bool(np.all(shifted > 0)), sentence, "Raise ridge.")
        return shifted


def solve(setting: Setting, streams: Streams) -> Solved:
    """Draw a problem of a setting and solve it."""
    noise = streams.noise.standard_normal(setting.n)
    if setting.n <= SMALL or (setting.n <= MIDDLING and steepness(setting) < STEEP):
        return _by_svd(setting, streams.data.standard_normal((setting.n, setting.p)) * np.sqrt(setting.eigenvalues), noise)
    return _by_blocks(setting, streams.data, noise)


def steepness(setting: Setting) -> float:
    """The n-th eigenvalue over the first."""
    return float(setting.eigenvalues[setting.n - 1] / setting.eigenvalues[0])


def _by_svd(setting: Setting, X: Floats, noise: Floats) -> Solved:
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    half = Vt * np.sqrt(setting.eigenvalues)
    weighted = half * s[:, None]
    A = weighted @ weighted.T
    w = ((U.T @ noise) / s) @ Vt
    b, lam = setting.target, setting.eigenvalues
    residual = float(np.abs(X @ w - noise).max())
    return Solved(s**2, A, s * (Vt @ b), s * (Vt @ (lam * b)), float(lam @ b**2), residual)


def _by_blocks(setting: Setting, rng: np.random.Generator, noise: Floats) -> Solved:
    n, lam, b = setting.n, setting.eigenvalues, setting.target
    gram, weighted = np.zeros((n, n)), np.zeros((n, n))
    fitted, covered = np.zeros(n), np.zeros(n)
    for start in range(0, setting.p, BLOCK):
        checkpoint()
        part = slice(start, start + BLOCK)
        root = np.sqrt(lam[part])
        X = rng.standard_normal((n, root.size)) * root
        gram += X @ X.T
        fitted += X @ b[part]
        covered += X @ (lam[part] * b[part])
        X *= root
        checkpoint()
        weighted += X @ X.T
    checkpoint()  # the next line cannot be cut
    g, U = np.linalg.eigh(gram)
    checkpoint()
    dual = U @ ((U.T @ noise) / g)  # w = X^T dual
    residual = float(np.abs(gram @ dual - noise).max())
    return Solved(g, U.T @ weighted @ U, U.T @ fitted, U.T @ covered, float(lam @ b**2), residual)


def summary(problems: Sequence[Solved], ridge: float, tuned: float, sigma2: float) -> list[float]:
    """Return the `COLUMNS` of a draw, of which these are the problems; `tuned` is the best ridge."""
    return [
        float(np.mean([one.noise(ridge) for one in problems])),
        float(np.mean([one.signal(ridge) for one in problems])),
        max(one.residual for one in problems),
        float(np.mean([sigma2 * one.noise(tuned) + one.signal(tuned) for one in problems])),
    ]
