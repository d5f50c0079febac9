"""Gromov's two-layer network on pairs of tokens as an ensemble: one-hot inputs are table look-ups, gradients by hand.

Gromov 2023, arXiv:2301.02679: `f(n, m)_q = sum_k V_kq act(U_k[n] + W_k[m])`, without biases. Letters: p tokens and outputs, N neurons,
b pairs.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import torch
from torch import Tensor

from engine.phenomena.grokking.pair_network import TableNetwork, rows_of_all
from engine.phenomena.grokking.row_sums import RowSums
from engine.training.activations import ACTIVATIONS
from engine.training.activations import Name as ActivationName
from engine.training.initialise import Draw


class GromovNetwork(TableNetwork):
    """Blocks U (members, p, N), W (members, p, N) and V (members, N, p).

    On a GPU the gradients of U and W are products with one-hot matrices, because adding rows at equal places there has no fixed order.
    On a CPU a pair's two rows are summed in one pass over the tables end to end, and a row's gradient over the pairs that look it up.
    """

    TABLES = ("U", "W", "V")
    SOFTMAX = False
    _z: Tensor  # (members, b, N), as are the next three
    _h: Tensor
    _hidden: Tensor
    _back: Tensor
    _outputs: Tensor  # (members, p, b)

    def __init__(
        self, tokens: int, neurons: int, members: int, dtype: torch.dtype = torch.float32, device: str = "cpu",
        activation: ActivationName = "square", one_hot: bool | None = None,
    ) -> None:  # fmt: skip
        self.neurons, self.activation = neurons, ACTIVATIONS[activation]
        self.one_hot = device != "cpu" if one_hot is None else one_hot
        super().__init__(tokens, [(tokens, neurons), (tokens, neurons), (neurons, tokens)], members, dtype, device)

    @property
    def alike(self) -> Hashable:
        """What networks have in common whose members can stand side by side in one of them."""
        return super().alike, self.activation

    def draw(self, rng: np.random.Generator) -> Draw:
        """Return Gaussian tables with the paper's deviation `.5/(2N)^(1/3)`."""
        deviation = 0.5 / (2 * self.neurons) ** (1 / 3)
        return [rng.normal(0.0, deviation, shape) for shape in self.layout.shapes]

    def embeddings(self, member: int) -> Tensor:
        """Return U and W, (2, p, N)."""
        return torch.stack([block[member] for block in self.blocks[:2]])

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, p, b) for pairs (members, b, 2); the next call overwrites them."""
        self._see(x)
        u, w, v = self.blocks
        if self.one_hot:
            torch.index_select(u.flatten(0, 1), 0, self._places[0], out=self._z.flatten(0, 1))
            torch.index_select(w.flatten(0, 1), 0, self._places[1], out=self._h.flatten(0, 1))
            self._z.add_(self._h)
        else:
            self._z = self._sums.summed(torch.cat([u, w], dim=1))
            self._hidden = self._z if self.activation.in_place else self._h
        self.activation.apply(self._z, self._hidden)
        return torch.bmm(v.transpose(1, 2), self._hidden.transpose(1, 2), out=self._outputs)

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the gradient in the outputs, delta (members, p, b)."""
        u, w, v = self.gradient_blocks
        torch.baddbmm(v, self._hidden.transpose(1, 2), delta.transpose(1, 2), beta=keep, out=v)
        torch.bmm(delta.transpose(1, 2), self.blocks[2].transpose(1, 2), out=self._back)
        self.activation.derive(self._back, self._z, self._hidden)
        if self.one_hot:
            for side, table in enumerate((u, w)):
                torch.baddbmm(table, self._one_hot[side], self._back, beta=keep, out=table)
        else:
            for table, found in zip((u, w), torch.split(self._sums.users_summed(self._back), self.tokens, dim=1), strict=True):
                table.mul_(keep).add_(found) if keep else table.copy_(found)

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (p, b) for pairs (b, 2)."""
        u, w, v = (block[member] for block in self.blocks)
        places = x + torch.tensor([0, self.tokens], device=x.device)
        z = torch.nn.functional.embedding_bag(places, torch.cat([u, w]), mode="sum")
        h = z if self.activation.in_place else torch.empty_like(z)
        self.activation.apply(z, h)
        return v.T @ h.T

    def _prepare(self, pairs: Tensor) -> None:
        members, size, _ = pairs.shape
        self._places = rows_of_all(pairs, self.tokens).permute(2, 0, 1).flatten(1).contiguous()  # (2, members * b)
        self._sums = RowSums(pairs + torch.tensor([0, self.tokens], device=pairs.device), 2 * self.tokens)
        self._z, self._h, self._back = (self.flat.new_empty(members, size, self.neurons) for _ in range(3))
        self._hidden = self._z if self.activation.in_place else self._h
        self._outputs = self.flat.new_empty(members, self.tokens, size)
        if self.one_hot:
            hot = torch.nn.functional.one_hot(pairs, self.tokens).to(self.flat)  # (members, b, 2, p)
            self._one_hot = hot.permute(2, 0, 3, 1).contiguous()
