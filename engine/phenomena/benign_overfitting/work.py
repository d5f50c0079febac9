"""What the draws compute: a factorisation of as many features as a family's tail is long, for every family and n."""

from __future__ import annotations

from engine.contract.work import Work
from engine.phenomena.benign_overfitting.config import BenignOverfittingConfig

LARGE, FEWER = 200, 4  # task classification: n above which a problem is drawn so many times less often
FAMILIES, TAIL, LEAST = 3, 20, 3000  # features of a draw: a multiple of n, at least so many
DIGITS = Work(solves=2e11)


def drawn(n: int, features: float) -> Work:
    """One draw of n samples."""
    return Work(solves=3.0 * n * n * features + 20.0 * n**3, elements=20.0 * n * features, calls=100)


def classified(config: BenignOverfittingConfig) -> Work:
    """Draws of task classification: a kernel matrix is drawn, multiplied out and factorised; support vectors are counted at the least n."""
    total, times, ensembles = Work(), len(set(config.c)), len(set(config.q))
    for n in set(config.n):
        cube, numbers = 2.5 * n**3, 3.0 * n * n
        isotropic = Work(solves=times * cube, elements=times * numbers, calls=60.0 * times).times(1 if n <= LARGE else 1 / FEWER)
        bi_level = Work(solves=(2 + ensembles) * cube, elements=(1 + ensembles) * numbers, calls=60.0 * (1 + ensembles)).times(1 / FEWER)
        total += (isotropic + bi_level).times(config.draws)
    return total + Work(solves=2.0 * min(config.n) ** 3 * times, calls=200.0 * times).times(config.draws)


def work(config: BenignOverfittingConfig, seeds: int) -> Work:
    """Draws are pooled over the seeds; each is made and factorised by its samples. An own spectrum is one family more."""
    if config.task == "classification":
        return classified(config)
    total = Work()
    for n in config.n:
        total += drawn(n, float(max(LEAST, TAIL * n))).times(FAMILIES * config.draws)
    if config.own is not None:
        for n in (n for n in config.n if n < config.own.rows):
            total += drawn(n, float(config.own.rows)).times(config.draws)
    return total + (DIGITS if config.digits else Work())
