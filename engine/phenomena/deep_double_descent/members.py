"""Which networks are trained, how many parameters they have, and which of them share one zero-masked ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

NOISY, CLEAN = "noisy", "clean"
SMALLEST_SAMPLE = 64  # sample sizes up to it share one ensemble, their absent examples masked
SMALL_LAYER = 8192  # activations of a layer below which a network costs no more than being called: narrow widths share a class up to it


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
    swept = [Member(NOISY, place, h, n) for n in others for place in range(seeds) for h in widths if h <= config.sample_h]
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


def width_class(h: int, examples: int) -> int:
    """Return the class of a width at this many examples a step: masks waste less than half of a product, or little of a small one."""
    narrowest = int(2 ** int(SMALL_LAYER / examples).bit_length()) // 2
    return max(16, narrowest, int(2 ** (h - 1).bit_length()))


def dealt(members: Sequence[Member], batch: int = 0) -> list[tuple[int, ...]]:
    """Return the members' numbers by sample size and class of width, so that each group trains as one ensemble.

    batch: examples of a step, 0 for all; only whole sets of different sizes share a group.
    """
    found: dict[tuple[int, int, bool], list[int]] = {}
    for number, member in enumerate(members):
        whole = not 0 < batch < member.n
        size = max(SMALLEST_SAMPLE, member.n) if whole else member.n
        found.setdefault((size, width_class(member.h, size if whole else batch), whole), []).append(number)
    return [tuple(numbers) for _, numbers in sorted(found.items())]
