"""The arms of a randomisation test: which labels and inputs each sees, and one network per arm and seed that learns them.

Zhang et al. 2017, arXiv:1611.03530. Arms of one seed begin with the same weights and see their examples in the same
order, so they differ in nothing but the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.data.corruption import InputKind
from engine.data.split import Split
from engine.phenomena.random_labels.arms import Arms, Examples, build_groups
from engine.phenomena.random_labels.conditions import Conditions
from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import Draw, linear_layers

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.network import Network

CHANNELS = 25  # of the convolutional network, as published with MNIST-1D


@dataclass(frozen=True)
class Arm:
    """One condition; corruption: probability that a label is replaced."""

    name: str
    label: str
    corruption: float = 0.0
    inputs: InputKind = "true"
    model: Literal["mlp", "cnn"] = "mlp"


@dataclass(frozen=True)
class Recipe:
    """How every arm is trained: SGD with momentum on the mean cross-entropy."""

    width: int
    depth: int
    lr: float
    momentum: float
    decay: float
    batch: int

    def sizes(self, split: Split) -> tuple[int, ...]:
        """Return the layer sizes of the MLP: pixels, hidden layers, classes."""
        return (int(split.x.shape[1]), *[self.width] * self.depth, split.classes)


@dataclass(frozen=True)
class _Member:
    arm: Arm
    seed: int  # its place among the seeds
    source: int


def build_arms(
    arms: Sequence[Arm], conditions: Sequence[Conditions], seeds: Sequence[int], recipe: Recipe, device: str, longest: int
) -> Arms:
    """Return all arms for all seeds, ready to train; member `arm * seeds + seed` (places, not values).

    conditions: one per seed; longest: the most steps between two measurements.
    """
    kinds = list(dict.fromkeys(arm.inputs for arm in arms))
    inputs = [case.inputs(kind) for case in conditions for kind in kinds]
    members = [_Member(arm, seed, seed * len(kinds) + kinds.index(arm.inputs)) for arm in arms for seed in range(len(seeds))]
    examples = Examples(
        _stack([x for x, _ in inputs], device),
        _stack([x_test for _, x_test in inputs], device),
        _stack([conditions[item.seed].labels.at(item.arm.corruption) for item in members], device),
        _stack([conditions[item.seed].split.y_test for item in members], device),
        _stack([conditions[item.seed].fresh_labels for item in members], device),
        np.array([item.source for item in members]),
    )
    builder = _Builder(members, examples, conditions, seeds, recipe, device)
    groups = []
    for model in dict.fromkeys(arm.model for arm in arms):
        chosen = [number for number, item in enumerate(members) if item.arm.model == model]
        parameters = builder.network(chosen[:1]).layout.parameters
        groups += build_groups(chosen, parameters, device, builder)
    return Arms(examples, groups, longest)


@dataclass(frozen=True)
class _Builder:
    """Makes the ensemble of some of the members, all of one model."""

    members: Sequence[_Member]
    examples: Examples
    conditions: Sequence[Conditions]
    seeds: Sequence[int]
    recipe: Recipe
    device: str

    def __call__(self, numbers: Sequence[int]) -> Ensemble:
        import torch

        from engine.training.optimizers import SGD

        network = self.network(numbers)
        for place, number in enumerate(numbers):
            network.load(place, self.draw(self.members[number]))
        optimizer = SGD(network, self.recipe.lr, self.recipe.decay, self.recipe.momentum)
        present = sorted({self.members[number].seed for number in numbers})
        targets = torch.nn.functional.one_hot(self.examples.labels[list(numbers)], self.conditions[0].split.classes)
        data = TrainingSet(
            self.examples.x,
            targets.to(self.examples.x.dtype),
            self.examples.source[list(numbers)],
            np.array([present.index(self.members[number].seed) for number in numbers]),
        )
        orders = [streams(self.seeds[seed]).order for seed in present]
        return Ensemble(optimizer, data, Batches(orders, self.examples.x.shape[1], self.recipe.batch))

    def network(self, numbers: Sequence[int]) -> Network:
        """Return a network for these members, its weights still zero."""
        import torch

        from engine.phenomena.random_labels.cnn import CNN
        from engine.training.mlp import MLP

        if self.members[numbers[0]].arm.model == "cnn":
            return CNN(self._inputs, CHANNELS, self.conditions[0].split.classes, len(numbers), torch.float32, self.device)
        return MLP(self.recipe.sizes(self.conditions[0].split), len(numbers), torch.float32, self.device)

    def draw(self, member: _Member) -> Draw:
        """Draw a member's first weights; all arms of a seed get the same."""
        from engine.phenomena.random_labels.cnn import draw_cnn

        rng = streams(self.seeds[member.seed]).init
        if member.arm.model == "cnn":
            return draw_cnn(self._inputs, CHANNELS, self.conditions[0].split.classes, rng)
        return linear_layers(self.recipe.sizes(self.conditions[0].split), rng)

    @property
    def _inputs(self) -> int:
        return int(self.conditions[0].split.x.shape[1])


def _stack(arrays: Sequence[np.ndarray], device: str) -> Tensor:
    import torch

    return torch.from_numpy(np.stack(arrays)).to(device)
