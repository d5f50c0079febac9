"""Two perceptrons that differ only in the order of their pixels: one sees the images, the other shuffled pixels through a
first layer whose columns are permuted alike. Every loss must be equal (Zhang et al. 2017, arXiv:1611.03530, Fig. 1).

In double precision: in single precision a rounding error that pushes a unit across the kink of a ReLU grows, in about
one run of ten, to a difference of 1e-4 within 50 steps.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import torch

from engine.phenomena.random_labels.conditions import RandomisedData
from engine.phenomena.random_labels.config import RandomLabelsConfig
from engine.phenomena.random_labels.randomisation import mlp_sizes
from engine.seeds import streams
from engine.state import State
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.mlp import MLP
from engine.training.optimizers import SGD


class PairedRun:
    """The pair of one seed, trained for a number of steps like the network of true labels.

    Attributes:
        steps: how many steps they take.
    """

    def __init__(self, config: RandomLabelsConfig, data: RandomisedData, seed: int, steps: int, device: str) -> None:
        self.steps = steps
        split, sizes = data.split, mlp_sizes(config, data.split)
        network = MLP(sizes, 2, torch.float64, device)
        first, *rest = linear_layers(sizes, streams(seed).init)
        network.load(0, [first, *rest])
        network.load(1, [first[data.pixel_order], *rest])
        inputs = np.stack([data.inputs("true")[0], data.inputs("shuffled")[0]]).astype(np.float64)
        targets = np.broadcast_to(np.eye(split.classes)[split.y], (2, len(split.y), split.classes)).copy()
        x, t = (torch.from_numpy(item).to(device) for item in (inputs, targets))
        optimizer = SGD(network, config.lr, config.wd, config.momentum)
        batches = Batches([streams(seed).order], len(split.y), config.batch)
        self._ensemble = Ensemble(optimizer, TrainingSet(x, t, np.array([0, 1]), np.array([0, 0])), batches)
        self._losses = network.flat.new_zeros(steps, 2)

    @property
    def done(self) -> bool:
        """Whether they have taken all their steps."""
        return self.reached(self.steps)

    def reached(self, target: int) -> bool:
        """Whether they are at step `target`, or at their last."""
        return self._ensemble.taken >= min(target, self.steps)

    def advance(self, target: int, seconds: float) -> None:
        """Train for about this long, not beyond step `target`."""
        deadline = perf_counter() + seconds
        while not self.reached(target) and perf_counter() < deadline:
            self._ensemble.step(self._losses[self._ensemble.taken])

    def gap(self) -> float:
        """Return the largest difference between their losses so far."""
        return float((self._losses[:, 0] - self._losses[:, 1]).abs().max())

    def state(self) -> State:
        """Return the losses and, until they are done, weights, velocity and place."""
        ensemble = {} if self.done else {"ensemble": self._ensemble.state()}
        return State.of({"losses": State({"batch": self._losses.cpu().numpy()}, {}), **ensemble})

    def restore(self, state: State) -> None:
        """Go on from what `state` returned; call on a freshly made object."""
        self._losses.copy_(torch.from_numpy(state.part("losses").arrays["batch"]))
        if "ensemble" in state.scalars:
            self._ensemble.restore(state.part("ensemble"))
        else:
            self._ensemble.taken = self.steps
