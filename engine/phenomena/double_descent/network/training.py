"""Trains the networks of one width, all seeds side by side, and scores them.

Belkin et al. 2019, arXiv:1812.11118: SGD with momentum on the squared loss. Below the threshold the learning rate falls by 10 % twelve
times, every 500 of 6,000 epochs, and a network is done once an epoch misread no image; beyond it the rate is constant.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import Diverged
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.network.problem import SCORED
from engine.state import State
from engine.theory.inputs import Floats
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import Draw
from engine.training.mlp import MLP
from engine.training.optimizers import SGD

KEPT, DROPS = 0.9, 12  # what is left of the learning rate at each of its drops below the threshold
SCORES = ("train_loss", "train_error", "test_loss", "test_error", "norm", "epochs")


@dataclass(frozen=True)
class Images:
    """Of every seed, on the device: x (seeds, n, d) with one-hot targets (seeds, n, K), noisy or not; x_test (seeds, t, d), y_test."""

    x: Tensor
    targets: Tensor
    x_test: Tensor
    targets_test: Tensor

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Seeds, pixels and classes."""
        return self.x.shape[0], self.x.shape[2], self.targets.shape[2]


class CountingEnsemble(Ensemble):
    """Attributes: misread: (active,) images of the present epoch that were read wrongly just before the step that they took part in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count_anew()

    def count_anew(self) -> None:
        """Begin to count."""
        self.misread = torch.zeros(len(self.active), dtype=torch.int64, device=self._x.device)

    def answered(self, outputs: Tensor, targets: Tensor) -> None:
        """Count those of a batch."""
        self.misread += (outputs.argmax(1) != targets.argmax(1)).sum(1)


class Fit:
    """The networks of one width from their first weights on; a seed's network equals the same one alone.

    Attributes:
        sizes: d, hidden units, K. below: whether they have fewer parameters than targets. epochs: (seeds,) trained so far.
    """

    def __init__(
        self, config: DoubleDescentConfig, images: Images, first: Sequence[Draw], orders: Sequence[np.random.Generator], below: bool
    ) -> None:
        seeds, d, K = images.sizes
        self.config, self.below, self._images = config, below, images
        self.sizes = (d, first[0][0].shape[1], K)
        network = MLP(self.sizes, seeds, torch.float32, images.x.device.type)
        for place, drawn in enumerate(first):
            network.load(place, drawn)
        self._sgd = SGD(network, config.lr, momentum=config.momentum)
        own = np.arange(seeds)
        data = TrainingSet(images.x, images.targets, own, own)
        self.trainer = CountingEnsemble(self._sgd, data, Batches(orders, config.examples, config.batch), "squared")
        self._losses = images.x.new_zeros(seeds)
        self.epochs = np.zeros(seeds, dtype=np.int64)

    @property
    def epoch(self) -> int:
        """Epochs that are complete."""
        return self.trainer.taken // self.trainer.batches.per_epoch

    @property
    def done(self) -> bool:
        """Whether every network is trained."""
        return not self.trainer.active or self.epoch == self.config.epochs

    def steps(self) -> Iterator[None]:
        """Train to the end, pausing after every step."""
        self._set_rate()
        while not self.done:
            self.trainer.step(self._losses)
            if self.trainer.taken % self.trainer.batches.per_epoch == 0:
                self._end_epoch()
            yield

    def _set_rate(self) -> None:
        """The rate depends on the epoch alone."""
        drops = self.epoch * DROPS // self.config.epochs if self.below else 0
        self._sgd.scale_rates(KEPT**drops)

    def _end_epoch(self) -> None:
        """Retire networks that misread no image, with the one look of the host in an epoch.

        Raises:
            Diverged: a loss is no longer finite.
        """
        misread, losses = torch.stack([self.trainer.misread.to(self._losses.dtype), self._losses]).cpu().numpy()
        if not np.isfinite(losses).all():
            where = f"with {self.sizes[1]:,} hidden units is no longer a finite number at its epoch {self.epoch}"
            raise Diverged(f"the loss {where}", "lower lr")
        active = np.array(self.trainer.active)
        self.epochs[active] = self.epoch
        fitted = active[misread == 0].tolist() if self.below else []
        if fitted:
            self.trainer.retire(fitted)
            self._losses = self._losses.new_zeros(len(self.trainer.active))
        if self.trainer.active:
            self.trainer.count_anew()
            self._set_rate()

    # ------------------------------------------------------------ what was trained

    def weights(self) -> list[Draw]:
        """Return every seed's weights, layer by layer, on the host."""
        rows, shapes = self.trainer.weights().cpu().numpy().astype(np.float64), self.trainer.network.layout.shapes
        ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
        return [[part.reshape(shape) for part, shape in zip(np.split(row, ends), shapes, strict=True)] for row in rows]

    def score(self) -> Generator[None, None, dict[str, Floats]]:
        """Return `SCORES`, (seeds,) each: squared losses are summed over the classes, the norm is that of weights and biases."""
        network, seeds = MLP(self.sizes, self.epochs.size, torch.float32, self._images.x.device.type), self.epochs.size
        rows = self.trainer.weights()
        network.layout.fill(network.flat, rows)
        found = torch.zeros(4, seeds, dtype=torch.float64, device=rows.device)
        for seed in range(seeds):
            for part, (x, targets) in enumerate(
                ((self._images.x, self._images.targets), (self._images.x_test, self._images.targets_test))
            ):  # fmt: skip
                for start in range(0, x.shape[1], SCORED):
                    wanted = targets[seed, start : start + SCORED]
                    outputs = network.predict(seed, x[seed, start : start + SCORED]).T
                    found[2 * part, seed] += ((outputs - wanted) ** 2).sum(dtype=torch.float64) / x.shape[1]
                    found[2 * part + 1, seed] += (outputs.argmax(1) != wanted.argmax(1)).sum().double() / x.shape[1]
                    yield
        values = [*found.cpu().numpy(), rows.double().norm(dim=1).cpu().numpy(), self.epochs.astype(np.float64)]
        return dict(zip(SCORES, values, strict=True))

    def state(self) -> State:
        """Return the networks, what was counted of the present epoch, and the epochs of those that are done."""
        inner = self.trainer.state()
        beside: dict[str, NDArray[Any]] = {"epochs": self.epochs.copy(), "misread": self.trainer.misread.cpu().numpy()}
        return State({**inner.arrays, **beside}, inner.scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit; call on a freshly made fit."""
        self.trainer.restore(state)
        self.epochs = np.array(state.arrays["epochs"], dtype=np.int64)
        self.trainer.misread = torch.from_numpy(state.arrays["misread"]).to(self._losses.device)
        self._losses = self._losses.new_zeros(len(self.trainer.active))
