"""What a run needs to go on bit for bit, composed from the states of its parts; each part saves and restores itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray


class State(NamedTuple):
    """Tensors as NumPy arrays, everything else as plain JSON."""

    arrays: dict[str, NDArray[Any]]
    scalars: dict[str, Any]

    @classmethod
    def of(cls, parts: Mapping[str, State]) -> State:
        """Join the states of named parts; `part` gives each of them back."""
        arrays = {f"{name}-{key}": values for name, part in parts.items() for key, values in part.arrays.items()}
        return cls(arrays, {name: part.scalars for name, part in parts.items()})

    def part(self, name: str) -> State:
        """Return the state of a named part."""
        return State(self.under(f"{name}-"), self.scalars[name])

    def under(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays whose names begin with a prefix, without it."""
        return {name.removeprefix(prefix): values for name, values in self.arrays.items() if name.startswith(prefix)}


class Stateful(Protocol):
    """A part of an experiment that saves and restores itself, memory layout included."""

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""

    def restore(self, state: State) -> None:
        """Continue from what `state` returned; called on a freshly made object."""
