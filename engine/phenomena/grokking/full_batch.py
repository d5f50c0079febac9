"""Trains an ensemble on all its examples in every step; a member that has finished is put aside, the others go on.

On a GPU the gradient, which always runs the same kernels on the same memory, is recorded as one CUDA graph, so that it is one launch.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Self

import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phenomena.grokking.float64_losses import GRADIENTS, LossName
from engine.phenomena.grokking.interventions import Interventions
from engine.training.optimizers import Optimizer
from engine.training.trainer import Trainer

WARM_UP = 3  # runs before a graph is recorded, in which libraries and autograd make their buffers


class FullBatch(Trainer):
    """One network per member.

    Attributes:
        sentence: why a GPU's graph is not used; empty where it is, and on a CPU.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        inputs: Tensor,
        targets: Tensor,
        losses: Sequence[LossName],
        interventions: Interventions,
        warm_up: int = 0,
    ) -> None:
        """inputs: (members, b, ...); targets: (members, k, b), one-hot; losses: (members,); warm_up: steps from rate 0 to the full one."""
        super().__init__(optimizer)
        self.interventions = interventions
        self._losses, self._warm_up = list(losses), warm_up
        self._all = inputs, targets
        self._inputs, self._targets = self._all
        self.sentence = ""
        self._work: Callable[[], object] | None = None

    def step(self) -> None:
        """Take one step with every active member."""
        if self._work is None:
            self._work, self.sentence = recorded(self._differentiate, self.network.flat.device.type)
        self._work()
        self.interventions.apply()
        if self.taken <= self._warm_up and self._warm_up:
            self.optimizer.scale_rates(self.taken / self._warm_up)
        self.optimizer.step()
        self.taken += 1

    def _differentiate(self) -> None:
        """Write every active member's gradient to the network's buffer."""
        self.network.backward(self._delta(self.network.forward(self._inputs)).to(self.network.flat.dtype))

    def _delta(self, outputs: Tensor) -> Tensor:
        """Return the gradient of each member's own loss in the outputs (active, k, b)."""
        names = [self._losses[member] for member in self.active]
        if len(set(names)) == 1:
            return GRADIENTS[names[0]](outputs, self._targets)
        own = zip(names, torch.split(outputs, 1), torch.split(self._targets, 1), strict=True)
        return torch.cat([GRADIENTS[name](output, target) for name, output, target in own])

    def take_step(self, losses: Tensor) -> None:
        """Take one step; losses are read at a measurement alone."""
        self.step()

    @property
    def alike(self) -> Hashable:
        """What trainers have in common whose active members can be trained as one: nobody intervenes in their gradients."""
        free = set(self.interventions.names) <= {"none", "stablemax"}
        return (super().alike, self._warm_up, self._inputs.shape[1:], self._targets.shape[1:]) if free else None

    def joined(self, others: Sequence[Self]) -> Self:
        """Return a trainer of the active members of all."""
        network = self.network.sized(sum(len(one.active) for one in others))
        optimizer = self.optimizer.joined(network, [one.optimizer for one in others])
        inputs, targets = torch.cat([one._inputs for one in others]), torch.cat([one._targets for one in others])
        losses = [one._losses[member] for one in others for member in one.active]
        names = [name for one in others for name in one.interventions.names]
        made = type(self)(optimizer, inputs, targets, losses, Interventions(network, names), self._warm_up)
        made.taken = self.taken
        return made

    def keep(self, places: Sequence[int]) -> None:
        """Go on with the members at these places of the buffers."""
        self.interventions.keep(places)
        super().keep(places)

    def renew(self) -> None:
        """Take the active members' examples; a graph was recorded for the members and memory of before."""
        self._inputs, self._targets = (item[self.active].contiguous() for item in self._all)
        self._work = None

    def moments(self) -> dict[str, NDArray[Any]]:
        """The optimizer's moments, and the average of gradients that an intervention may keep."""
        slow = self.interventions.slow
        return super().moments() | ({} if slow is None else {"slow": self.network.layout.rows(slow).cpu().numpy()})

    def restore_moments(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `moments` returned, at the rate of the last step."""
        super().restore_moments(arrays)
        if self._warm_up:
            self.optimizer.scale_rates(min(1.0, max(0, self.taken - 1) / self._warm_up))
        if self.interventions.slow is not None:
            self.network.layout.fill(self.interventions.slow, torch.from_numpy(arrays["slow"]).to(self.network.flat))


def recorded(work: Callable[[], object], device: str) -> tuple[Callable[[], object], str]:
    """Return a function that does the same as `work`, and a sentence where a graph was wanted and could not be had.

    Args:
        work: repeatable without harm (it is run several times), no transfers to the host, the same tensors in every call.
        device: on "cpu" the work is returned as it is.
    """
    if device == "cpu":
        return work, ""
    try:
        return _graph(work), ""
    except (RuntimeError, AssertionError) as error:  # a torch that is built without CUDA fails an assertion
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        return work, f"CUDA graphs are not used ({reason}), so every step launches its kernels one by one"


def _graph(work: Callable[[], object]) -> Callable[[], object]:
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay
