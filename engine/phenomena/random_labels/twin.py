"""Two perceptrons that differ only in the order of their pixels: one sees the images, the other shuffled pixels through a
first layer whose columns are permuted alike. Every loss must be equal (Zhang et al. 2017, arXiv:1611.03530, Fig. 1).

In double precision: in single precision a rounding error that pushes a unit across the kink of a ReLU grows, in about
one run of ten, to a difference of 1e-4 within 50 steps.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from engine.phenomena.random_labels.conditions import Conditions
from engine.seeds import streams
from engine.state import State
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers

if TYPE_CHECKING:
    from engine.phenomena.random_labels.randomisation import Recipe


class PixelTwins:
    """The pair of one seed, trained for a number of steps like the arm of true labels.

    Attributes:
        steps: how many steps they take.
    """

    def __init__(self, case: Conditions, seed: int, recipe: Recipe, steps: int, device: str) -> None:
        import torch

        from engine.training.mlp import MLP
        from engine.training.optimizers import SGD

        self.steps = steps
        split = case.split
        network = MLP(recipe.sizes(split), 2, torch.float64, device)
        first, *rest = linear_layers(recipe.sizes(split), streams(seed).init)
        network.load(0, [first, *rest])
        network.load(1, [first[case.pixel_order], *rest])
        inputs = np.stack([case.inputs("true")[0], case.inputs("shuffled")[0]]).astype(np.float64)
        targets = np.broadcast_to(np.eye(split.classes)[split.y], (2, len(split.y), split.classes)).copy()
        tensors = [torch.from_numpy(item).to(device) for item in (inputs, targets)]
        data = TrainingSet(tensors[0], tensors[1], np.array([0, 1]), np.array([0, 0]))
        optimizer = SGD(network, recipe.lr, recipe.decay, recipe.momentum)
        self._ensemble = Ensemble(optimizer, data, Batches([streams(seed).order], len(split.y), recipe.batch))
        self._losses = network.flat.new_zeros(steps, 2)

    @property
    def done(self) -> bool:
        """Whether they have taken all their steps."""
        return self._ensemble.taken >= self.steps

    def reached(self, target: int) -> bool:
        """Whether they are at step `target`, or at their last."""
        return self._ensemble.taken >= min(target, self.steps)

    def advance(self, target: int, seconds: float) -> None:
        """Train for about this long, not beyond step `target`."""
        deadline = perf_counter() + seconds
        while self._ensemble.taken < min(target, self.steps) and perf_counter() < deadline:
            self._ensemble.step(self._losses[self._ensemble.taken])

    def gap(self) -> float:
        """Return the largest difference between their losses so far."""
        return float((self._losses[:, 0] - self._losses[:, 1]).abs().max())

    def state(self) -> State:
        """Return the losses and, until they are done, weights, velocity and place."""
        inner = State({}, {}) if self.done else self._ensemble.state()
        return State({**inner.arrays, "losses": self._losses.cpu().numpy()}, inner.scalars)

    def restore(self, state: State) -> None:
        """Go on from what `state` returned; call on a freshly made object."""
        import torch

        self._losses.copy_(torch.from_numpy(state.arrays["losses"]))
        if state.scalars:
            self._ensemble.restore(state)
        else:
            self._ensemble.taken = self.steps
