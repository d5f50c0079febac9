"""What the networks on the table compute: full batches of pairs, whose inputs are rows of embeddings, and scores of all pairs."""

from __future__ import annotations

from engine.contract.work import Work, training
from engine.phenomena.grokking.config import GrokkingConfig

SWEPT = 18  # further settings of the sweep, which rest once they have grokked
REST = 0.6  # of the steps that those make
TRANSFORMER = 12  # times what a network on pairs computes
SCORES = 6  # passes over all pairs that a measurement is worth, with its Fourier transforms
ON = 1.5  # times the steps, since waves are read later than grokking


def work(config: GrokkingConfig, seeds: int) -> Work:
    """The main setting, one without decay or a control, those of the sweep, and a short one mod 53."""
    pairs = 120**2 if config.op == "s5" else config.p**2
    classes = 120 if config.op == "s5" else config.p
    networks = 1 + (config.speedup != "none") + (config.model == "gromov" and config.wd > 0) + config.sweep * SWEPT * REST
    examples = config.fraction * pairs + SCORES * pairs / max(1, config.every)
    main = training(networks, ON * config.steps, classes * config.width, 2 * config.width + 2 * classes, examples, calls=120)
    short = training(3, 100, 53 * 200, 2 * 200 + 106, 53**2 / 2) if config.model == "gromov" else Work()
    return main.times(seeds * (TRANSFORMER if config.model == "transformer" else 1)) + short
