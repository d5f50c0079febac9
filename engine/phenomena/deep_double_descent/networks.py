"""Which networks are trained, how many parameters they have, and which of them share one zero-masked ensemble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig
from engine.readings import Network

LabelKind = Literal["noisy", "clean"]
SMALLEST_SAMPLE = 64  # sample sizes up to it share one ensemble, their absent examples masked
SMALL_LAYER = 8192  # activations of a layer below which a network costs no more than being called: narrow widths share a class up to it


@dataclass(frozen=True)
class Setting:
    """What differs between networks of one seed: their labels, hidden neurons a layer and training examples."""

    labels: LabelKind
    h: int
    n: int

    @property
    def name(self) -> str:
        """Its key."""
        return f"{self.labels}/h={self.h}/n={self.n}"

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        return f"h={self.h} ({self.labels})"


def label_kinds(config: DeepDoubleDescentConfig) -> tuple[LabelKind, ...]:
    """Return which labels are trained on."""
    return ("noisy", "clean") if config.clean else ("noisy",)


def networks_of(config: DeepDoubleDescentConfig, seeds: Sequence[int]) -> list[Network[Setting]]:
    """Return the networks: all labels and widths at n, and noisy labels at the other sample sizes."""
    main = [Network(Setting(labels, h, config.n), seed) for labels in label_kinds(config) for seed in seeds for h in config.widths]
    others = [n for n in config.sizes if n != config.n]
    return [*main, *(Network(Setting("noisy", h, n), seed) for n in others for seed in seeds for h in config.swept)]


def layer_sizes(d: int, h: int, depth: int, K: int) -> tuple[int, ...]:
    """Return the layers' sizes d, h, ..., h, K."""
    return (d, *[h] * depth, K)


def parameters(d: int, h: int, depth: int, K: int) -> int:
    """Return the number of weights and biases, (d+1)h + (h+1)K with one hidden layer."""
    return sum((a + 1) * b for a, b in pairwise(layer_sizes(d, h, depth, K)))


def threshold_width(n: int, d: int, depth: int, K: int) -> float:
    """Return the width at which there are nK parameters, interpolated between whole widths; at least 1.

    d: the inputs that vary: the weights of a constant one do nothing that a bias does not do.
    """
    return width_of(n * K, lambda h: parameters(d, h, depth, K))


def width_of(count: int, parameters_of: Callable[[int], int]) -> float:
    """Return the width at which networks have so many parameters, interpolated between whole widths; at least 1."""
    h = 1
    while parameters_of(h + 1) < count:
        h += 1
    low, high = parameters_of(h), parameters_of(h + 1)
    return max(1.0, h + (count - low) / (high - low))


def grouped(settings: Sequence[Setting], batch: int = 0) -> list[tuple[int, ...]]:
    """Return the numbers of networks with these settings by sample size and class of width: each group trains as one ensemble.

    Masks waste less than half of a product, or little of a small one. batch: examples of a step, 0 for all; only whole sets of
    different sizes share a group.
    """
    found: dict[tuple[int, int, bool], list[int]] = {}
    for number, setting in enumerate(settings):
        whole = not 0 < batch < setting.n
        size = max(SMALLEST_SAMPLE, setting.n) if whole else setting.n
        narrowest = 2 ** int(SMALL_LAYER / (size if whole else batch)).bit_length() // 2
        width = max(16, narrowest, 2 ** (setting.h - 1).bit_length())
        found.setdefault((size, width, whole), []).append(number)
    return [tuple(numbers) for _, numbers in sorted(found.items())]
