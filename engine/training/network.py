"""What an ensemble of networks offers to optimizers and trainers, whatever its layers are.

All members live in one flat buffer; `backward` adds to another, keeping a multiple of what was there, so that the
gradient buffer doubles as the velocity of momentum without a further pass.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.training.layout import Layout


class EnsembleNetwork(ABC):
    """An ensemble: `flat` (layout.size,) holds every member's parameters, `gradient` the same for gradients."""

    def __init__(self, shapes: Sequence[tuple[int, ...]], members: int, dtype: torch.dtype, device: str) -> None:
        self.layout = Layout(shapes, members)
        self.flat: Tensor = torch.zeros(self.layout.size, dtype=dtype, device=device)
        self.gradient: Tensor = torch.zeros_like(self.flat)
        self.blocks: list[Tensor] = []
        self.gradient_blocks: list[Tensor] = []
        self._bind()

    @property
    def members(self) -> int:
        """How many members are being computed."""
        return self.layout.members

    @property
    def alike(self) -> Hashable:
        """What networks have in common whose members can stand side by side in one of them."""
        return type(self), self.layout.shapes, self.flat.dtype, self.flat.device

    def sized(self, members: int) -> Self:
        """Return a network like this one with another number of members, all of whose parameters are 0."""
        made = copy.copy(self)
        made.layout = self.layout.kept(members)
        made.flat = self.flat.new_zeros(made.layout.size)
        made.gradient = torch.zeros_like(made.flat)
        made._bind()
        made._forget()
        return made

    def load(self, member: int, drawn: Sequence[NDArray[np.float64]]) -> None:
        """Write one member's parameters; arrays smaller than the layer fill its first entries, the rest is zero."""
        for block, values in zip(self.blocks, drawn, strict=True):
            block[member].zero_()
            corner = tuple(slice(0, size) for size in values.shape)
            block[member][corner] = torch.from_numpy(values).to(block)

    def keep(self, members: Sequence[int]) -> None:
        """Go on with these members only; the parameters and gradients of the others are dropped."""
        layout = self.layout.kept(len(members))
        self.blocks, self.gradient_blocks = [], []  # so that each buffer is freed before the next one is made
        self.flat = self._compacted(self.flat, members, layout)
        self.gradient = self._compacted(self.gradient, members, layout)
        self.layout = layout
        self._bind()

    def compacted(self, buffer: Tensor, members: Sequence[int]) -> Tensor:
        """Return the part of another buffer in this layout (an optimizer's moments) that belongs to these members."""
        return self._compacted(buffer, members, self.layout.kept(len(members)))

    def _compacted(self, buffer: Tensor, members: Sequence[int], layout: Layout) -> Tensor:
        made = buffer.new_zeros(layout.size)
        for old, new in zip(self.layout.views(buffer), layout.views(made), strict=True):
            new.copy_(old[list(members)])
        return made

    def _bind(self) -> None:
        """Point the layers at the present buffers."""
        self.blocks = self.layout.views(self.flat)
        self.gradient_blocks = self.layout.views(self.gradient)

    def _forget(self) -> None:
        """Drop what belongs to steps that were taken: another network made it."""
        return

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, k, batch) for inputs (members, batch, d); the next call overwrites them.

        Classes come before samples because a softmax along the last axis of ten is ten times slower (measured).
        """

    @abstractmethod
    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the last `forward`; delta: (members, k, batch)."""

    @abstractmethod
    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (k, n) for inputs (n, d), in fresh memory."""
