"""Four named random streams from one integer, so that sources of variance can be told apart.

`data` draws the problem, `noise` its labels and corruptions, `init` the first weights, `order` the batches.
All are NumPy generators on the CPU: the same seed gives the same draws whatever device trains.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

LAST_SEED = 2**31 - 1
MOST_SEEDS = 20  # of one run


@dataclass(frozen=True)
class Streams:
    """The random streams of one seed; independent of each other by construction (`SeedSequence.spawn`)."""

    data: np.random.Generator
    noise: np.random.Generator
    init: np.random.Generator
    order: np.random.Generator

    def state(self) -> dict[str, Any]:
        """Return the position of every stream as plain JSON values."""
        return {field.name: getattr(self, field.name).bit_generator.state for field in fields(self)}

    def restore(self, state: dict[str, Any]) -> None:
        """Put every stream back to a position that `state` returned."""
        for field in fields(self):
            getattr(self, field.name).bit_generator.state = state[field.name]


def streams(seed: int, draw: int = 0) -> Streams:
    """Return the four streams of a seed in 0..2^31-1, or those of one of its many draws: independent, in whatever order they are made."""
    data, noise, init, order = (np.random.default_rng(child) for child in np.random.SeedSequence((seed, draw)).spawn(4))
    return Streams(data, noise, init, order)


def seed_range(seed: int, count: int) -> tuple[int, ...]:
    """Return the seeds of an ensemble: `seed, seed+1, ...`; member i equals a solo run with `seed+i`."""
    return tuple(range(seed, seed + count))
