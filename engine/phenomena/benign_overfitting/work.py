"""What the draws compute: a factorisation of as many features as a family's tail is long, for every family and n."""

from __future__ import annotations

from engine.contract.work import Work
from engine.phenomena.benign_overfitting.config import BenignOverfittingConfig

FAMILIES, TAIL, LEAST = 3, 20, 3000  # features of a draw: a multiple of n, at least so many
DIGITS = Work(solves=2e11)


def drawn(n: int, features: float) -> Work:
    """One draw of n samples."""
    return Work(solves=3.0 * n * n * features + 20.0 * n**3, elements=20.0 * n * features, calls=100)


def work(config: BenignOverfittingConfig, seeds: int) -> Work:
    """Draws are pooled over the seeds; each is made and factorised by its samples. An own spectrum is one family more."""
    total = Work()
    for n in config.n:
        total += drawn(n, float(max(LEAST, TAIL * n))).times(FAMILIES * config.draws)
    if config.own is not None:
        for n in (n for n in config.n if n < config.own.rows):
            total += drawn(n, float(config.own.rows)).times(config.draws)
    return total + (DIGITS if config.digits else Work())
