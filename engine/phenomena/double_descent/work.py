"""What the nested fits of every draw compute, and the two companions: random ReLU features and digits."""

from __future__ import annotations

from engine.contract.work import Work
from engine.data.regression import tests_of
from engine.phenomena.double_descent.config import DoubleDescentConfig

RELU = 180  # samples of the random-feature companion
TEST = 1000  # digits that its fits are tried on
PENALTIES = 20  # ridges between which the tuned one is searched


def work(config: DoubleDescentConfig, seeds: int) -> Work:
    """Every draw is fitted at every p at once: about eight products of its features with its samples."""
    samples, features, tests = float(config.n), float(config.most), float(tests_of(config.dataset, config.n))
    fit = (
        24.0 * samples**2 * features
        + 4.0 * tests * samples * features
        + (10.0 * samples**3 * PENALTIES if config.tuned or config.ridge else 0.0)
    )
    relu = config.relu_draws * 12.0 * RELU**2 * 8 * RELU
    digits = 28.0 * config.digits * (config.digits + TEST) * config.digit_features
    drawn = Work(solves=config.draws * fit, elements=20.0 * config.draws * samples * features, calls=200.0 * config.draws * 60)
    return (drawn + Work(solves=relu + digits)).times(seeds)
