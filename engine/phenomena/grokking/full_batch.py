"""Trains an ensemble on all its examples in every step; a member that has finished is put aside, the others go on.

On a GPU the gradient, which always runs the same kernels on the same memory, is recorded as one CUDA graph, so that it is one launch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from engine.phenomena.grokking.float64_losses import GRADIENTS, LossName
from engine.phenomena.grokking.interventions import Interventions
from engine.state import State
from engine.training.optimizers import Optimizer

WARM_UP = 3  # runs before a graph is recorded, in which libraries and autograd make their buffers


class FullBatch:
    """One network per member.

    Attributes:
        active: the members still in training, by their first number; place in the network's buffers.
        taken: steps taken.
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
        self.optimizer, self.network, self.interventions = optimizer, optimizer.network, interventions
        self._losses, self._warm_up = list(losses), warm_up
        self._all = inputs, targets
        self._inputs, self._targets = self._all
        self.active = list(range(self.network.members))
        self.retired: dict[int, Tensor] = {}
        self.taken = 0
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

    def retire(self, members: Sequence[int]) -> None:
        """Put members aside for good; the others' numbers are unchanged."""
        rows, gone = self.network.layout.rows(self.network.flat), set(members)
        self.retired.update({member: rows[self.active.index(member)].clone() for member in members})
        places = [place for place, member in enumerate(self.active) if member not in gone]
        if places and gone:
            self.interventions.keep(places)
            self.optimizer.keep(places)
        self.active = [member for member in self.active if member not in gone]
        self._inputs, self._targets = (item[self.active].contiguous() for item in self._all)
        self._work = None  # recorded for the members and memory of before

    def weights(self) -> Tensor:
        """Return every member's parameters, (members, parameters)."""
        rows = self.network.layout.rows(self.network.flat)
        found = {**self.retired, **{member: rows[place] for place, member in enumerate(self.active)}}
        return torch.stack([found[member] for member in sorted(found)])

    def state(self) -> State:
        """Return weights, moments and place."""
        slow = self.interventions.slow
        averages = {} if slow is None else {"slow": self.network.layout.rows(slow).cpu().numpy()}
        moments = State.of({"moments": State({**self.optimizer.state(), **averages} if self.active else {}, {})})
        return State({**moments.arrays, "weights": self.weights().cpu().numpy()}, {"active": list(self.active), "taken": self.taken})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        active, moments = state.scalars["active"], state.under("moments-")
        self.taken = state.scalars["taken"]
        self.network.layout.fill(self.network.flat, torch.from_numpy(state.arrays["weights"]).to(self.network.flat))
        gone = [member for member in self.active if member not in active]
        if gone:
            self.retire(gone)
        if active:
            self.optimizer.restore(moments)
            if self._warm_up:
                self.optimizer.scale_rates(min(1.0, max(0, self.taken - 1) / self._warm_up))
            if self.interventions.slow is not None:
                self.network.layout.fill(self.interventions.slow, torch.from_numpy(moments["slow"]).to(self.network.flat))


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
