"""What is learnt at the edge of stability, and the first weights of the networks that learn it.

Cohen et al. 2021, arXiv:2103.00065: there a subset of CIFAR-10, every pixel centred and of deviation 1, with one-hot targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.data import mnist1d, registry
from engine.data.split import column_moments
from engine.phenomena.edge_of_stability.config import SIGNALS, EdgeOfStabilityConfig
from engine.seeds import Streams
from engine.training.initialise import Draw

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """x (n, d); targets (n, k): +1 or -1 of one output, or one-hot; notes: sentences that a person should read."""

    x: Floats
    targets: Floats
    notes: tuple[str, ...] = ()


def problem(config: EdgeOfStabilityConfig, drawn: Streams) -> Problem:
    """Draw and scale the examples: columns centred, and all entries together, or every column, of root mean square 1."""
    notes: tuple[str, ...] = ()
    if config.dataset == SIGNALS:
        signals, labels = mnist1d.signals(config.n, drawn.data)
    else:
        split = registry.load(config.dataset, config.n, 1, drawn, config.dataset_sha256)
        signals, labels, notes = split.x, split.y, split.notes
    x = signals.astype(np.float64) - signals.mean(axis=0, dtype=np.float64)
    x /= column_moments(signals)[1] if config.scaling == "columns" else np.sqrt((x**2).mean()) or 1.0
    return Problem(x, _targets(labels, config), notes)


def _targets(labels: NDArray[np.int64], config: EdgeOfStabilityConfig) -> Floats:
    if config.targets == "parity":
        return np.where(labels % 2 == 0, 1.0, -1.0)[:, None]
    return np.eye(registry.source(config.dataset).classes)[labels]


def first_weights(sizes: Sequence[int], rng: np.random.Generator, init: str = "normal") -> Draw:
    """Return weights (fan_in, fan_out) and biases (1, fan_out), alternating.

    normal: N(0, 1/fan_in), biases zero; uniform: both between -1/sqrt(fan_in) and 1/sqrt(fan_in), as torch draws linear layers.
    """
    drawn: Draw = []
    for fan_in, fan_out in pairwise(sizes):
        scale = 1 / np.sqrt(fan_in)
        if init == "uniform":
            drawn += [rng.uniform(-scale, scale, (fan_out, fan_in)).T, rng.uniform(-scale, scale, (1, fan_out))]
        else:
            drawn += [rng.standard_normal((fan_out, fan_in)).T / np.sqrt(fan_in), np.zeros((1, fan_out))]
    return drawn
