"""The ensembles of study convolutional: every scale and rate of an architecture and seed, side by side on the same batches.

As in the paper's code (edouardoyallon/lazy-training-CNN): squared error, mean over outputs, of `h` against targets over alpha; SGD with
momentum .9, the rate over `1 + epoch/3`; images cut out with 4 pixels of padding and mirrored; all in double precision, because at
alpha = 1e7 weights move by less than single precision resolves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.data.registry import load
from engine.data.split import Split
from engine.networks.augmentation import CropAndFlip
from engine.networks.network import images
from engine.networks.training import Prepare, Recipe, RecipeEnsemble
from engine.phenomena.lazy_training.config import LazyTrainingConfig
from engine.phenomena.lazy_training.convolutional.networks import CentredMembers, glorot_normal, make_module
from engine.phenomena.lazy_training.convolutional.settings import Trained
from engine.phenomena.lazy_training.convolutional.size import COLOURED, network_size, scored_at_once, test_images
from engine.seeds import streams
from engine.state import State
from engine.training.batches import Batches
from engine.training.ensemble import TrainingSet
from engine.training.optimizers import SGD, Optimizer

MOMENTUM = 0.9
SLOWING = 3.0  # epochs after which the rate is half the first
MEANS, DEVIATIONS = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)  # of CIFAR-10's colours, as in the code


@dataclass(frozen=True)
class Slowing:
    """The rate over 1 + epoch/3."""

    per_epoch: int

    def __call__(self, step: int) -> float:
        """Return the factor at a step."""
        return 1.0 / (1.0 + (step // self.per_epoch) / SLOWING)


@dataclass(frozen=True)
class Shared:
    """One augmentation for all members, who see the same batch."""

    batch: int
    prepare: Prepare

    def __call__(self, rows: Tensor, step: int) -> Tensor:
        """Return rows (members*batch, d) of which the first batch was prepared, and stands for each."""
        return self.prepare(rows[: self.batch], step).repeat(len(rows) // self.batch, 1)


class LayerwiseSGD(SGD):
    """`SGD` without decay that holds a rate a member: a rate a parameter would take as much memory as the weights."""

    def step(self) -> None:
        """Update every member once, layer by layer."""
        for w, v in zip(self.network.blocks, self.network.gradient_blocks, strict=True):
            w.addcmul_(v, self._each.view(-1, *[1] * (w.ndim - 1)), value=-1.0)

    def _bind(self) -> None:
        self._each = torch.as_tensor(self.rates * self._scale).to(self.network.flat)


class CentredEnsemble(RecipeEnsemble):
    """Ensemble that sums its batch losses as it goes: total (active,), since `count_anew`."""

    network: CentredMembers

    def __init__(self, optimizer: Optimizer, data: TrainingSet, batches: Batches, recipe: Recipe) -> None:
        super().__init__(optimizer, data, batches, recipe, "squared")
        self.total = self.network.flat.new_zeros(len(self.active))

    def step(self, loss: Tensor) -> None:
        """Take one step with every active member."""
        super().step(loss)
        self.total += loss

    def differentiate(self, x: Tensor, targets: Tensor, loss: Tensor) -> None:
        """As `Ensemble` does, network after network."""

        def delta(member: int, outputs: Tensor) -> Tensor:
            here = slice(member, member + 1)
            self.loss(outputs[None], targets[here], self._delta[here], loss[here])
            return self._delta[member]

        self.answered(self.network.differentiate(x, delta, self.optimizer.momentum), targets)

    def count_anew(self) -> None:
        """Begin new sums."""
        super().count_anew()
        self.total = self.network.flat.new_zeros(len(self.active))

    def retire(self, members: Sequence[int]) -> None:
        """Put members aside for good."""
        gone = set(members)
        self.total = self.total[[place for place, member in enumerate(self.active) if member not in gone]]
        super().retire(members)

    def state(self) -> State:
        """Return what `RecipeEnsemble` does, and the sums."""
        inner = super().state()
        return State({**inner.arrays, "total": self.total.cpu().numpy().copy()}, inner.scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made ensemble."""
        super().restore(state)
        self.total.copy_(torch.from_numpy(state.arrays["total"]))


