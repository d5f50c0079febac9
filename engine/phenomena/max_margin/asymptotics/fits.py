"""One draw of noisy linear labels, and the classifier of its first features: the max margin, or the likelihood's where nothing separates.

A draw has nested features: what is fitted at d are its first d columns, so that more features separate whatever fewer did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from engine.interruption import checkpoint
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.margins.hard_margin import NotSeparable, hard_margin_svm
from engine.theory.margins.logistic_likelihood import maximum_likelihood

TOTAL, EXPONENT = 100.0, 2.0  # of the second descent: the logit's variance, and how fast features lose theirs


@dataclass(frozen=True)
class Fit:
    """A classifier. weights: (d,). margin, support: of unit weights and the rows' share on it; nan where nothing separates."""

    separable: bool
    margin: float
    support: float
    weights: Floats

    def cosine(self, truth: Floats) -> float:
        """Its cosine with true weights (d,)."""
        return float(self.weights @ truth / (np.linalg.norm(self.weights) * np.linalg.norm(truth)))


def rows_of(n: int, truth: Floats, hidden: float, streams: Streams) -> Floats:
    """Draw y_i x_i (n, d): standard normal x, y = +1 with probability sigmoid(x.truth + hidden g)."""
    x = streams.data.standard_normal((n, len(truth)))
    logit = x @ truth + hidden * streams.init.standard_normal(n)
    y = np.where(streams.noise.random(n) < expit(logit), 1.0, -1.0)
    return np.asarray(y[:, None] * x)


def fit(rows: Floats) -> Fit:
    """Fit rows y x (n, d). Where d > n the Cholesky factor of their products stands for them: its margins are the same."""
    checkpoint()
    n, d = rows.shape
    try:
        svm = hard_margin_svm(rows if d <= n else np.linalg.cholesky(rows @ rows.T))
    except NotSeparable:
        return Fit(False, np.nan, np.nan, maximum_likelihood(rows))
    return Fit(True, svm.margin, float(svm.support.mean()), np.asarray(rows.T @ svm.alpha))


def separable_from(rows: Floats) -> int:
    """Return the least d of which the first d features of rows (n, D) separate them; at most n, as almost surely they do."""
    low, high = 0, int(min(rows.shape))  # low does not separate, high is taken to
    while high - low > 1:
        middle = (low + high) // 2
        checkpoint()
        try:
            hard_margin_svm(rows[:, :middle])
            high = middle
        except NotSeparable:
            low = middle
    return high


def seen(psi: float) -> float:
    """The logit's variance in the first psi n features of the second descent."""
    return float(TOTAL * (1 - (1 + psi) ** -EXPONENT))


def falling_weights(n: int, d: int) -> Floats:
    """True weights (d,) of the second descent: the first k of them have `seen(k/n)` of the logit's variance."""
    k = np.arange(d + 1)
    return np.asarray(np.sqrt(np.diff(TOTAL * (1 - (1 + k / n) ** -EXPONENT))))
