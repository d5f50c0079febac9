"""What the sweep through d computes: factorisations of every draw at every d, and the two maps, whose sizes no knob changes."""

from __future__ import annotations

from engine.contract.work import Work
from engine.phenomena.interpolation_threshold.config import InterpolationThresholdConfig

SIZES = 40  # numbers of features at which a draw is fitted
MAPS = Work(solves=2e10, calls=1e6)  # least squares and linear programmes over n and d


def work(config: InterpolationThresholdConfig, seeds: int) -> Work:
    """Singular values at every d of every draw; draws are pooled over the seeds."""
    widest = config.d_max * config.n
    factorised = 20.0 * config.draws * SIZES * config.n**2 * widest / 2
    return Work(solves=factorised * (2 if config.digits else 1), elements=4 * config.draws * config.n * widest) + MAPS
