"""What is checked once, before training: the analytic network's accuracy, and the transformer's look-ups against its plain form.

Gromov 2023, arXiv:2301.02679; Nanda et al. 2023, arXiv:2301.05217.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np
import torch

from engine.phenomena.grokking.claims import ANALYTIC_MODULI, ANALYTIC_WIDTH, NEURONS
from engine.phenomena.grokking.config import GrokkingConfig
from engine.phenomena.grokking.ensembles import Ensembles
from engine.phenomena.grokking.nanda_transformer import NandaTransformer, plain_logits
from engine.phenomena.grokking.progress_measures import accuracy
from engine.phenomena.grokking.settings import networks_of, settings_of
from engine.state import State
from engine.theory.modular_arithmetic.operations import operation
from engine.theory.modular_arithmetic.quadratic_network import analytic_network

TRAINED = GrokkingConfig(model="transformer", p=11, width=NEURONS, fraction=0.5, lr=0.001)
TRAINED_STEPS = 60  # in which so small a table is memorised


class Checks:
    """The accuracy of the analytic network and the exactness of the look-ups.

    Attributes:
        analytic: accuracies on all pairs, one per modulus of the claim; own: that with the run's modulus and width.
        look_up: the largest difference between a trained transformer's logits by look-up and in the plain form, over the largest logit.
        done: whether these are there.
    """

    def __init__(self, p: int, width: int, seed: int, device: str) -> None:
        self._run = p, width, seed, device
        self.analytic: list[float] = []
        self.own = self.look_up = float("nan")
        self.done = False
        self._work = self._pieces()

    def work(self, seconds: float) -> None:
        """Check for about so long, one piece at least; what is saved amid it begins anew."""
        deadline = perf_counter() + seconds
        for _ in self._work:
            if perf_counter() >= deadline:
                return

    def _pieces(self) -> Iterator[None]:
        p, width, seed, device = self._run
        for modulus in ANALYTIC_MODULI:
            self.analytic.append(analytic_accuracy(modulus, ANALYTIC_WIDTH, seed))
            yield
        self.own = analytic_accuracy(p, width, seed)
        ensembles = Ensembles(networks_of(settings_of(TRAINED), (seed,)), TRAINED, 1, device)
        while ensembles.train(TRAINED_STEPS, 0.0) < TRAINED_STEPS:
            yield
        network = ensembles.groups[0].network
        assert isinstance(network, NandaTransformer)
        self.look_up = look_up_difference(network, p=TRAINED.p)
        self.done = True

    def state(self) -> State:
        """Return what has been found."""
        found = [*self.analytic, self.own, self.look_up] if self.done else []
        return State({"found": np.array(found)}, {"done": self.done})

    def restore(self, state: State) -> None:
        """Take up what `state` returned."""
        self.done = state.scalars["done"]
        if self.done:
            *self.analytic, self.own, self.look_up = state.arrays["found"].tolist()


def analytic_accuracy(p: int, neurons: int, seed: int) -> float:
    """Return the accuracy of Gromov's analytic network on all pairs."""
    network = analytic_network(p, neurons, np.random.default_rng(seed))
    return float(accuracy(network.logits(), operation("add", p).labels))


def look_up_difference(network: NandaTransformer, p: int) -> float:
    """Return the largest difference, over the largest logit, of a network's logits by look-up in float32 from the plain form in float64."""
    pairs = torch.from_numpy(operation("add", p).pairs).to(network.flat.device)
    plain = plain_logits([block[0].double() for block in network.blocks], pairs)
    return float((network.predict(0, pairs).T - plain).abs().max() / plain.abs().max())