@dataclass(frozen=True)
class ImageTask:
    """A seed's images on the device, scaled unless batches are: x (n, d), y (n,), x_test, y_test; split: as they were drawn."""

    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor
    split: Split

    @property
    def colours(self) -> int:
        """Numbers of a pixel."""
        return self.split.shape[2] if len(self.split.shape) == COLOURED else 1


def draw_task(config: LazyTrainingConfig, seed: int, device: str) -> ImageTask:
    """Draw a seed's images, with its test images. Padding is black, so scaling comes after augmentation."""
    split = load(config.images, config.examples, test_images(config), streams(seed))
    colours = split.shape[2] if len(split.shape) == COLOURED else 1
    scaling = scaling_of(config, split, colours)
    x, x_test = (torch.from_numpy(part).to(device) for part in (split.x, split.x_test))
    y, y_test = (torch.from_numpy(part).to(device) for part in (split.y, split.y_test))
    return ImageTask(x if config.crops else scaling(x, 0), y, scaling(x_test, 0), y_test, split)


@dataclass(frozen=True)
class Scaling:
    """Pixels less a mean, over a deviation, one of each a colour."""

    means: tuple[float, ...]
    deviations: tuple[float, ...]

    def __call__(self, rows: Tensor, step: int) -> Tensor:
        """Return rows (batch, d) scaled."""
        means, deviations = (torch.tensor(values, dtype=rows.dtype, device=rows.device) for values in (self.means, self.deviations))
        return ((rows.view(len(rows), -1, len(self.means)) - means) / deviations).flatten(1)


def scaling_of(config: LazyTrainingConfig, split: Split, colours: int) -> Scaling:
    """Return the paper's scaling of CIFAR-10; other images are scaled by the training images, colour by colour."""
    if config.images == "cifar10":
        return Scaling(MEANS, DEVIATIONS)
    pixels = split.x.reshape(-1, colours)
    means, deviations = pixels.mean(axis=0, dtype=np.float64), pixels.std(axis=0, dtype=np.float64)
    return Scaling(tuple(means.tolist()), tuple(np.where(deviations > 0, deviations, 1.0).tolist()))


def make_ensemble(config: LazyTrainingConfig, settings: Sequence[Trained], seed: int, task: ImageTask, device: str) -> CentredEnsemble:
    """Return the networks of an architecture and seed before training."""
    drawn, split, members = streams(seed), task.split, len(settings)
    view = images(split.shape)
    module = make_module(settings[0].architecture, split.classes, task.colours, config.channels)
    chunk = scored_at_once(network_size(config, settings[0].architecture))
    linear = [one.linearised for one in settings]
    network = CentredMembers(module, linear, lambda rows: view(rows.double()), torch.float64, device, chunk)
    network.begin(glorot_normal(module, config.gain, drawn.init))
    # the loss is a mean over outputs, ours their sum
    optimizer = LayerwiseSGD(network, [one.rate / split.classes for one in settings], momentum=MOMENTUM)
    hot = torch.nn.functional.one_hot(task.y, split.classes).to(torch.float64)
    targets = torch.stack([hot / one.scale for one in settings])
    same = np.zeros(members, dtype=np.int64)
    data = TrainingSet(task.x[None], targets, same, same)
    per_epoch = config.examples // config.batch
    return CentredEnsemble(optimizer, data, Batches([drawn.order], config.examples, config.batch), Recipe(Slowing(per_epoch), prepares(
        config, split, task.colours, seed)))  # fmt: skip


def prepares(config: LazyTrainingConfig, split: Split, colours: int, seed: int) -> tuple[Prepare, ...]:
    """Return what is done to batches: nothing, or cuts and mirrors, and the scaling after them."""
    if not config.crops:
        return ()
    shape = (split.shape[0], split.shape[1], colours)
    return (Shared(config.batch, CropAndFlip(shape, seed)), scaling_of(config, split, colours))
