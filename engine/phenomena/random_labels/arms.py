"""Classifiers trained side by side, arms times seeds, until each fits its labels: what they fit and what they get right.

Members are dealt into groups that fit in the processor's cache, because a wide network's weights and velocity no longer
do when all members are touched in every step (measured at width 512: 8 members cost more than 8 runs in sequence).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.state import State
from engine.training.ensemble import Ensemble

if TYPE_CHECKING:
    from torch import Tensor

CACHE = 8 * 2**20  # bytes of weights and velocity that a group may hold on a CPU
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Examples:
    """What is learned and tested, on the device.

    x: (sources, n, d); x_test: (sources, n_test, d); labels: (members, n); test_labels, fresh_labels: (members, n_test),
    true ones and ones drawn at random; source: (members,) whose inputs a member sees.
    """

    x: Tensor
    x_test: Tensor
    labels: Tensor
    test_labels: Tensor
    fresh_labels: Tensor
    source: NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """An ensemble and the numbers that its members have among all."""

    members: tuple[int, ...]
    ensemble: Ensemble


Place = tuple[int, Group, int]  # a member, its group, and its place in the group's network


def deal(members: Sequence[int], parameters: int, device: str) -> list[tuple[int, ...]]:
    """Deal members of this many parameters each into groups that fit in the cache; one group on a GPU."""
    size = max(1, CACHE // (8 * parameters)) if device == "cpu" else len(members)
    return [tuple(members[start : start + size]) for start in range(0, len(members), size)]


class Arms:
    """All members, their progress and their latest scores.

    Attributes:
        loss: (members,) mean training cross-entropy.
        correct, test_correct, fresh_correct: (members,) shares of training labels, of true and of random test labels that
            are met; the last two over the first test images while a member trains, over all once it is retired.
        fitted: (members, n) which training labels are met.
        active: (members,) which are still training.
        ready: whether everything is scored that the present measurement needs.
    """

    def __init__(self, examples: Examples, groups: Sequence[Group], longest: int) -> None:
        members, n = examples.labels.shape
        self.examples, self.groups = examples, tuple(groups)
        self.loss, self.correct, self.test_correct, self.fresh_correct = np.full((4, members), np.nan)
        self.fitted = np.zeros((members, n), dtype=np.uint8)
        self.active = np.ones(members, dtype=bool)
        self.measured_at = 0
        self.ready = False
        self._longest, self._tests = longest, examples.test_labels.shape[1]
        self._scoring: Iterator[int] | None = None
        self._finished: set[int] = set()
        self._losses = np.empty((0, members))
        self._new_trace()

    def advance(self, target: int, seconds: float, first: int, last: bool) -> None:
        """Work for about this long toward a measurement at step `target`: training, group after group, then scoring.

        Args:
            target: no member goes beyond it.
            seconds: how long to work.
            first: how many test images count while a member trains.
            last: whether training ends there, for every member.
        """
        deadline = perf_counter() + seconds
        if not self._train(target, deadline):
            return
        if self._scoring is None:
            self._scoring = self._score_all(target, first, last)
        while not self.ready:
            self.ready = next(self._scoring, None) is None
            if perf_counter() >= deadline:
                return

    def progress(self, target: int) -> int:
        """Return the step reached on average; `target` only when every member is there."""
        steps = [group.ensemble.taken if group.ensemble.active else target for group in self.groups]
        return sum(steps) // len(steps)

    def collect(self, step: int) -> Floats:
        """End a measurement once `ready`: members that have finished are retired.

        Returns:
            The batch losses since the last measurement, (steps, members), nan for those that had been retired.
        """
        for group in self.groups:
            leaving = [local for local in group.ensemble.active if group.members[local] in self._finished]
            if leaving:
                group.ensemble.retire(leaving)
        self.active[list(self._finished)] = False
        self.measured_at, self.ready, self._scoring, self._finished = step, False, None, set()
        self._new_trace()
        return self._losses

    def _train(self, target: int, deadline: float) -> bool:
        """Train until the deadline; whether all members are at the target."""
        for group, trace in zip(self.groups, self._trace, strict=True):
            ensemble = group.ensemble
            while ensemble.active and ensemble.taken < target:
                ensemble.step(trace[ensemble.taken - self.measured_at])
                if perf_counter() >= deadline:
                    self._wait()
                    return False
        return True

    def _wait(self) -> None:
        """Let a GPU finish what was queued, so that time spent is work done and a pause is answered soon."""
        import torch

        if self.examples.x.is_cuda:
            torch.cuda.synchronize()

    def _score_all(self, target: int, first: int, last: bool) -> Iterator[int]:
        """Score every active member, yielding after each, so that a pause never waits for all of them."""
        steps, places = target - self.measured_at, list(self._places())
        self._losses = np.full((steps, len(self.active)), np.nan)
        if places:
            yield from self._score_each(places, steps, first)
            done = [item for item in places if last or self.correct[item[0]] == 1.0]
            self._finished = {member for member, _, _ in done}
            yield from self._score_fully(done)

    def _score_each(self, places: Sequence[Place], steps: int, first: int) -> Iterator[int]:
        """Score all in training and fetch their losses of these steps, with one transfer."""
        import torch

        rows, members = [], [member for member, _, _ in places]
        for member, group, place in places:
            loss, hits = self._fit(member, group, place)
            rows.append(torch.cat([loss[None], hits, *self._test(member, group, place, first)]))
            yield member
        traces = torch.cat([trace[:steps] for trace in self._trace if trace.shape[1]], dim=1)
        table = torch.cat([torch.stack(rows), traces.T], dim=1).cpu().numpy().astype(np.float64)
        loss_of, hits_of, tests_of, losses = np.split(table, [1, table.shape[1] - steps - 2, table.shape[1] - steps], axis=1)
        self.loss[members], self.fitted[members], self.correct[members] = loss_of[:, 0], hits_of, hits_of.mean(axis=1)
        self.test_correct[members], self.fresh_correct[members] = tests_of.T / min(first, self._tests)
        self._losses[:, members] = losses.T

    def _score_fully(self, done: Sequence[Place]) -> Iterator[int]:
        """Score those that have finished on every test image, with one more transfer."""
        import torch

        counts, members = [], [member for member, _, _ in done]
        for member, group, place in done:
            counts.append(torch.cat(self._test(member, group, place, None)))
            yield member
        if counts:
            shares = torch.stack(counts).cpu().numpy().astype(np.float64) / self._tests
            self.test_correct[members], self.fresh_correct[members] = shares.T

    def _fit(self, member: int, group: Group, place: int) -> tuple[Tensor, Tensor]:
        """Return the training loss and which training labels are met (n,), as numbers."""
        import torch

        labels = self.examples.labels[member]
        logits = group.ensemble.network.predict(place, self.examples.x[self.examples.source[member]])  # (k, n)
        loss = -torch.log_softmax(logits, dim=0).gather(0, labels[None]).mean()
        return loss, (logits.argmax(0) == labels).to(loss.dtype)

    def _test(self, member: int, group: Group, place: int, first: int | None) -> tuple[Tensor, Tensor]:
        """Return how many true and how many random test labels are met, (1,) each, on the first test images or all."""
        data = self.examples
        logits = group.ensemble.network.predict(place, data.x_test[data.source[member], :first])
        guesses = logits.argmax(0)
        true, fresh = ((guesses == truth[member, :first]).sum().to(logits.dtype)[None] for truth in (data.test_labels, data.fresh_labels))
        return true, fresh

    def layers(self, member: int) -> list[NDArray[np.float32]]:
        """Return one member's parameters, layer by layer: weights (fan_in, fan_out), biases (1, fan_out), alternating."""
        group = next(group for group in self.groups if member in group.members)
        rows = group.ensemble.weights()[group.members.index(member)].cpu().numpy()
        shapes = group.ensemble.network.layout.shapes
        parts = np.split(rows, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def state(self) -> State:
        """Return every group's state, the scores, and the losses since the last measurement."""
        inner = State.of({f"group-{index}": group.ensemble.state() for index, group in enumerate(self.groups)})
        arrays = {name: getattr(self, name).copy() for name in SCORES} | inner.arrays
        for index, (group, trace) in enumerate(zip(self.groups, self._trace, strict=True)):
            arrays[f"group-{index}-trace"] = trace[: max(0, group.ensemble.taken - self.measured_at)].cpu().numpy()
        return State(arrays, {"measured_at": self.measured_at, **inner.scalars})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        import torch

        for name in SCORES:
            getattr(self, name)[...] = state.arrays[name]
        self.measured_at = state.scalars["measured_at"]
        inner = [state.part(f"group-{index}") for index in range(len(self.groups))]
        for group, saved in zip(self.groups, inner, strict=True):
            group.ensemble.restore(saved)
        self._new_trace()
        for trace, saved in zip(self._trace, inner, strict=True):
            rows = torch.from_numpy(saved.arrays["trace"])
            trace[: len(rows)] = rows

    def _places(self) -> Iterator[Place]:
        """Yield every active member with its group and its place in the group's network."""
        for group in self.groups:
            for place, local in enumerate(group.ensemble.active):
                yield group.members[local], group, place

    def _new_trace(self) -> None:
        """Make room for the batch losses until the next measurement: (longest, active) per group."""
        self._trace = [group.ensemble.network.flat.new_empty(self._longest, len(group.ensemble.active)) for group in self.groups]


SCORES = ("loss", "correct", "test_correct", "fresh_correct", "fitted", "active")
Build = Callable[[tuple[int, ...]], Ensemble]


def build_groups(members: Sequence[int], parameters: int, device: str, build: Build) -> list[Group]:
    """Return a group for every deal of these members, made by `build(members)`."""
    return [Group(dealt, build(dealt)) for dealt in deal(members, parameters, device)]
