"""Gromov's two-layer network with quadratic activation and its analytic solution of modular addition.

Gromov 2023, arXiv:2301.02679: `f(n, m)_q = sum_k V_qk (U_k[n] + W_k[m])^2`. Letters: p the modulus, N neurons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.theory.conditions import Floats, number
from engine.theory.modular_arithmetic.fourier import odd_modulus


@dataclass(frozen=True)
class QuadraticNetwork:
    """Weights U, W of the two inputs, (N, p) each, and of the output V, (p, N)."""

    U: Floats
    W: Floats
    V: Floats

    def logits(self) -> Floats:
        """Return the outputs on all pairs, (p^2, p), pairs in row order (n major, m minor); p matrix products."""
        rows = [((self.U[:, n, None] + self.W) ** 2).T @ self.V.T for n in range(self.U.shape[1])]  # (p, p) each
        return np.concatenate(rows)


def analytic_network(p: int, neurons: int, rng: np.random.Generator) -> QuadraticNetwork:
    """Return Gromov's solution of addition mod p: neuron k is a wave of random frequency f_k with random phases a_k, b_k.

    `U_k[n] = cos(2 pi f_k n/p + a_k)`, `W_k[m] = cos(2 pi f_k m/p + b_k)`, `V_qk = cos(2 pi f_k q/p + a_k + b_k)`: the useful
    terms `cos(2 pi f_k (n+m-q)/p)/2` add up, all others carry random phases and average out as N grows.

    Raises:
        ProblemError: p even or below 3, no neuron.
    """
    number("neurons", neurons, least=1)
    frequencies = rng.integers(1, (odd_modulus(p) - 1) // 2 + 1, neurons)
    a, b = rng.uniform(0, 2 * np.pi, (2, neurons))
    angles = 2 * np.pi * (np.outer(frequencies, np.arange(p)) % p) / p  # (N, p)
    return QuadraticNetwork(np.cos(angles + a[:, None]), np.cos(angles + b[:, None]), np.cos(angles + (a + b)[:, None]).T)
