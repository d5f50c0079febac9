"""What the sweep through d computes: factorisations of every draw at every d, and the two maps, whose sizes no knob changes."""

from __future__ import annotations

from engine.contract.work import Work
from engine.data.regression import tests_of
from engine.phenomena.interpolation_threshold.config import InterpolationThresholdConfig

SIZES = 40  # numbers of features at which a draw is fitted
MAPS = Work(solves=2e10, calls=1e6)  # least squares and linear programmes over n and d


def work(config: InterpolationThresholdConfig, seeds: int) -> Work:
    """Singular values at every d of every draw, pooled over the seeds; own rows also test, and have no maps."""
    widest = min(config.d_max * config.n, config.most)
    tested = 2.0 * config.draws * SIZES * tests_of(config.dataset, config.n) * widest / 2
    factorised = 20.0 * config.draws * SIZES * config.n**2 * widest / 2
    swept = Work(solves=factorised * (2 if config.digits else 1) + tested, elements=4 * config.draws * config.n * widest)
    return swept if config.own_rows else swept + MAPS
