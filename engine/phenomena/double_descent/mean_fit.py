"""Bias and variance over training sets, by their definition: the mean of the minimum-norm fit, and how the fits scatter about it.

With u = Sigma^(1/2) (w - b), squared bias = |E u|^2 and variance = E|u|^2 - |E u|^2, over draws of inputs *and* noise. |E u|^2 is
estimated without its own variance, from products of different draws; standard errors by leaving groups of draws out (jackknife).

Shapes: X (n, D), p (k,) numbers of features, w (k, D).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from engine.phenomena.double_descent.model import GROUPS, Whole
from engine.state import State
from engine.theory.inputs import Floats


def min_norm_weights(X: Floats, y: Floats, p: Whole) -> Floats:
    """Return the minimum-norm least-squares weights w (k, D) on the first p of D features, 0 on the others; p ascending."""
    n, D = X.shape
    w = np.zeros((p.size, D))
    below = int(p[p <= n].max(initial=0))
    Q, R = np.linalg.qr(X[:, :below])
    c, gram, reached = Q.T @ y, np.zeros((n, n)), 0
    for place, size in enumerate(p.tolist()):
        if size <= n:
            w[place, :size] = solve_triangular(R[:size, :size], c[:size]) if size else 0.0
            continue
        added = X[:, reached:size]
        gram, reached = gram + added @ added.T, size
        w[place, :size] = X[:, :size].T @ cho_solve(cho_factor(gram), y)
    return w


class MeanFit:
    """Sums of u over draws, in groups. eigenvalues, b: (D,). p: (k,) where the fits are looked at, ascending.

    Attributes:
        sums: (groups, k, D). squares: (groups, k), sums of |u|^2. counts: (groups,) draws.
    """

    def __init__(self, eigenvalues: Floats, b: Floats, p: Whole) -> None:
        self.eigenvalues, self.b, self.p = eigenvalues, b, p
        self.sums, self.squares = np.zeros((GROUPS, p.size, b.size)), np.zeros((GROUPS, p.size))
        self.counts = np.zeros(GROUPS, dtype=np.int64)

    @property
    def count(self) -> int:
        """Draws so far."""
        return int(self.counts.sum())

    def add(self, w: Floats) -> None:
        """Take in the fits w (k, D) of one draw."""
        group, u = self.count % GROUPS, np.sqrt(self.eigenvalues) * (w - self.b)
        self.sums[group] += u
        self.squares[group] += np.einsum("kd,kd->k", u, u)
        self.counts[group] += 1

    def decomposed(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Return squared bias and variance, each with its standard error, (k,); infinite errors below three groups of draws.

        Needs two draws.
        """
        there = np.flatnonzero(self.counts)
        bias, variance = self._without(there)
        if there.size < 3:
            return (bias, np.full_like(bias, np.inf)), (variance, np.full_like(bias, np.inf))
        left_out = np.array([self._without(there[there != group]) for group in there])  # (groups, 2, k)
        errors = np.sqrt((there.size - 1) * left_out.var(axis=0))
        return (bias, errors[0]), (variance, errors[1])

    def _without(self, groups: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[Floats, Floats]:
        """Squared bias and variance (k,) of some groups: bias from pairs of draws in different ones."""
        sums, counts = self.sums[groups], self.counts[groups]
        total = sums.sum(axis=0)
        pairs = int(counts.sum()) ** 2 - int((counts**2).sum())
        bias = (np.einsum("kd,kd->k", total, total) - np.einsum("gkd,gkd->k", sums, sums)) / pairs
        return bias, self.squares[groups].sum(axis=0) / counts.sum() - bias

    def state(self) -> State:
        """Return everything, to be stored."""
        return State({"sums": self.sums.copy(), "squares": self.squares.copy(), "counts": self.counts.copy()}, {})

    def restore(self, state: State) -> None:
        """Take up what `state` returned."""
        self.sums, self.squares = np.array(state.arrays["sums"]), np.array(state.arrays["squares"])
        self.counts = np.array(state.arrays["counts"], dtype=np.int64)
