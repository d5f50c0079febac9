"""What every way of training an ensemble shares: steps taken, networks that have finished and are put aside, saving and restoring."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.state import State
from engine.training.joinable import Joinable
from engine.training.optimizers import Optimizer


class Trainer(Joinable):
    """One network per member; a member that has finished is retired: its weights are put aside and the others go on without it.

    Attributes:
        active: the members still in training, by their first number; place in the network's buffers.
        retired: the parameters (parameters,) that the others ended with.
        taken: steps taken.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer, self.network = optimizer, optimizer.network
        self.active = list(range(self.network.members))
        self.retired: dict[int, Tensor] = {}
        self.taken = 0

    def retire(self, members: Sequence[int]) -> None:
        """Put members aside for good; the others' numbers are unchanged."""
        gone = set(members)
        self.retired.update({member: self.network.layout.row(self.network.flat, self.active.index(member)) for member in members})
        places = [place for place, member in enumerate(self.active) if member not in gone]
        if places and gone:
            self.keep(places)
        self.active = [self.active[place] for place in places]
        if self.active:
            self.renew()

    def keep(self, places: Sequence[int]) -> None:
        """Go on with the members at these places of the buffers."""
        self.optimizer.keep(places)

    def renew(self) -> None:
        """Make again what depends on which members are active."""
        return

    # ------------------------------------------------------------ beside the trainers of other runs

    @property
    def alike(self) -> Hashable:
        """What trainers have in common whose active members can be trained as one; None where they cannot be."""
        return type(self), self.network.alike, self.optimizer.alike

    @property
    def standing(self) -> Hashable:
        """The steps taken, and what the optimizer counted."""
        return self.taken, self.optimizer.place

    def stand(self, standing: Any) -> None:
        """Stand where another trainer does."""
        self.taken, counted = standing
        self.optimizer.go_to(counted)

    def buffers(self) -> list[Tensor]:
        """Return everything that a step changes, in the form of the network's buffer."""
        return [self.network.flat, self.network.gradient, *self.optimizer.buffers.values()]

    def blocks(self) -> list[Tensor]:
        """Return the same by layer, (active, *shape) each."""
        return [block for buffer in self.buffers() for block in self.network.layout.views(buffer)]

    def losses(self, steps: int) -> Tensor:
        """Return room for the losses of so many steps, (steps, active)."""
        return self.network.flat.new_zeros(steps, len(self.active))

    # ------------------------------------------------------------ storage

    def weights(self) -> Tensor:
        """Return every member's parameters, (members, parameters)."""
        layout, flat = self.network.layout, self.network.flat
        found = flat.new_empty(len(self.retired) + len(self.active), layout.parameters)
        for member, row in self.retired.items():
            found[member] = row
        if self.active:
            layout.write_rows(flat, found, self.active)
        return found

    def moments(self) -> dict[str, NDArray[Any]]:
        """What the active members' steps remember, (active, parameters) each."""
        return self.optimizer.state()

    def restore_moments(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `moments` returned."""
        self.optimizer.restore(arrays)

    def state(self) -> State:
        """Return weights, moments and place."""
        moments = State.of({"moments": State(self.moments() if self.active else {}, {})})
        return State({**moments.arrays, "weights": self.weights().cpu().numpy()}, {"active": list(self.active), "taken": self.taken})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        active = state.scalars["active"]
        self.taken = state.scalars["taken"]
        self.network.layout.fill(self.network.flat, torch.from_numpy(state.arrays["weights"]).to(self.network.flat))
        gone = [member for member in self.active if member not in active]
        if gone:
            self.retire(gone)
        if active:
            self.restore_moments(state.under("moments/"))
