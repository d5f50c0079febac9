"""What is checked once, before training: the analytic network's accuracy, and the transformer's look-ups against its plain form.

Gromov 2023, arXiv:2301.02679; Nanda et al. 2023, arXiv:2301.05217.
"""

from __future__ import annotations

import numpy as np
import torch

from engine.phenomena.grokking.claims import ANALYTIC_MODULI, ANALYTIC_WIDTH
from engine.phenomena.grokking.nanda_transformer import NandaTransformer, plain_logits
from engine.phenomena.grokking.progress_measures import accuracy
from engine.seeds import streams
from engine.state import State
from engine.theory.modular_arithmetic.operations import operation
from engine.theory.modular_arithmetic.quadratic_network import analytic_network


class Checks:
    """The accuracy of the analytic network and the exactness of the look-ups.

    Attributes:
        analytic: accuracies on all pairs, one per modulus of the claim; own: that with the run's modulus and width.
        look_up: the largest difference between the transformer's logits by look-up and in the plain form.
        done: whether these are there.
    """

    def __init__(self) -> None:
        self.analytic: list[float] = []
        self.own = self.look_up = float("nan")
        self.done = False

    def work(self, p: int, width: int, seed: int, device: str) -> None:
        """Check everything; p, width: the run's."""
        self.analytic = [analytic_accuracy(modulus, ANALYTIC_WIDTH, seed) for modulus in ANALYTIC_MODULI]
        self.own, self.look_up = analytic_accuracy(p, width, seed), look_up_difference(seed, device)
        self.done = True

    def state(self) -> State:
        """Return what has been found."""
        return State({"found": np.array([*self.analytic, self.own, self.look_up])}, {"done": self.done})

    def restore(self, state: State) -> None:
        """Take up what `state` returned."""
        *self.analytic, self.own, self.look_up = state.arrays["found"].tolist()
        self.done = state.scalars["done"]


def analytic_accuracy(p: int, neurons: int, seed: int) -> float:
    """Return the accuracy of Gromov's analytic network on all pairs."""
    network = analytic_network(p, neurons, np.random.default_rng(seed))
    return float(accuracy(network.logits(), operation("add", p).labels))


def look_up_difference(seed: int, device: str, p: int = 113, pairs: int = 500) -> float:
    """Return the largest difference between the transformer's logits by table look-up and in the plain form, first weights."""
    rng = streams(seed)
    network = NandaTransformer(p, 512, 1, torch.float32, device)
    network.load(0, network.draw(rng.init))
    cells = torch.from_numpy(rng.data.permutation(p * p)[:pairs]).to(device)
    asked = torch.stack([cells // p, cells % p], dim=1)
    plain = plain_logits([block[0] for block in network.blocks], asked)
    return float((network.predict(0, asked).T - plain).abs().max())
