"""Runs that train as one ensemble: the networks of several trainers in one batched step, each run's numbers those that it has alone.

Whether they are, to the last bit, is tried before trainers are joined, with these very weights and data, and taken back; so is whether
it is faster: wide networks no longer fit in the cache side by side. Where either is not so, every run trains on its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter, thread_time

import torch
from torch import Tensor

from engine.training.joinable import Joinable

TRIAL = 3  # steps; and as many before them, in which buffers are made
GAIN = 1.2  # how much faster than on their own trainers must be together
ROWS = 256  # steps between two moments at which the runs take over what is theirs
MEMORY = 2**28  # bytes that a joint one may need


@dataclass(frozen=True)
class Stretch:
    """A run's trainer on its way to a step.

    goal: that step; took: told the losses (steps, active) of steps that were taken, once the trainer stands behind them.
    """

    trainer: Joinable
    goal: int
    took: Callable[[Tensor], None] = lambda losses: None

    @property
    def key(self) -> Hashable:
        """What stretches have in common that can be trained as one; None where this one cannot be."""
        alike = self.trainer.alike
        return None if alike is None else (alike, self.trainer.standing, self.goal)


class Joint:
    """Trainers that stand at the same step, as one. `gather` before steps, `scatter` after them."""

    def __init__(self, trainers: Sequence[Joinable]) -> None:
        self.trainers = list(trainers)
        self.whole = trainers[0].joined(trainers)
        self._ends: list[tuple[int, int]] = []
        for trainer in trainers:
            start = self._ends[-1][1] if self._ends else 0
            self._ends.append((start, start + len(trainer.active)))

    def share(self, place: int, losses: Tensor) -> Tensor:
        """Return one trainer's part of the losses (steps, members)."""
        start, end = self._ends[place]
        return losses[:, start:end]

    def gather(self) -> None:
        """Take over every trainer's weights, moments and place."""
        self._copy(back=False)
        first, whole = self.trainers[0], self.whole
        if whole.standing != first.standing:
            whole.stand(first.standing)
            whole.caught_up()

    def scatter(self) -> None:
        """Give every trainer its weights and moments, as if it had taken the steps itself."""
        self._copy(back=True)
        for trainer in self.trainers:
            trainer.stand(self.whole.standing)
            trainer.caught_up()

    def _copy(self, back: bool) -> None:
        whole = self.whole.blocks()
        for trainer, (start, end) in zip(self.trainers, self._ends, strict=True):
            for block, part in zip(whole, trainer.blocks(), strict=True):
                if back:
                    part.copy_(block[start:end])
                else:
                    block[start:end].copy_(part)


class JointTraining:
    """Trains what can be trained as one. Trainers that were refused once, or are alone, are left to their runs."""

    def __init__(self) -> None:
        self._joints: dict[Hashable, Joint] = {}
        self._pays: dict[Hashable, bool] = {}

    def joined(self, stretches: Iterable[Stretch]) -> list[list[Stretch]]:
        """Return the stretches that are trained as one, group by group."""
        known = [(stretch.key, stretch) for stretch in stretches]
        order = list(dict.fromkeys(key for key, _ in known if key is not None))
        groups = [[stretch for key, stretch in known if key == wanted] for wanted in order]
        return [group for group in groups if len(group) > 1 and self._joint(group) is not None]

    def advance(self, groups: Iterable[Sequence[Stretch]], seconds: float) -> None:
        """Train each group for about so long, none beyond its goal."""
        for group in groups:
            joint = self._joint(group)
            if joint is not None:
                self._train(joint, group, perf_counter() + seconds)

    def _train(self, joint: Joint, group: Sequence[Stretch], deadline: float) -> None:
        whole, left = joint.whole, group[0].goal - group[0].trainer.taken
        losses = whole.losses(min(left, ROWS))
        joint.gather()
        taken = 0
        while taken < len(losses) and (not taken or perf_counter() < deadline):
            whole.take_step(losses[taken])
            taken += 1
        joint.scatter()
        for place, stretch in enumerate(group):
            stretch.took(joint.share(place, losses[:taken]))

    def _joint(self, group: Sequence[Stretch]) -> Joint | None:
        trainers = [stretch.trainer for stretch in group]
        key = tuple((id(trainer), tuple(trainer.active)) for trainer in trainers)
        if key not in self._joints:
            alone = any(len(trainer.active) == 1 for trainer in trainers)  # one network takes another way through the library
            kind = trainers[0].alike, alone, round(math.log2(sum(len(trainer.active) for trainer in trainers)))
            if kind not in self._pays:
                self._pays[kind] = _pays(trainers)
            if not self._pays[kind]:
                return None
            mine = {id(trainer) for trainer in trainers}
            self._joints = {old: kept for old, kept in self._joints.items() if not mine & {id(one) for one in kept.trainers}}
            self._joints[key] = Joint(trainers)
        return self._joints[key]


def _pays(trainers: Sequence[Joinable]) -> bool:
    """Whether the trainers as one give the same bits, sooner; they stand where they stood."""
    if sum(trainer.room for trainer in trainers) > MEMORY:
        return False
    back = [_remembered(trainer) for trainer in trainers]
    losses = [trainer.losses(2 * TRIAL) for trainer in trainers]
    try:
        alone = sum(_timed(trainer, own) for trainer, own in zip(trainers, losses, strict=True))
        found = [[block.clone() for block in trainer.blocks()] for trainer in trainers]
        _go_back(back)
        joint = Joint(trainers)
        joint.gather()
        together = torch.cat(losses, dim=1).zero_()
        seconds = _timed(joint.whole, together)
        joint.scatter()
        same = torch.equal(together, torch.cat(losses, dim=1)) and all(
            torch.equal(one, other)
            for trainer, kept in zip(trainers, found, strict=True)
            for one, other in zip(trainer.blocks(), kept, strict=True)
        )
    finally:
        _go_back(back)
    return same and seconds * GAIN < alone


def _timed(trainer: Joinable, losses: Tensor) -> float:
    """Take the steps of a trial and return the seconds of the second half."""
    for row in losses[:TRIAL]:
        trainer.take_step(row)
    clock = _clock(losses)
    began = clock()
    for row in losses[TRIAL:]:
        trainer.take_step(row)
    return clock() - began


def _clock(losses: Tensor) -> Callable[[], float]:
    """Return a clock that other processes do not disturb, where one thread does all the work."""
    if losses.is_cuda:
        return _device_clock
    return thread_time if torch.get_num_threads() == 1 else perf_counter


def _device_clock() -> float:
    torch.cuda.synchronize()
    return perf_counter()


def _remembered(trainer: Joinable) -> Callable[[], None]:
    """Return what takes a trainer back to where it stands now."""
    kept = [block.clone() for block in trainer.blocks()]
    standing, place = trainer.standing, trainer.place()

    def back() -> None:
        for block, values in zip(trainer.blocks(), kept, strict=True):
            block.copy_(values)
        trainer.stand(standing)
        trainer.go_to(place)

    return back


def _go_back(back: Iterable[Callable[[], None]]) -> None:
    for call in back:
        call()
