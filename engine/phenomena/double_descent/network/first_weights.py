"""First weights of the networks: uniform, normal, or a fitted smaller network with new units beside its own.

Belkin et al. 2019, arXiv:1812.11118, re-use weights below the threshold; uniform ones are those of Glorot, Bengio 2010, AISTATS.
"""

from __future__ import annotations

import numpy as np

from engine.training.initialise import Draw

DEVIATION = 0.1  # of new units' weights: variance .01


def glorot(rng: np.random.Generator, d: int, H: int, K: int) -> Draw:
    """Draw weights uniform within sqrt(6/(fan_in + fan_out)); biases are 0."""
    first, last = np.sqrt(6 / (d + H)), np.sqrt(6 / (H + K))
    return [rng.uniform(-first, first, (d, H)), np.zeros((1, H)), rng.uniform(-last, last, (H, K)), np.zeros((1, K))]


def normal(rng: np.random.Generator, d: int, H: int, K: int) -> Draw:
    """Draw normal weights of variance .01; biases are 0."""
    return [DEVIATION * rng.standard_normal((d, H)), np.zeros((1, H)), DEVIATION * rng.standard_normal((H, K)), np.zeros((1, K))]


def widened(fitted: Draw, drawn: Draw) -> Draw:
    """Return a fitted network with the further units of a wider one that was drawn; the bias of the outputs is the fitted one."""
    H = fitted[0].shape[1]
    into, bias, out, _ = (values.copy() for values in drawn)
    into[:, :H], bias[:, :H], out[:H] = fitted[0], fitted[1], fitted[2]
    return [into, bias, out, fitted[3].copy()]
