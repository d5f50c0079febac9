"""Classifiers trained side by side, conditions times seeds, until each fits its labels: what they fit and what they get right.

They are split into groups that fit in the processor's cache, because a wide network's weights and velocity no longer
do when all networks are touched in every step (measured at width 512: 8 together cost more than 8 runs in sequence).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.state import State
from engine.training.ensemble import Ensemble
from engine.training.joint import Stretch

CACHE = 8 * 2**20  # bytes of weights and velocity that a group may hold on a CPU
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Examples:
    """What is learned and tested, on the device.

    x: (sources, n, d); x_test: (sources, n_test, d); labels: (networks, n); test_labels: (networks, n_test), the true ones;
    source: (networks,) whose inputs a network sees; classes: how many there are.
    """

    x: Tensor
    x_test: Tensor
    labels: Tensor
    test_labels: Tensor
    source: NDArray[np.int64]
    classes: int


def cache_sized(numbers: Sequence[int], parameters: int, device: str) -> list[tuple[int, ...]]:
    """Split networks of this many parameters each into groups that fit in the cache; one group on a GPU."""
    size = max(1, CACHE // (8 * parameters)) if device == "cpu" else len(numbers)
    return [tuple(numbers[start : start + size]) for start in range(0, len(numbers), size)]


class Group:
    """Networks that train as one ensemble: their numbers among all, and the batch losses since the last measurement.

    longest: the most steps between two measurements.
    """

    def __init__(self, numbers: tuple[int, ...], ensemble: Ensemble, longest: int) -> None:
        self.numbers, self.ensemble = numbers, ensemble
        self.losses = ensemble.network.flat.new_zeros(longest, len(numbers))
        self.measured_at = 0

    def train(self, target: int, deadline: float) -> bool:
        """Train until step `target` or the deadline; whether it is there."""
        ensemble = self.ensemble
        while ensemble.active and ensemble.taken < target:
            ensemble.step(self.losses[ensemble.taken - self.measured_at, : len(ensemble.active)])
            if perf_counter() >= deadline:
                return False
        return True

    @property
    def active(self) -> list[int]:
        """The numbers of the networks still in training."""
        return [self.numbers[member] for member in self.ensemble.active]

    def predict(self, number: int, x: Tensor) -> Tensor:
        """Return the logits (k, n) of a network in training for inputs (n, d)."""
        return self.ensemble.network.predict(self.active.index(number), x)

    def stretch(self, target: int) -> Stretch:
        """What is left to train until step `target`."""
        return Stretch(self.ensemble, target, self._took)

    def _took(self, losses: Tensor) -> None:
        """Keep the losses (steps, active) of the steps up to the present one."""
        end = self.ensemble.taken - self.measured_at
        self.losses[end - len(losses) : end, : losses.shape[1]] = losses

    def collect(self, step: int, finished: Sequence[int]) -> None:
        """End a measurement: networks that have finished are put aside."""
        self.measured_at = step
        leaving = [self.numbers.index(number) for number in finished if number in self.numbers]
        if leaving:
            self.ensemble.retire(leaving)

    def layers(self, number: int) -> dict[str, NDArray[np.float32]]:
        """Return one network's parameters, layer by layer: weights W1 (fan_in, fan_out), biases b1 (1, fan_out), W2, ..."""
        parameters = self.ensemble.weights()[self.numbers.index(number)].cpu().numpy()
        shapes = self.ensemble.network.layout.shapes
        parts = np.split(parameters, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
        return {
            f"{'Wb'[place % 2]}{place // 2 + 1}": part.reshape(shape) for place, (part, shape) in enumerate(zip(parts, shapes, strict=True))
        }

    def state(self) -> State:
        """Return the ensemble's state and the batch losses."""
        rows = self.losses[: max(0, self.ensemble.taken - self.measured_at)].cpu().numpy()
        return State.of({"ensemble": self.ensemble.state(), "losses": State({"rows": rows}, {"measured_at": self.measured_at})})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        self.ensemble.restore(state.part("ensemble"))
        losses = state.part("losses")
        self.losses[: len(losses.arrays["rows"])] = torch.from_numpy(losses.arrays["rows"])
        self.measured_at = losses.scalars["measured_at"]


class Classifiers:
    """All networks, their progress and their latest scores.

    Attributes:
        loss: (networks,) mean training cross-entropy.
        correct, test_correct: (networks,) shares of training labels and of true test labels that are met; the latter over the
            first test images while a network trains, over all once it has finished.
        fitted: (networks, n) which training labels are met.
        since: (networks, n) the measured step from which on it is met, without a break since; -1 where it is not.
        guesses: (networks, classes, classes) how many test images of a true class (column) a network that has finished puts
            into each class (row).
        active: (networks,) which are still training.
        scored: whether everything is scored that the present measurement needs.
    """

    def __init__(self, examples: Examples, groups: Sequence[Group]) -> None:
        networks, n = examples.labels.shape
        self.examples, self.groups = examples, tuple(groups)
        self.loss, self.correct, self.test_correct = np.full((3, networks), np.nan)
        self.fitted = np.zeros((networks, n), dtype=np.uint8)
        self.since = np.full((networks, n), -1, dtype=np.int64)
        self.guesses = np.zeros((networks, examples.classes, examples.classes), dtype=np.int64)
        self.active = np.ones(networks, dtype=bool)
        self.scored = False
        self._tests = examples.test_labels.shape[1]
        self._scoring: Iterator[int] | None = None
        self._finished: list[int] = []
        self._losses = np.empty((0, networks))

    def advance(self, target: int, seconds: float, first: int, last: bool) -> None:
        """Work for about this long toward a measurement at step `target`: training, group after group, then scoring.

        first: how many test images count while a network trains; last: whether training ends there, for every network.
        """
        deadline = perf_counter() + seconds
        if not all(group.train(target, deadline) for group in self.groups):
            if self.examples.x.is_cuda:
                torch.cuda.synchronize()  # finish what was queued, so that time spent is work done and a pause is answered soon
            return
        self._scoring = self._scoring or self._score_all(target, first, last)
        while not self.scored:
            self.scored = next(self._scoring, None) is None
            if perf_counter() >= deadline:
                return

    def progress(self, target: int) -> int:
        """Return the step reached on average; `target` only when every network is there."""
        steps = [group.ensemble.taken if group.ensemble.active else target for group in self.groups]
        return sum(steps) // len(steps)

    def collect(self, step: int) -> Floats:
        """End a measurement once it is `scored`: networks that have finished are retired.

        Returns:
            The batch losses since the last measurement, (steps, networks), nan for those that had been retired.
        """
        for group in self.groups:
            group.collect(step, self._finished)
        self.active[self._finished] = False
        self.scored, self._scoring, self._finished = False, None, []
        return self._losses

    def group(self, number: int) -> Group:
        """Return the group that a network belongs to."""
        return next(group for group in self.groups if number in group.numbers)

    # ------------------------------------------------------------ scoring

    def _score_all(self, target: int, first: int, last: bool) -> Iterator[int]:
        """Score every network in training with one transfer, and those that have finished on every test image with one more.

        Yields after each network, so that a pause never waits for all of them.
        """
        steps, training = target - self.groups[0].measured_at, [number for group in self.groups for number in group.active]
        self._losses = np.full((steps, len(self.active)), np.nan)
        if not training:
            return
        rows, tables = [], []
        for number in training:
            hits = self._table(number, first).trace()
            rows.append(torch.cat([self._fit(number), hits[None].to(self.examples.x.dtype)]))
            yield number
        losses = torch.cat([group.losses[:steps, : len(group.active)] for group in self.groups], dim=1)
        table = torch.cat([torch.stack(rows), losses.T], dim=1).cpu().numpy().astype(np.float64)
        loss_of, hits_of, tests_of, losses_of = np.split(table, [1, table.shape[1] - steps - 1, table.shape[1] - steps], axis=1)
        self.loss[training], self.fitted[training], self.correct[training] = loss_of[:, 0], hits_of, hits_of.mean(axis=1)
        met, before = hits_of == 1, self.since[training]
        self.since[training] = np.where(met, np.where(before < 0, target, before), -1)
        self.test_correct[training] = tests_of[:, 0] / min(first, self._tests)
        self._losses[:, training] = losses_of.T
        self._finished = [number for number in training if last or self.correct[number] == 1.0]
        for number in self._finished:
            tables.append(self._table(number, self._tests))
            yield number
        if tables:
            found = torch.stack(tables).cpu().numpy()
            self.guesses[self._finished] = found
            self.test_correct[self._finished] = found.trace(axis1=1, axis2=2) / self._tests

    def _fit(self, number: int) -> Tensor:
        """Return the training loss and, as numbers, which training labels are met, (1 + n,)."""
        labels = self.examples.labels[number]
        logits = self.group(number).predict(number, self.examples.x[self.examples.source[number]])  # (k, n)
        loss = -torch.log_softmax(logits, dim=0).gather(0, labels[None]).mean()
        return torch.cat([loss[None], (logits.argmax(0) == labels).to(loss.dtype)])

    def _table(self, number: int, end: int, start: int = 0) -> Tensor:
        """Return how many of some test images of each true class (column) are put into each class (row), (classes, classes)."""
        data, classes = self.examples, self.examples.classes
        guessed = self.group(number).predict(number, data.x_test[data.source[number], start:end]).argmax(0)
        pairs = guessed * classes + data.test_labels[number, start:end]
        counts = pairs.new_zeros(classes**2).scatter_add_(0, pairs, torch.ones_like(pairs))  # bincount would wait for the device
        return counts.view(classes, classes)

    # ------------------------------------------------------------ storage

    def state(self) -> State:
        """Return every group's state and the scores."""
        groups = State.of({f"group-{index}": group.state() for index, group in enumerate(self.groups)})
        scores = {name: getattr(self, name).copy() for name in SCORES}
        return State({**scores, **groups.arrays}, groups.scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        for name in SCORES:
            if name in state.arrays or name != "since":  # which earlier versions did not keep
                getattr(self, name)[...] = state.arrays[name]
        for index, group in enumerate(self.groups):
            group.restore(state.part(f"group-{index}"))


SCORES = ("loss", "correct", "test_correct", "fitted", "since", "guesses", "active")
