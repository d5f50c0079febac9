"""The problem of multiple descent: a covariance of trace 1, the numbers of samples at which it is drawn, peaks and valleys by theory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.model import Whole
from engine.phenomena.double_descent.study import own_eigenvalues
from engine.theory.inputs import Floats
from engine.theory.linear_models.sample_wise import Parts, expected_bayes_ridge, expected_parts
from engine.theory.spectra.spectra import isotropic, power

LEAST, REACH = 4, 3.0  # the fewest samples; how far beyond d they go
DRAWN, SHOWN = 20, 64  # numbers of samples, evenly in the logarithm, that are drawn, and at which theory is known
BESIDE = (0.75, 0.88, 0.95, 1.05, 1.13, 1.3)  # of the end of a block: where its peak rises and falls
NEAR = (-8, -4, -2, 2, 4, 8)  # of d, where the mean is infinite
MOST_BLOCKS = 6  # of equal eigenvalues that are told apart


@dataclass(frozen=True)
class Problem:
    """Variances (d,), largest first, of trace 1; blocks of equal ones as ends (blocks,), d the last.

    tau2: variance of a weight, r2/tr Lam = r2, so that the signal has variance r2; sigma2: of the noise.
    shown: (g,) samples of the theory, theory its parts, tuned the best ridge's; n: (k,) samples of the draws, expected their mean risk;
    valleys: (blocks,) where theory is lowest before the end of each block, 0 where it has no minimum inside.
    """

    eigenvalues: Floats
    ends: Whole
    tau2: float
    sigma2: float
    shown: Whole
    theory: Parts
    tuned: Floats
    n: Whole
    expected: Floats
    valleys: Whole

    @property
    def d(self) -> int:
        """Directions."""
        return int(self.eigenvalues.size)

    @property
    def risk(self) -> Floats:
        """The mean test MSE of the shortest fit, (g,)."""
        return self.theory.risk(self.tau2, self.sigma2)

    def by_block(self, shares: Floats) -> Floats:
        """Return the mean of shares (..., d) over each block, (..., blocks)."""
        starts = np.append(0, self.ends[:-1])
        return np.asarray(np.add.reduceat(shares, starts, axis=-1) / np.diff(np.append(0, self.ends)))


def problem_of(config: DoubleDescentConfig) -> tuple[Problem, tuple[str, ...]]:
    """Return the problem of a config, and what is to be said of its spectrum.

    Raises:
        DataError: an imported spectrum is gone or has another content.
    """
    eigenvalues, notes = eigenvalues_of(config)
    lam = eigenvalues / eigenvalues.sum()
    d, tau2, sigma2 = lam.size, config.r2, config.sigma**2
    ends = _ends(lam)
    edges = ends[ends >= LEAST]
    beside = _beside(edges, d)
    shown = _spread(d, SHOWN, beside)
    every = np.union1d(shown, _spread(d, DRAWN, beside))  # solved together, which costs hardly more than one of them
    parts = expected_parts(lam, every)
    theory, tuned = parts.at(np.searchsorted(every, shown)), expected_bayes_ridge(lam, shown, tau2, sigma2)
    valleys = _valleys(shown, theory.risk(tau2, sigma2), ends)
    n = _spread(d, DRAWN, np.concatenate([beside, valleys[valleys > 0]]))
    expected = parts.at(np.searchsorted(every, n)).risk(tau2, sigma2)  # valleys are among those that are shown
    return Problem(lam, ends, tau2, sigma2, shown, theory, tuned, n, expected, valleys), notes


def eigenvalues_of(config: DoubleDescentConfig) -> tuple[Floats, tuple[str, ...]]:
    """Return the variances of the directions, largest first, at any scale, and what is to be said of imported ones.

    Raises:
        DataError: an imported spectrum is gone or has another content.
    """
    if config.spectrum == "blocks":
        return np.sort(np.repeat(config.lam, config.blocks))[::-1].astype(np.float64), ()
    if config.own_spectrum:
        eigenvalues, said = own_eigenvalues(config, config.directions)
        return eigenvalues, (said,)
    return (isotropic(config.D) if config.spectrum == "isotropic" else power(config.D, config.decay)), ()


def _ends(lam: Floats) -> Whole:
    """Where each run of equal eigenvalues ends, (blocks,); d alone where there are more than a few."""
    ends = np.append(np.flatnonzero(np.diff(lam) < 0) + 1, lam.size)
    return ends if ends.size <= MOST_BLOCKS else ends[-1:]


def _beside(ends: Whole, d: int) -> Whole:
    """The ends of blocks, and numbers of samples about each of them, (k,): on an even grid alone a peak would be a straight line."""
    about = np.round(np.multiply.outer(ends, BESIDE)).astype(np.int64).ravel()
    found = np.concatenate([ends, about, d + np.array(NEAR)])
    return np.unique(found[(found >= LEAST) & (found <= REACH * d)])


def _spread(d: int, count: int, others: Whole) -> Whole:
    """Return numbers of samples from 4 to 3d, evenly in the logarithm, with d and others among them, (k,)."""
    even = np.geomspace(LEAST, max(REACH * d, LEAST + 2), count).round().astype(np.int64)
    return np.unique(np.concatenate([even, others, [max(d, 2)]]))


def _valleys(n: Whole, risk: Floats, ends: Whole) -> Whole:
    """Where a risk over n (g,) is lowest between the end of each block and the one before, (blocks,); 0 where it has no minimum inside."""
    found, before = [], 0
    for end in ends:
        inside = np.flatnonzero((n > before) & (n < end))
        lowest = inside[np.argmin(risk[inside])] if inside.size else 0
        found.append(int(n[lowest]) if inside.size > 2 and inside[0] < lowest < inside[-1] else 0)
        before = int(end)
    return np.array(found, dtype=np.int64)
