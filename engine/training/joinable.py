"""What can be trained as one with its like from other runs.

The contract between whatever trains networks side by side and `engine.training.joint`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, Self

from torch import Tensor


class Joinable(ABC):
    """Trains members side by side.

    Attributes:
        active: the members still in training, by their first number.
        taken: steps taken.
    """

    active: list[int]
    taken: int

    @property
    @abstractmethod
    def alike(self) -> Hashable:
        """What those have in common whose active members can be trained as one; None where they cannot be."""

    @abstractmethod
    def joined(self, others: Sequence[Self]) -> Self:
        """Return one that trains the active members of all of these, one after the other; what steps change in it is still to be set."""

    @abstractmethod
    def take_step(self, losses: Tensor) -> None:
        """Take one step with every active member; writes their losses before it to losses (active,), if it computes any."""

    @abstractmethod
    def blocks(self) -> list[Tensor]:
        """Return everything that a step changes, as views (active, ...)."""

    @abstractmethod
    def losses(self, steps: int) -> Tensor:
        """Return room for the losses of so many steps, (steps, active)."""

    @property
    def room(self) -> int:
        """Bytes that are needed once more where it is trained as part of another."""
        return sum(block.nbytes for block in self.blocks())

    @property
    def standing(self) -> Hashable:
        """Where it stands: those that are trained as one stand at the same place."""
        return self.taken

    def stand(self, standing: Any) -> None:
        """Stand where another does."""
        self.taken = standing

    def place(self) -> Any:
        """Return where the data stand, for `go_to`: a trial is taken back."""
        return None

    def go_to(self, place: Any) -> None:
        """Go back to where `place` was asked, with `standing` as it was then."""
        return

    def caught_up(self) -> None:
        """Follow those that it is made of, or those that took steps on its behalf."""
        return
