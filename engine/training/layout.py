"""How the parameters of an ensemble lie in memory: one flat buffer, one contiguous block `(members, *shape)` per layer.

Layers, not members, are contiguous, because batched matrix products write only into contiguous blocks at full speed
(measured: a third of the time at width 32), while an optimizer still updates everything in one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

ALIGNMENT = 16  # elements; 64 bytes in float32, so that a product's rounding does not depend on where its block starts


class Layout:
    """Blocks of `members` times each shape in one flat buffer of `size` elements; gaps stay zero."""

    def __init__(self, shapes: Sequence[tuple[int, ...]], members: int) -> None:
        self.shapes = tuple(shapes)
        self.members = members
        self.starts: list[int] = []
        self.size = 0
        for shape in self.shapes:
            self.starts.append(self.size)
            self.size += -(-members * prod(shape) // ALIGNMENT) * ALIGNMENT

    @property
    def parameters(self) -> int:
        """Parameters of one member."""
        return sum(prod(shape) for shape in self.shapes)

    def views(self, flat: Tensor) -> list[Tensor]:
        """Return each layer's block of a flat buffer as (members, *shape), sharing memory."""
        blocks = zip(self.starts, self.shapes, strict=True)
        return [flat[start : start + self.members * prod(shape)].view(self.members, *shape) for start, shape in blocks]

    def rows(self, flat: Tensor) -> Tensor:
        """Return the parameters as (members, parameters): the form in which they are stored and compared."""
        return torch.cat([block.flatten(1) for block in self.views(flat)], dim=1)

    def row(self, flat: Tensor, member: int) -> Tensor:
        """Return one member's parameters (parameters,), a copy."""
        return torch.cat([block[member].flatten() for block in self.views(flat)])

    def write_rows(self, flat: Tensor, rows: Tensor, places: Sequence[int]) -> None:
        """Write the members' parameters into these rows of (any number, parameters), without another copy of all."""
        start, index = 0, torch.tensor(places, device=rows.device)
        for block, shape in zip(self.views(flat), self.shapes, strict=True):
            rows[:, start : start + prod(shape)].index_copy_(0, index, block.flatten(1))
            start += prod(shape)

    def fill(self, flat: Tensor, rows: Tensor) -> None:
        """Write (members, parameters) into a flat buffer; the inverse of `rows`."""
        start = 0
        for block, shape in zip(self.views(flat), self.shapes, strict=True):
            block.copy_(rows[:, start : start + prod(shape)].reshape(block.shape))
            start += prod(shape)

    def spread(self, values: Tensor) -> Tensor:
        """Return a flat buffer in which every element carries its member's value; values: (members,)."""
        flat = values.new_zeros(self.size)
        for block in self.views(flat):
            block.copy_(values.reshape(-1, *[1] * (block.ndim - 1)).expand_as(block))
        return flat

    def kept(self, members: int) -> Layout:
        """Return the layout of an ensemble of the same shapes with another number of members."""
        return Layout(self.shapes, members)
