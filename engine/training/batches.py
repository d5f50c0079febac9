"""Mini-batches as index permutations from each seed's stream `order`: no loader, no copy of the data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Batches:
    """Epoch after epoch a fresh permutation of the n examples per stream, cut into batches; what is left over waits.

    Members that share a stream see the same examples in the same order.
    """

    def __init__(self, generators: Sequence[np.random.Generator], n: int, batch: int) -> None:
        self.generators = list(generators)
        self.n, self.batch = n, batch
        self.per_epoch = n // batch
        self.orders: NDArray[np.int64] = np.zeros((len(self.generators), self.per_epoch * batch), dtype=np.int64)

    def next_epoch(self) -> NDArray[np.int64]:
        """Draw and return the examples of an epoch: (streams, per_epoch * batch)."""
        self.orders = np.stack([rng.permutation(self.n)[: self.orders.shape[1]] for rng in self.generators])
        return self.orders

    def catch_up(self) -> None:
        """Follow those that it is made of."""
        return

    def state(self) -> list[Mapping[str, Any]]:
        """Return the position of every stream; `orders` holds the present epoch."""
        return [rng.bit_generator.state for rng in self.generators]

    def restore(self, state: Sequence[Mapping[str, Any]], orders: NDArray[np.int64]) -> None:
        """Go back to a position and the epoch that was being worked on."""
        for rng, position in zip(self.generators, state, strict=True):
            rng.bit_generator.state = position
        self.orders = orders


class SideBySide(Batches):
    """The batches of several, one after the other: each goes on with its own streams, as it would alone."""

    def __init__(self, parts: Sequence[Batches]) -> None:
        super().__init__([rng for part in parts for rng in part.generators], parts[0].n, parts[0].batch)
        self.parts = parts
        self.orders = np.concatenate([part.orders for part in parts])

    def next_epoch(self) -> NDArray[np.int64]:
        """Draw and return the examples of an epoch: (streams of all, per_epoch * batch)."""
        self.orders = np.concatenate([part.next_epoch() for part in self.parts])
        return self.orders

    def catch_up(self) -> None:
        """Take up the epoch that each of them is in."""
        self.orders = np.concatenate([part.orders for part in self.parts])
