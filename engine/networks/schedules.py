"""Schedules of the learning rate, as factors of the first rate by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

Schedule = Callable[[int], float]


def constant(step: int) -> float:
    """One rate throughout."""
    return 1.0


@dataclass(frozen=True)
class ByEpoch:
    """A factor after every epoch of so many steps: .95 in Zhang et al. 2017, arXiv:1611.03530."""

    per_epoch: int
    factor: float

    def __call__(self, step: int) -> float:
        """Return the factor at a step."""
        return float(self.factor ** (step // self.per_epoch))


@dataclass(frozen=True)
class Drops:
    """A tenth after each of these steps: epochs 150 and 225 in pluskid/fitting-random-labels."""

    steps: tuple[int, ...]
    factor: float = 0.1

    def __call__(self, step: int) -> float:
        """Return the factor at a step."""
        return float(self.factor ** sum(step >= at for at in self.steps))


@dataclass(frozen=True)
class InverseRoot:
    """1/sqrt(1 + floor(t/512)): the five-layer CNN of Nakkiran et al. 2020, arXiv:1912.02292."""

    steps: int = 512

    def __call__(self, step: int) -> float:
        """Return the factor at a step."""
        return 1.0 / sqrt(1 + step // self.steps)


@dataclass(frozen=True)
class LinearDecay:
    """From 1 at the first step in a line to 0 after the last of so many."""

    steps: int

    def __call__(self, step: int) -> float:
        """Return the factor at a step."""
        return max(0.0, 1 - step / self.steps)
