"""One network on its way, epoch by epoch: plain SGD at a constant learning rate, or at one over the loss.

Loss-based (Lyu, Li 2020, arXiv:1906.05890, Section L.1 and code): the rate is alpha over the mean training loss at the end of the last
epoch, at first log(classes), or what the first weights have where that is more (theirs takes log(classes) then too, and stands still
where an epoch does not get below it). After an epoch in which that loss has not risen alpha grows by 2^(1/5); otherwise the epoch is
taken back, and made once more, in another order, with alpha smaller by 2^(1/10). alpha begins with .1.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.networks.network import ModuleMembers
from engine.phenomena.max_margin.convolutional.margins import gaps, log_losses, relative_derivative
from engine.state import State

ALPHA, RISE, FALL = 0.1, 2 ** (1 / 5), 2 ** (1 / 10)
LEAST_ALPHA = 1e-8  # below which no step changes a weight in single precision any more
PIECE = 1000  # images that are scored at once


@dataclass(frozen=True)
class Images:
    """x (n, d), y (n,), x_test, y_test: on the device, pixels in [0, 1]; classes; shape: of one image."""

    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor
    classes: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """What the training images say: log of the mean loss, of the summed one, least q, share that is right."""

    log_loss: float
    log_sum: float
    least: float
    accuracy: float


class Trainer:
    """One network.

    Attributes:
        network: an ensemble of one; step: epochs that are made and kept; alpha: of the loss-based rate; log_frame: log of the loss that
            its rate is over; repeated: epochs that were taken back; reading: of the end of the last epoch, where it was asked for.
    """

    def __init__(self, network: ModuleMembers, images: Images, rng: np.random.Generator, batch: int, constant: float | None) -> None:
        self.network, self.images, self.rng, self.batch, self.constant = network, images, rng, batch, constant
        self.per_epoch = len(images.y) // batch
        self.step, self.alpha, self.log_frame, self.repeated = 0, ALPHA, math.nan, 0
        self.reading: Reading | None = None
        self._place, self._order = 0, np.zeros(0, dtype=np.int64)
        self._kept = network.flat.clone()

    def epochs(self, last: int) -> Iterator[None]:
        """Go on to the end of epoch `last`, a batch or a thousand scored images at a time."""
        if self.constant is None and math.isnan(self.log_frame):
            first = yield from self.score()
            self.log_frame = max(math.log(math.log(self.images.classes)), first.log_loss)
        while self.step < last:
            if self._place == 0:
                self._order = self.rng.permutation(len(self.images.y))
            while self._place < self.per_epoch:
                self._batch()
                yield
            if self.constant is None:
                reading = yield from self.score()
                self._close(reading)
            else:
                self.reading, self.step = None, self.step + 1
            self._place = 0

    def score(self) -> Generator[None, None, Reading]:
        """Score the training images in pieces; returns their `Reading`."""
        logs, least, right = [], [], []
        x, y = self.images.x, self.images.y
        for start in range(0, len(y), PIECE):
            outputs = self.network.predict(0, x[start : start + PIECE]).T
            z, q, _ = gaps(outputs, y[start : start + PIECE])
            logs.append(torch.logsumexp(log_losses(z), dim=0))
            least.append(q.min())
            right.append((q > 0).double().sum())
            yield
        found = torch.stack([torch.logsumexp(torch.stack(logs), dim=0), torch.stack(least).min(), torch.stack(right).sum()]).cpu().numpy()
        total = float(found[0])
        return Reading(total - math.log(len(y)), total, float(found[1]), float(found[2]) / len(y))

    def test_error(self) -> Tensor:
        """Return the share of test images that are put into a wrong class."""
        return (self.network.predict(0, self.images.x_test).argmax(0) != self.images.y_test).double().mean()

    @property
    def squared_norm(self) -> Tensor:
        """Return |theta|^2."""
        wide = self.network.flat.double()
        return wide @ wide

    def _batch(self) -> None:
        """Take one step."""
        chosen = torch.from_numpy(self._order[self._place * self.batch : (self._place + 1) * self.batch]).to(self.images.y.device)
        outputs = self.network.forward(self.images.x[chosen][None])  # (1, classes, batch)
        frame = 0.0 if self.constant is not None else self.log_frame
        delta = relative_derivative(outputs[0].T, self.images.y[chosen], frame)
        self.network.descend(delta.T[None].to(outputs.dtype), self.alpha if self.constant is None else self.constant)
        self._place += 1

    def _close(self, reading: Reading) -> None:
        """Keep an epoch whose loss has not risen; take another back, until no step changes anything any more."""
        if reading.log_loss <= self.log_frame:
            self.alpha *= RISE
            self.log_frame, self.reading = reading.log_loss, reading
            self._kept.copy_(self.network.flat)
            self.step += 1
            return
        self.network.flat.copy_(self._kept)
        self.alpha /= FALL
        self.repeated += 1
        if self.alpha < LEAST_ALPHA:
            self.step, self.alpha = self.step + 1, LEAST_ALPHA

    # ------------------------------------------------------------ storage

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit, amid an epoch too."""
        arrays = {"flat": self.network.flat.cpu().numpy().copy(), "kept": self._kept.cpu().numpy().copy(), "order": self._order.copy()}
        known = None if self.reading is None else [getattr(self.reading, name) for name in READ]
        return State(arrays, {
            "step": self.step, "place": self._place, "alpha": self.alpha, "repeated": self.repeated,
            "log_frame": None if math.isnan(self.log_frame) else self.log_frame,
            "reading": known, "rng": self.rng.bit_generator.state,
        })  # fmt: skip

    def restore(self, state: State) -> None:
        """Continue from what `state` returned; call on a freshly made trainer."""
        self.network.flat.copy_(torch.from_numpy(state.arrays["flat"]))
        self._kept.copy_(torch.from_numpy(state.arrays["kept"]))
        self._order = np.array(state.arrays["order"], dtype=np.int64)
        scalars = state.scalars
        self.step, self._place, self.repeated = scalars["step"], scalars["place"], scalars["repeated"]
        self.alpha, self.log_frame = scalars["alpha"], math.nan if scalars["log_frame"] is None else scalars["log_frame"]
        self.reading = None if scalars["reading"] is None else Reading(*scalars["reading"])
        self.rng.bit_generator.state = scalars["rng"]


READ = ("log_loss", "log_sum", "least", "accuracy")
