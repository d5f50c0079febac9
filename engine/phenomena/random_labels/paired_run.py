"""Two perceptrons that differ only in the order of their pixels: one sees the images, the other shuffled pixels through a
first layer whose columns are permuted alike. Every loss must be equal (Zhang et al. 2017, arXiv:1611.03530, Fig. 1).

In double precision: in single precision a rounding error that pushes a unit across the kink of a ReLU grows, in about
one run of ten, to a difference of 1e-4 within 50 steps.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from engine.phenomena.random_labels.architectures import mlp_sizes
from engine.phenomena.random_labels.conditions import RandomisedData
from engine.phenomena.random_labels.config import RandomLabelsConfig
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
        batches = Batches([streams(seed).order], len(split.y), config.batch)
        rows = np.arange(len(split.y))
        if steps <= batches.per_epoch:  # nothing but the first batches is ever seen
            rows = batches.next_epoch()[0, : steps * config.batch]
            batches = _AsTheyLie([streams(seed).order], len(rows), config.batch)
        true = split.x[rows].astype(np.float64)
        inputs = np.stack([true, true[:, data.pixel_order]])
        targets = np.broadcast_to(np.eye(split.classes)[split.y[rows]], (2, len(rows), split.classes)).copy()
        x, t = (torch.from_numpy(item).to(device) for item in (inputs, targets))
        optimizer = SGD(network, config.lr, config.wd, config.momentum)
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


class _AsTheyLie(Batches):
    """Batches of examples that lie in the order in which they are to be seen."""

    def next_epoch(self) -> NDArray[np.int64]:
        """Return the examples of an epoch: (streams, per_epoch * batch)."""
        self.orders = np.arange(self.n, dtype=np.int64)[None]
        return self.orders
