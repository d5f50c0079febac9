"""Classifiers whose training accuracy and loss are running counts of their own predictions, each made just before the step on its batch.

Scoring 50,000 examples anew at every measurement would cost as much as training. The counts are those of the batches since the last
measurement: batch normalisation uses the batch's own moments there, and random crops are those trained on. Once the counts say that
every label is met, and at the end, a network is scored exactly, on every training example and with the running moments that it has
gathered; at most every four epochs, so that this costs less than a tenth of the training.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from engine.networks.network import ModuleMembers
from engine.networks.training import ModuleEnsemble, RecipeEnsemble
from engine.phenomena.random_labels.classifiers import Classifiers, Examples, Floats, Group
from engine.phenomena.random_labels.config import LOW
from engine.state import State

PATIENCE = 4  # epochs between two exact scores: a third of an epoch's work each
PIECE = 500  # images that are predicted at once, so that a pause is answered between


class CountedGroup(Group):
    """Networks that count as they train."""

    ensemble: RecipeEnsemble

    def collect(self, step: int, finished: Sequence[int]) -> None:
        """End a measurement: counts begin anew, networks that have finished are put aside."""
        self.ensemble.count_anew()
        super().collect(step, finished)

    def layers(self, number: int) -> dict[str, np.ndarray]:
        """Return one network's parameters by name; of a module as PyTorch calls them, with the moments of its batch normalisations."""
        network, ensemble, place = self.ensemble.network, self.ensemble, self.numbers.index(number)
        if not (isinstance(network, ModuleMembers) and isinstance(ensemble, ModuleEnsemble)):
            return super().layers(number)
        named = dict(zip(network.names, network.layers(ensemble.weights()[place].cpu().numpy()), strict=True))
        return {**named, "moments": ensemble.statistics()[place].cpu().numpy()}


