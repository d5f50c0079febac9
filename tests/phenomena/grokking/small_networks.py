"""An ensemble of Gromov's networks and its examples, small enough to be compared with plain formulas."""

import numpy as np
import torch

from engine.phenomena.grokking.gromov_network import GromovNetwork

P, N, B, MEMBERS = 7, 5, 20, 3


def gromov(one_hot=None, activation="square", device="cpu"):
    """Every member with first weights of its own."""
    made = GromovNetwork(P, N, MEMBERS, torch.float64, device, activation, one_hot)
    for member in range(MEMBERS):
        made.load(member, made.draw(np.random.default_rng(member)))
    return made


def examples():
    """Pairs (members, b, 2) and one-hot targets of addition (members, p, b)."""
    rng = np.random.default_rng(9)
    pairs = torch.from_numpy(rng.integers(0, P, (MEMBERS, B, 2)))
    targets = torch.nn.functional.one_hot(pairs.sum(2) % P, P).transpose(1, 2).double()
    return pairs, targets
