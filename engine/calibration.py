"""How fast this machine is, measured within a second: seconds a unit of each kind of `Work`."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

from engine.contract.work import Work

ROUNDS = 3
LEAST = 0.03  # seconds of one round


def calibrated() -> Work:
    """Return the seconds that one unit of each kind takes; imports torch."""
    import torch

    first, second = torch.rand(8, 100, 256), torch.rand(8, 256, 256)
    square = np.random.default_rng(0).standard_normal((150, 150))
    large, small = torch.rand(1 << 20), torch.rand(32)
    return Work(
        products=_seconds(lambda: torch.bmm(first, second)) / (2 * 8 * 100 * 256 * 256),
        solves=_seconds(lambda: np.linalg.svd(square)) / (20 * 150**3),
        elements=_seconds(lambda: large.mul(0.5)) / large.numel(),
        calls=_seconds(lambda: small.mul(0.5).add(1.0)) / 2,
    )


def _seconds(work: Callable[[], object]) -> float:
    """The seconds of one call: the least of some rounds, since others may be at work beside."""
    work()
    times: list[float] = []
    for _ in range(ROUNDS):
        count, begun = 0, perf_counter()
        while perf_counter() - begun < LEAST:
            work()
            count += 1
        times.append((perf_counter() - begun) / count)
    return min(times)
