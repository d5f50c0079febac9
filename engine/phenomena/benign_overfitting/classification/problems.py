"""The problems of task classification, and how one is drawn: kernel matrices of Gaussian features, whose number costs nothing.

The kernel W W^T of n rows of m >= n standard normal features is L L^T with L lower triangular, standard normal below its diagonal and
L_ii^2 a chi-squared variable of m - i + 1 degrees, i = 1..n (Bartlett 1933): labels that do not depend on the features, and strong
features drawn beside them, need nothing else of W.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from engine.interruption import checkpoint
from engine.phenomena.benign_overfitting.config import BenignOverfittingConfig
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.margins.bi_level import BiLevel, error_rate
from engine.theory.margins.support_vectors import duals_of, support


@dataclass(frozen=True)
class Isotropic:
    """n points with d = c n ln n features of variance 1, and labels that do not depend on them."""

    n: int
    c: float

    @property
    def d(self) -> int:
        """Features."""
        return round(self.c * self.n * math.log(self.n))


def isotropic_problems(config: BenignOverfittingConfig) -> tuple[Isotropic, ...]:
    """Return every n with every c, smallest first."""
    return tuple(Isotropic(n, c) for n in sorted(set(config.n)) for c in sorted(set(config.c)))


def bi_level_problems(config: BenignOverfittingConfig) -> tuple[BiLevel, ...]:
    """Return every n with every q."""
    return tuple(BiLevel(n, config.p, config.r, q) for n in sorted(set(config.n)) for q in sorted(set(config.q)))


def gram(n: int, features: int, rng: np.random.Generator) -> Floats:
    """Return W W^T (n, n) of a drawn W (n, features), standard normal."""
    if features < n:
        rows = rng.standard_normal((n, features))
        return np.asarray(rows @ rows.T)
    factor = np.tril(rng.standard_normal((n, n)), -1)
    np.fill_diagonal(factor, np.sqrt(rng.chisquare(features - np.arange(n))))
    checkpoint()
    return np.asarray(factor @ factor.T)


def draw_isotropic(problem: Isotropic, streams: Streams, with_support: bool) -> tuple[int, int]:
    """Return how many duals of a drawn problem are negative, and how many points support the max margin; 0 where nobody asks."""
    kernel = gram(problem.n, problem.d, streams.data)
    labels = streams.noise.choice([-1.0, 1.0], problem.n)
    checkpoint()
    negative = int((duals_of(kernel, labels) < 0).sum())
    return negative, int(support(kernel, labels).sum()) if with_support else 0


def draw_bi_level(ensembles: Sequence[BiLevel], flip: float, streams: Streams) -> Floats:
    """Draw one problem for ensembles that differ in q alone; return wrong signs, regression risks and negative duals, (3, k)."""
    first = ensembles[0]
    strong = streams.data.standard_normal((first.n, first.s))
    weak = gram(first.n, first.d - first.s, streams.data)
    z = strong[:, 0]
    labels = np.sign(z) * np.where(streams.noise.random(first.n) < flip, -1.0, 1.0)
    found = []
    for ensemble in ensembles:
        checkpoint()
        kernel = ensemble.head * (strong @ strong.T) + ensemble.tail * weak
        weights = cho_solve(cho_factor(kernel), np.stack([labels, z], axis=1))  # (n, 2), of the fits of the labels and of z
        learnt = ensemble.head * (strong.T @ weights)  # (s, 2), coefficients of the strong features at unit scale
        others = (learnt[1:] ** 2).sum(0) + ensemble.tail**2 * (weights * (weak @ weights)).sum(0)
        negative = float((labels * weights[:, 0] < 0).sum())
        found.append((float(error_rate(learnt[0, 0], np.sqrt(others[0]))), (1 - learnt[0, 1]) ** 2 + others[1], negative))
    return np.array(found).T
