"""Which networks are trained: every output scale at the width m, every width at the scale 1, once per seed; and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

WIDTH_SCALE = 1.0  # the widths' output scale: h itself, whose 1/sqrt(m) alone makes wide networks lazy


@dataclass(frozen=True)
class Member:
    """One network: output scale, width, and the place of its seed."""

    alpha: float
    m: int
    place: int

    @property
    def label(self) -> str:
        """`alpha 0.01`."""
        return f"alpha {self.alpha:g}"


def members_of(config: Any, seeds: int) -> tuple[Member, ...]:
    """Return the networks by width, then scale, then seed; the width m first. Without another width there is nothing to compare."""
    scales = sorted(set(config.alpha))
    pairs = [(alpha, config.m) for alpha in scales]
    others = sorted(set(config.widths) - {config.m})
    pairs += [(WIDTH_SCALE, m) for m in (*others, config.m) if others and (WIDTH_SCALE, m) not in pairs]
    ordered = sorted(pairs, key=lambda pair: (pair[1] != config.m, pair[1], pair[0]))
    return tuple(Member(alpha, m, place) for alpha, m in ordered for place in range(seeds))


def rate_of(config: Any, member: Member, largest: float) -> float:
    """Return a member's step size on `|alpha h - y|^2/(2 alpha^2)`; `largest` is the largest eigenvalue of its kernel.

    `published` is the step `min(10, .1/tau^2)` on the mean half-squared loss of weights drawn with deviation tau and no
    1/sqrt(m): there alpha = tau^2 sqrt(m), and its step is s alpha sqrt(m)/n of ours.
    """
    if config.rule == "published":
        root = float(np.sqrt(member.m))
        return float(config.lr * min(10.0, 0.1 * root / member.alpha) * member.alpha * root / config.n)
    return float(config.lr * min(1.0, member.alpha) / largest)


def chosen(members: Sequence[Member], alpha: float, m: int) -> list[int]:
    """The numbers of the networks of one scale and width, in the order of the seeds."""
    return [number for number, member in enumerate(members) if member.m == m and np.isclose(member.alpha, alpha, rtol=1e-9)]
