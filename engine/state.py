"""What a run needs to go on bit for bit, composed from the states of its parts; each part saves and restores itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class State(NamedTuple):
    """Tensors as NumPy arrays, everything else as plain JSON."""

    arrays: dict[str, NDArray[Any]]
    scalars: dict[str, Any]

    @classmethod
    def of(cls, parts: Mapping[str, State]) -> State:
        """Join the states of named parts; `part` gives each of them back."""
        arrays = {f"{name}/{key}": values for name, part in parts.items() for key, values in part.arrays.items()}
        return cls(arrays, {name: part.scalars for name, part in parts.items()})

    def part(self, name: str) -> State:
        """Return the state of a named part."""
        return State(self.under(f"{name}/"), self.scalars[name])

    def under(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays whose names begin with a prefix, without it."""
        return {name.removeprefix(prefix): values for name, values in self.arrays.items() if name.startswith(prefix)}


class Stateful(Protocol):
    """A part of an experiment that saves and restores itself, memory layout included."""

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""

    def restore(self, state: State) -> None:
        """Continue from what `state` returned; called on a freshly made object."""


class Draws:
    """Results of draws, one after the other: arrays with a row a draw, of which the first `done` are filled, and saved.

    Args:
        count: how many draws there will be.
        shapes: what is kept of one draw, by name.
    """

    def __init__(self, count: int, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.count, self.done = count, 0
        self._rows = {name: np.zeros((count, *shape)) for name, shape in shapes.items()}

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return what has been drawn, (done, ...)."""
        return self._rows[name][: self.done]

    @property
    def complete(self) -> bool:
        """Whether no draw is missing."""
        return self.done == self.count

    def add(self, drawn: Mapping[str, Any]) -> None:
        """Keep the next draw."""
        for name, rows in self._rows.items():
            rows[self.done] = drawn[name]
        self.done += 1

    def state(self) -> State:
        """Return the finished draws; each has random streams of its own, so nothing else is needed."""
        return State({name: self[name].copy() for name in self._rows}, {"done": self.done})

    def restore(self, state: State) -> None:
        """Take up the finished draws."""
        self.done = state.scalars["done"]
        for name, rows in self._rows.items():
            rows[: self.done] = state.arrays[name]
