"""Which networks are trained, how many parameters they have, and which of them share one zero-masked ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

NOISY, CLEAN = "noisy", "clean"
SMALLEST_CLASS = 16  # widths up to it share one ensemble; from there on a class ends at every power of two


@dataclass(frozen=True)
class Member:
    """One network: its labels, its seed's place, its width and its number of examples."""

    arm: str
    place: int
    h: int
    n: int


def members_of(config: Any, seeds: int) -> tuple[Member, ...]:
    """Return the members: both arms at n, and the noisy arm at the other sample sizes."""
    arms = (NOISY, CLEAN) if config.clean else (NOISY,)
    widths = sorted(set(config.h))
    main = [Member(arm, place, h, config.n) for arm in arms for place in range(seeds) for h in widths]
    others = sorted(set(config.samples) - {config.n, 0})
    swept = [Member(NOISY, place, h, n) for n in others for place in range(seeds) for h in sorted(set(config.sample_h))]
    return (*main, *swept)


def sizes_of(d: int, h: int, depth: int, K: int) -> tuple[int, ...]:
    """Return the layers' sizes d, h, ..., h, K."""
    return (d, *[h] * depth, K)


def parameters(d: int, h: int, depth: int, K: int) -> int:
    """Return the number of weights and biases, (d+1)h + (h+1)K with one hidden layer."""
    return sum((a + 1) * b for a, b in pairwise(sizes_of(d, h, depth, K)))


def threshold_width(n: int, d: int, depth: int, K: int) -> float:
    """Return the width at which there are nK parameters, interpolated between whole widths; at least 1."""
    h = 1
    while parameters(d, h + 1, depth, K) < n * K:
        h += 1
    low, high = parameters(d, h, depth, K), parameters(d, h + 1, depth, K)
    return max(1.0, h + (n * K - low) / (high - low))


def size_class(h: int) -> int:
    """Return the class of a width: masks waste less than half of a product, or little of a small one."""
    return SMALLEST_CLASS if h <= SMALLEST_CLASS else int(2 ** (h - 1).bit_length())


def dealt(members: Sequence[Member], seeds: int) -> list[tuple[int, ...]]:
    """Return the members' numbers by sample size and size class, so that each group trains as one ensemble."""
    found: dict[tuple[int, int], list[int]] = {}
    for number, member in enumerate(members):
        found.setdefault((member.n, size_class(member.h)), []).append(number)
    return [tuple(numbers) for _, numbers in sorted(found.items())]
