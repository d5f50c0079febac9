"""Separable data sets for the max-margin experiments, and held-out points scattered about theirs.

Every set is deterministic in its generator. Labels y are -1 or +1; the rows of the theory are z_i = y_i x_i.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.theory.inputs import Floats, require

FOUR_POINTS = np.array([(0.5, 1.5), (1.2, 0.1), (2.0, 1.0), (1.0, 2.5)])
"""Unequal duals (8/35, 4/7): w_hat = (.8, .4), both limit constants are positive."""


@dataclass(frozen=True)
class Labelled:
    """Points X (n, d) with labels y (n,) of -1 and +1."""

    X: Floats
    y: Floats

    @property
    def rows(self) -> Floats:
        """z_i = y_i x_i (n, d)."""
        rows: Floats = self.X * self.y[:, None]
        return rows


def four_point(rng: np.random.Generator | None = None) -> Labelled:
    """The four points; labels all +1 (folded in), or signs drawn from rng, which leaves every z_i as it is."""
    return _with_signs(FOUR_POINTS, np.ones(4) if rng is None else rng.choice((-1.0, 1.0), 4))


def soudry_set(rng: np.random.Generator, others: int = 12) -> Labelled:
    """Figure 1 of Soudry et al. 2018, arXiv:1710.10345: support vectors (.5, 1.5), (1.5, .5) and their negatives, `others` further out.

    All duals equal 1/8, so w_tilde is parallel to w_hat = (.5, .5) and the 1/log t terms vanish: direction ~ t^-1/4. The
    others have z.w_hat >= 1.5, far enough not to slow that rate.
    """
    support = np.array([(0.5, 1.5), (1.5, 0.5), (0.5, 1.5), (1.5, 0.5)])
    ahead = 1.5 + rng.exponential(0.5, others)  # z.w_hat
    sideways = rng.normal(0.0, 0.7, others)
    rows = np.vstack([support, np.column_stack([ahead + sideways, ahead - sideways])])
    return _with_signs(rows, np.concatenate([(1.0, 1.0, -1.0, -1.0), rng.choice((-1.0, 1.0), others)]))


def gauss_set(n: int, d: int, rng: np.random.Generator) -> tuple[Labelled, Floats]:
    """Standard Gaussian points labelled by a random direction w_star (d,), which is not the max-margin one; returned with it.

    Raises:
        ProblemError: n or d below 1.
    """
    require(n >= 1 and d >= 1, f"n and d must be at least 1, got n={n}, d={d}")
    X = rng.standard_normal((n, d))
    w_star = rng.standard_normal(d)
    return Labelled(X, np.where(X @ w_star < 0, -1.0, 1.0)), w_star


def scattered(data: Labelled, spread: float, count: int, rng: np.random.Generator, constant: bool = False) -> Labelled:
    """Held-out points: copies of the training points with Gaussian noise of standard deviation `spread`, labels kept.

    Nobody turns a label round: what a separator gets wrong, the noise has carried across it. A row on the margin is carried
    across w_hat with probability Phi(-margin/spread). constant: the last column is a constant and stays.

    Raises:
        ProblemError: count below 1, spread negative.
    """
    require(count >= 1 and spread >= 0, f"count must be at least 1 and spread at least 0, got {count} and {spread:g}")
    chosen = rng.integers(len(data.y), size=count)
    free = data.X.shape[1] - constant
    X = data.X[chosen].copy()
    X[:, :free] += spread * rng.standard_normal((count, free))
    return Labelled(X, data.y[chosen].copy())


def _with_signs(rows: Floats, y: Floats) -> Labelled:
    return Labelled(rows * y[:, None], np.asarray(y, dtype=np.float64))
