"""What optimisers, diagonal networks, noisy ones, products and mirror descent compute step for step, and the draws behind the mean norm."""

from __future__ import annotations

from engine.contract.work import Work
from engine.phenomena.min_norm.config import NOISE, MinNormConfig

OPTIMISERS, DIAGONAL, FACTORS, SIZES = 6, 5, (2, 3, 4), 15
NETWORKS, EXPONENTS = 3, 4  # of label noise and of mirror descent
SHORT = 4000  # steps of the parameterisations that are not followed


def work(config: MinNormConfig, seeds: int) -> Work:
    """Steps of everything, of which only the chosen parameterisation makes as many as the knob says; of a study its own alone.

    Own rows have no mean norm.
    """
    if config.alone:
        return _of_study(config).times(seeds)
    steps = {name: float(config.steps if config.param == name else SHORT) for name in ("linear", "diagonal", "deep-matrix")}
    gradients = 4.0 * config.n * config.d * OPTIMISERS * steps["linear"]
    products = sum(6.0 * factors * config.side**3 for factors in FACTORS) * steps["deep-matrix"]
    calls = 12 * OPTIMISERS * steps["linear"] + 12 * DIAGONAL * steps["diagonal"] + 15 * len(FACTORS) * steps["deep-matrix"]
    drawn = 0 if config.own_rows else config.draws
    draws = 20.0 * drawn * SIZES * config.n**2 * config.d
    return Work(solves=gradients + products, calls=calls).times(seeds) + Work(solves=draws, calls=40 * drawn * SIZES)


def _of_study(config: MinNormConfig) -> Work:
    """Of one seed of label noise or mirror descent."""
    if config.param == NOISE:
        return Work(solves=4.0 * config.n * config.d * NETWORKS * config.steps, calls=20 * NETWORKS * config.steps)
    return Work(solves=12.0 * config.n * config.d * EXPONENTS * config.steps, calls=12 * EXPONENTS * config.steps)
