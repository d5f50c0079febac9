"""What the flows and the true steps compute."""

from __future__ import annotations

from engine.contract.work import Work
from engine.phenomena.max_margin.config import MaxMarginConfig

SIZES = {"four-point": (4, 2), "soudry": (16, 2)}
OTHERS, SHARE = 5, 0.1  # optimisers beside gradient descent, and their share of its steps
FLOWS = Work(calls=1e5)  # a flow over all decades, and its solution by another way


def work(config: MaxMarginConfig, seeds: int) -> Work:
    """A flow a problem and two for reference; steps of every optimiser, each about one operation on a small array."""
    points = config.own
    n, d = SIZES.get(config.data, (config.n, config.d)) if points is None else (points.rows, points.features)
    steps = config.gd_steps * (1 + OTHERS * SHARE)
    return FLOWS.times(seeds + 2) + Work(solves=6.0 * n * d, calls=1).times(seeds * steps)
