"""What the networks on pairs of tokens have in common: how they are made and read; of tables, that the same pairs are prepared once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from engine.training.initialise import Draw
from engine.training.network import EnsembleNetwork


class PairNetwork(EnsembleNetwork):
    """An ensemble whose inputs are pairs of token numbers, (members, b, 2).

    SOFTMAX: whether it learns by cross-entropy, else by squared error. EPSILON of AdamW and the steps of its WARM_UP are as published.
    """

    SOFTMAX: ClassVar[bool] = True
    EPSILON: ClassVar[float] = 1e-8
    WARM_UP: ClassVar[int] = 0

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Draw:
        """Return one member's first weights, table by table, as published."""

    @abstractmethod
    def embeddings(self, member: int) -> Tensor:
        """Return what is read as waves, (1 or 2, p, N): the weights of both tokens, or the embedding that they share."""

    @abstractmethod
    def tables(self) -> dict[str, Tensor]:
        """Return the first member's parameters, table by table by their names."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many outputs there are: one for every token at least."""

    def row(self, member: int) -> Tensor:
        """Return one member's parameters, (parameters,)."""
        return torch.cat([block[member].flatten() for block in self.blocks])


class TableNetwork(PairNetwork):
    """One that looks pairs up in tables. TABLES: what these are called, in the order of the blocks."""

    TABLES: ClassVar[tuple[str, ...]]

    def __init__(self, tokens: int, shapes: Sequence[tuple[int, ...]], members: int, dtype: torch.dtype, device: str) -> None:
        self.tokens = tokens
        self._pairs: Tensor | None = None
        super().__init__(shapes, members, dtype, device)

    def tables(self) -> dict[str, Tensor]:
        """Return the first member's tables under the field's letters."""
        return {name: block[0] for name, block in zip(self.TABLES, self.blocks, strict=True)}

    @property
    def outputs(self) -> int:
        """How many outputs there are: one for every token."""
        return self.layout.shapes[-1][-1]

    def _bind(self) -> None:
        super()._bind()
        self._pairs = None

    def _see(self, pairs: Tensor) -> None:
        """Prepare a step on these pairs unless the last one was on them."""
        if pairs is not self._pairs:
            self._pairs = pairs
            self._prepare(pairs)

    @abstractmethod
    def _prepare(self, pairs: Tensor) -> None:
        """Number the rows that these pairs look up and make room for a step."""


def rows_of_all(rows: Tensor, count: int) -> Tensor:
    """Return rows of each member's table, (members, b, c) in 0..count-1, as rows of all tables end to end."""
    return rows + count * torch.arange(len(rows), device=rows.device)[:, None, None]
