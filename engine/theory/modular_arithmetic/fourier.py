"""Waves over Z_p: the basis in which modular addition is simple, and how far an embedding consists of single waves.

Nanda, Chan, Lieberum, Smith, Steinhardt 2023, arXiv:2301.05217; Gromov 2023,
arXiv:2301.02679. Letters: p the modulus, M = (p-1)/2 frequencies, N neurons.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.conditions import Floats, number, require
from engine.theory.quantities import finite


def power_spectrum(embedding: ArrayLike) -> Floats:
    """Return the power per frequency of each neuron, constant removed.

    Args:
        embedding: (..., p, N), column k the weights of neuron k for the p tokens.

    Returns:
        (..., p // 2, N): row f-1 holds frequency f; rows sum to `sum_a (E[a] - mean)^2`.

    Raises:
        ProblemError: fewer than two tokens, weights that are not finite.
    """
    weights = finite("the embedding", embedding)
    require(weights.ndim >= 2, f"the embedding must have axes (tokens, neurons), got shape {weights.shape}")
    p = weights.shape[-2]
    number("tokens", p, least=2)
    power = np.abs(np.fft.rfft(weights, axis=-2)[..., 1:, :]) ** 2 * 2 / p
    if p % 2 == 0:
        power[..., -1, :] /= 2  # the frequency p/2 is its own mirror image
    return np.asarray(power)


def single_frequency_share(spectrum: ArrayLike) -> Floats:
    """Return the share of each neuron's power in its largest frequency, (..., N); 0 for a neuron without power.

    Args:
        spectrum: (..., frequencies, N) from `power_spectrum`.
    """
    power = finite("the spectrum", spectrum)
    total = power.sum(axis=-2)
    return np.asarray(np.divide(power.max(axis=-2), total, out=np.zeros_like(total), where=total > 0))


def random_share(p: int) -> float:
    """Return the expected share for Gaussian weights and odd p, `(1/M) sum_{k<=M} 1/k`: the largest of M broken-stick pieces.

    Raises:
        ProblemError: p even or below 3.
    """
    frequencies = (odd_modulus(p) - 1) // 2
    return float(np.sum(1 / np.arange(1, frequencies + 1)) / frequencies)


def key_frequencies(spectrum: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return the `count` frequencies with most power over all neurons, strongest first; ties go to the lower frequency.

    Of a network in training these are the current top ones; progress measures as published take the final model's.

    Args:
        spectrum: (frequencies, N) from `power_spectrum`.
        count: how many.

    Raises:
        ProblemError: count outside 1..frequencies.
    """
    total = finite("the spectrum", spectrum).sum(axis=-1)
    require(1 <= count <= total.size, f"count must lie between 1 and {total.size} frequencies, got {count}")
    return np.asarray(np.argsort(-total, kind="stable")[:count] + 1)


def frequencies_for(spectrum: ArrayLike, share: float) -> int:
    """Return how many frequencies, strongest first, hold this share of all power; 0 where there is none.

    Raises:
        ProblemError: share outside (0, 1].
    """
    require(0 < share <= 1, f"share must lie above 0 and at most 1, got {share:g}")
    power = np.sort(finite("the spectrum", spectrum).sum(axis=-1))[::-1]
    if power[0] <= 0:
        return 0
    return min(int(np.searchsorted(np.cumsum(power), share * power.sum() * (1 - 1e-12))) + 1, power.size)


def gini(values: ArrayLike, axis: int = -1) -> Floats:
    """Return the Gini coefficient of non-negative values: 0 when all are equal (or all 0), `1 - 1/k` when one of k holds everything.

    `sum_i (2i - k - 1) x_(i) / (k sum_i x_i)` with x sorted ascending.

    Raises:
        ProblemError: negative values, nothing given.
    """
    ascending = np.sort(np.moveaxis(finite("values", values), axis, -1), axis=-1)
    number("the smallest value", float(ascending.min()), least=0)
    k = ascending.shape[-1]
    total = ascending.sum(axis=-1)
    weighted = ascending @ (2.0 * np.arange(1, k + 1) - k - 1)
    return np.asarray(np.divide(weighted, k * total, out=np.zeros_like(total), where=total > 0))


def odd_modulus(p: int) -> int:
    """Return p, refused unless odd and at least 3: then every frequency but 0 has a cosine and a sine."""
    require(p >= 3 and p % 2 == 1, f"p must be odd and at least 3, got {p}")
    return p
