"""An Occam bound: the trained weights written down in as few bits as possible, by a code fixed before the data.

`R + sqrt((bits ln 2 + 2 ln(bits) + ln(1/delta))/(2n))` as in Lotfi et al. 2022, arXiv:2211.13609. The code: a header
(levels and sizes), a float32 step a tensor, then the levels of all tensors by enumeration (Cover 1973): first which
counts the levels have, then which arrangement. It is prefix-free, so the counts are paid for, not only the entropy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from engine.theory.bounds.risk_bounds import Bound
from engine.theory.conditions import Floats, number, require
from engine.theory.quantities import confidence, error_rate, finite

STEP_BITS = 32


@dataclass(frozen=True)
class Quantised:
    """Weights on a uniform grid: tensor i is `steps[i] * levels[i]`.

    levels: whole numbers in -top..top with `top = 2^(b-1) - 1`, so zero is exact; steps: float32 values.
    """

    levels: tuple[NDArray[np.int64], ...]
    steps: tuple[float, ...]
    bits: int

    @property
    def weights(self) -> list[Floats]:
        """The tensors as the receiver of the message rebuilds them."""
        return [step * level.astype(np.float64) for step, level in zip(self.steps, self.levels, strict=True)]


def quantise(weights: Sequence[ArrayLike], bits: int) -> Quantised:
    """Return weights rounded to `2^b - 1` equal levels a tensor; of the trained weights, or of their distance from a known start.

    Args:
        weights: tensors of any shapes.
        bits: b, 2 to 16.

    Raises:
        ProblemError: b out of range, no tensor, values that are not finite.
    """
    require(2 <= bits <= 16, f"bits must lie between 2 and 16, got {bits}")
    require(len(weights) > 0, "there must be at least one tensor, got 0")
    tensors = [finite(f"tensor {i}", tensor) for i, tensor in enumerate(weights)]
    largest = max(float(np.abs(tensor).max()) for tensor in tensors)
    require(largest < float(np.finfo(np.float32).max), f"weights must fit a float32 to be written down, got {largest:g}")
    top = 2 ** (bits - 1) - 1
    steps = [float(np.float32(float(np.abs(tensor).max()) / top)) for tensor in tensors]
    levels = [np.clip(np.rint(tensor / (step or 1.0)), -top, top).astype(np.int64) for tensor, step in zip(tensors, steps, strict=True)]
    return Quantised(tuple(levels), tuple(steps), bits)


def elias_delta(value: int) -> int:
    """Return the length in bits of a whole number >= 1 in Elias's delta code.

    Raises:
        ProblemError: a number below 1.
    """
    digits = int(number("the number to code", value, least=1)).bit_length()
    return digits - 1 + 2 * digits.bit_length() - 1


def enumeration_bits(counts: ArrayLike) -> tuple[int, int]:
    """Return the bits for the counts of K symbols in N places, and for the arrangement, given N and K.

    `ceil(log2 C(N+K-1, K-1))` for the counts and `ceil(log2 (N!/prod_k N_k!))` for the arrangement.

    Raises:
        ProblemError: negative counts, nothing counted.
    """
    each = finite("counts", counts)
    number("the smallest count", float(each.min()), least=0)
    total = number("the number of symbols", float(each.sum()), least=1)
    which = gammaln(total + each.size) - gammaln(each.size) - gammaln(total + 1)
    arrangement = gammaln(total + 1) - gammaln(each + 1).sum()
    return _whole_bits(float(which)), _whole_bits(float(arrangement))


@dataclass(frozen=True)
class Message:
    """Length in bits of quantised weights, part by part; `total` is what the bound pays."""

    header: int
    steps: int
    counts: int
    arrangement: int

    @property
    def total(self) -> int:
        """All parts together."""
        return self.header + self.steps + self.counts + self.arrangement


def message(quantised: Quantised) -> Message:
    """Return the length of the message from which the receiver, who knows the architecture, rebuilds the weights."""
    symbols = np.concatenate([level.ravel() for level in quantised.levels])
    top = 2 ** (quantised.bits - 1) - 1
    counts, arrangement = enumeration_bits(np.bincount(symbols + top, minlength=2 * top + 1))
    return Message(elias_delta(quantised.bits), STEP_BITS * len(quantised.steps), counts, arrangement)


def occam_bound(bits: int, n: int, risk: float, delta: float) -> Bound:
    """Return `R + sqrt((bits ln 2 + 2 ln(bits) + ln(1/delta))/(2n))`; R is the error of the quantised network.

    Raises:
        ProblemError: bits or n below 1, a risk outside [0, 1], delta outside (0, 1).
    """
    number("bits", bits, least=1)
    number("n", n, least=1)
    gap = math.sqrt((bits * math.log(2) + 2 * math.log(bits) + math.log(1 / confidence("delta", delta))) / (2 * n))
    constants = {"R": error_rate("the training error", risk), "bits": bits, "n": n, "delta": delta}
    return Bound("Occam", risk + gap, gap, "R + sqrt((bits ln 2 + 2 ln(bits) + ln(1/delta))/(2n))", constants)


def _whole_bits(nats: float) -> int:
    # gammaln is good to 1e-15 relative: the margin keeps rounding from shortening a code, at most one bit too many
    return math.ceil(nats / math.log(2) * (1 + 1e-12) + 1e-9) if nats > 0 else 0
