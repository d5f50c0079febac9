"""The grid of problems: which covariance spectrum at which n, and how often it is drawn.

Sizes follow Bartlett et al. 2020 (arXiv:1906.11300), Theorem 6 (p = n^1.5 for `exp-eps`), and the limits of double precision
(n/tau < 30 for `exponential`). Power laws are cut at p >= 20 n, where the missing tail changes E0 by under 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.theory.inputs import Floats

if TYPE_CHECKING:
    from engine.theory.spectra.spectra import Family

COLUMNS = ("noise", "signal", "residual", "tuned")  # of a draw: noise term per unit variance, signal term, residual, tuned risk
TAIL = 20  # features per sample of a spectrum without an end
LEAST = 3000  # features of such a spectrum at least
ANCHOR = 80  # n at which the power laws' claims are decided
HEAVY = 15  # draws of `exponential` for each of the others: its noise risk has a heavy tail
DECADES = 30  # largest n/tau of `exponential`: beyond it the smallest eigenvalues are lost to rounding
GAMMA = 2  # p/n of isotropic features
LARGE, FEWER = 1000, 5  # n from which a cell is drawn so many times less often


@dataclass(frozen=True)
class Cell:
    """One family at one n. `parameter` is a of a power law or tau of an exponential; signal is tr(Sigma b b^T)."""

    family: Family
    n: int
    p: int
    parameter: float
    signal: float
    repeats: int = 1  # problems averaged within a draw
    every: int = 1  # drawn in each so-many-th draw

    @property
    def group(self) -> str:
        """The curve it belongs to."""
        return f"{self.family}-{self.parameter:g}" if self.family == "power" else self.family

    @cached_property
    def eigenvalues(self) -> Floats:
        """Covariance eigenvalues (p,), largest first."""
        from engine.theory.spectra.spectra import spectrum

        return spectrum(self.family, self.n, self.p, tau=self.parameter, a=self.parameter)

    @cached_property
    def target(self) -> Floats:
        """True coefficients b (p,), equal in all directions, with b^T Sigma b = signal."""
        return np.full(self.p, np.sqrt(self.signal / self.eigenvalues.sum()))


LABELS = {"exp-eps": "exp+eps", "log": "log", "exponential": "exp", "isotropic": "isotropic"}


def label_of(group: str) -> str:
    """What the curve of a group is called."""
    return LABELS.get(group) or f"k^-{group.removeprefix('power-')}"


def features(family: Family, n: int, tau: float) -> int:
    """Return p, the number of features of a family at n."""
    if family == "exp-eps":
        return round(n * math.sqrt(n))
    if family == "exponential":
        return round(n + 40 * tau)  # what is cut off is e^-40 of what is left
    return GAMMA * n if family == "isotropic" else max(LEAST, TAIL * n)


def exponential_sizes(sizes: Sequence[int], tau: float) -> list[int]:
    """Return 4, 8 and 16 tau (20, 40 and 80 by default) and those of `sizes` that double precision allows."""
    fixed = {max(2, round(times * tau)) for times in (4, 8, 16)}
    return sorted(fixed | {n for n in sizes if n < DECADES * tau})


def grid_of(config: Any) -> tuple[Cell, ...]:
    """Return every cell of a config, smallest problems first so that curves appear early."""
    wanted: list[tuple[Family, float, int, float]] = []
    for n in config.n:
        wanted += [("exp-eps", config.tau, n, config.signal), ("power", config.a, n, config.signal)]
        if config.family in ("log", "isotropic"):
            wanted.append((config.family, 2.0, n, config.signal))
    wanted += [("power", a, ANCHOR, max(config.signal, 1.0) if a == 3.0 else config.signal) for a in {2.0, 3.0, config.a}]
    wanted += [("exponential", config.tau, n, config.signal) for n in exponential_sizes(config.n, config.tau)]
    cells = {
        (family, parameter, n): Cell(
            family, n, features(family, n, config.tau), parameter, signal,
            HEAVY if family == "exponential" else 1, FEWER if n > LARGE else 1,
        )
        for family, parameter, n, signal in wanted
    }  # fmt: skip
    return tuple(sorted(cells.values(), key=lambda cell: (cell.n * cell.n * cell.p, cell.group)))