class CountedClassifiers(Classifiers):
    """All networks, their progress and their latest scores.

    Attributes beside those of `Classifiers`:
        low_at: (networks,) the first step at which the mean loss of an epoch's batches was at most .1, nan before.
        exact_at: (networks,) the last step at which a network was scored exactly; `fitted` is of then.
    """

    def __init__(self, examples: Examples, groups: Sequence[Group]) -> None:
        super().__init__(examples, groups)
        networks = len(self.active)
        self.per_epoch = groups[0].ensemble.batches.per_epoch
        self.low_at, self.exact_at = np.full(networks, np.nan), np.zeros(networks, dtype=np.int64)
        self.recent = np.full((self.per_epoch, networks), np.nan)
        self._lows, self._exact = self.low_at, np.zeros(networks, dtype=bool)

    def collect(self, step: int) -> Floats:
        """End a measurement once it is `scored`: networks that have finished are retired."""
        self.low_at = self._lows
        self.exact_at[self._exact] = step
        losses = super().collect(step)
        self.recent = np.concatenate([self.recent, losses])[-self.per_epoch :]
        return losses

    def state(self) -> State:
        """Return every group's state and the scores."""
        inner = super().state()
        return State({**inner.arrays, **{name: getattr(self, name).copy() for name in COUNTS}}, inner.scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        super().restore(state)
        for name in COUNTS:
            getattr(self, name)[...] = state.arrays[name]

    # ------------------------------------------------------------ scoring

    def _score_all(self, target: int, first: int, last: bool) -> Iterator[int]:
        """Read the counts of every network in training and score it on the first test images; exactly where it is time."""
        before = self.groups[0].measured_at
        training = [number for group in self.groups for number in group.active]
        self._losses, self._lows = np.full((target - before, len(self.active)), np.nan), self.low_at
        self._exact = np.zeros_like(self.active)
        if not training:
            return
        tests = []
        for number in training:
            tests.append(self._table(number, first).trace())
            yield number
        self._read_counts(training, target - before, torch.stack(tests))
        self.test_correct[training] /= min(first, self._tests)
        if target == before:
            yield from self._first_scores(training, first)
        self._lows = np.fmin(self.low_at, before + first_low(self.recent, self._losses))
        self._finished = []
        for number in training:
            if last or self._seems_fitted(number, target):
                yield from self._score_exactly(number, last)

    def _read_counts(self, training: list[int], steps: int, tests: Tensor) -> None:
        """Take losses, hits and hits on test images (training,) over with one transfer."""
        ensembles = [group.ensemble for group in self.groups if group.active]
        losses = torch.cat([group.losses[:steps, : len(group.active)] for group in self.groups if group.active], dim=1)
        hits = torch.cat([ensemble.hits for ensemble in ensembles if isinstance(ensemble, RecipeEnsemble)])
        table = torch.cat([losses.double(), hits[None].double(), tests[None].double()]).cpu().numpy()
        self._losses[:, training], self.test_correct[training] = table[:-2], table[-1]
        if steps:
            self.loss[training] = table[:-2].mean(axis=0)
            self.correct[training] = table[-2] / (steps * self.groups[0].ensemble.batches.batch)

    def _first_scores(self, training: list[int], first: int) -> Iterator[int]:
        """Score untrained networks, which have counted nothing, on the first training examples."""
        for number in training:
            fit = yield from self._fit_of(number, min(first, self.examples.x.shape[1]))
            self.loss[number], self.correct[number] = float(fit[0]), float(fit[1:].mean())

    def _seems_fitted(self, number: int, target: int) -> bool:
        patient = target - self.exact_at[number] >= PATIENCE * self.per_epoch
        return bool(patient and self.correct[number] == 1.0 and np.isfinite(self._lows[number]))

    def _score_exactly(self, number: int, last: bool) -> Iterator[int]:
        """Score a network on every training example and, where it has finished, on every test image."""
        fit = (yield from self._fit_of(number, self.examples.x.shape[1])).cpu().numpy()
        self.loss[number], self.fitted[number], self.correct[number] = fit[0], fit[1:], fit[1:].mean(dtype=np.float64)
        self._exact[number] = True
        if not last and self.correct[number] < 1.0:
            return
        self._finished.append(number)
        tables = []
        for start in range(0, self._tests, PIECE):
            tables.append(self._table(number, start + PIECE, start))
            yield number
        self.guesses[number] = torch.stack(tables).sum(0).cpu().numpy()
        self.test_correct[number] = self.guesses[number].trace() / self._tests

    def _fit_of(self, number: int, count: int) -> Generator[int, None, Tensor]:
        """Return the loss and, as numbers, which labels are met of the first training examples, (1 + count,), piece by piece."""
        labels, group = self.examples.labels[number, :count], self.group(number)
        x = self.examples.x[self.examples.source[number], :count]
        losses, hits = [], []
        for start in range(0, count, PIECE):
            mine = labels[start : start + PIECE]
            logits = group.predict(number, x[start : start + PIECE])  # (k, piece)
            losses.append(-torch.log_softmax(logits, dim=0).gather(0, mine[None]).double().sum())
            hits.append((logits.argmax(0) == mine).double())
            yield number
        return torch.cat([torch.stack(losses).sum()[None] / count, *hits])


def first_low(recent: Floats, losses: Floats) -> Floats:
    """Return after how many of the new steps the mean loss of as many batches as `recent` has was at most .1, (networks,); nan if never.

    recent: (window, networks) batch losses just before; losses: (steps, networks); nan where there is none.
    """
    found = np.full(losses.shape[1], np.nan)
    if len(losses):
        means = sliding_window_view(np.concatenate([recent, losses]), len(recent), axis=0)[1:].mean(axis=2)  # (steps, networks)
        low = means <= LOW
        there = low.any(axis=0)
        found[there] = 1 + low[:, there].argmax(axis=0)
    return found


COUNTS = ("low_at", "exact_at", "recent")
