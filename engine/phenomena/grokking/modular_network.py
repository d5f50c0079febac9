"""Gromov's two-layer network on pairs of tokens as an ensemble: one-hot inputs are table look-ups, gradients by hand.

Gromov 2023, arXiv:2301.02679: `f(n, m)_q = sum_k V_kq act(U_k[n] + W_k[m])`, without biases. Letters: p tokens, N neurons,
k classes, b pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.training.activations import ACTIVATIONS
from engine.training.activations import Name as ActivationName
from engine.training.initialise import Draw
from engine.training.network import Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def gromov_weights(tokens: int, neurons: int, classes: int, rng: np.random.Generator) -> Draw:
    """Return U, W (p, N) and V (N, k): Gaussian with the paper's deviation `.5/(2N)^(1/3)`."""
    deviation = 0.5 / (2 * neurons) ** (1 / 3)
    return [rng.normal(0.0, deviation, shape) for shape in ((tokens, neurons), (tokens, neurons), (neurons, classes))]


class ModularNetwork(Network):
    """Blocks U (members, p, N), W (members, p, N) and V (members, N, k).

    Inputs are pairs of token numbers, (members, b, 2). On a GPU the gradients of U and W are products with one-hot
    matrices, because adding rows at equal places there has no fixed order; on a CPU they are sums of rows.
    """

    def __init__(
        self, tokens: int, neurons: int, classes: int, members: int, dtype: torch.dtype, device: str = "cpu",
        activation: ActivationName = "square", one_hot: bool | None = None,
    ) -> None:  # fmt: skip
        self.tokens = tokens
        self.activation = ACTIVATIONS[activation]
        self.one_hot = device != "cpu" if one_hot is None else one_hot
        self._pairs: Tensor | None = None
        super().__init__([(tokens, neurons), (tokens, neurons), (neurons, classes)], members, dtype, device)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, k, b) for pairs (members, b, 2); the next call overwrites them."""
        import torch

        if x is not self._pairs:
            self._prepare(x)
        u, w, v = self.blocks
        torch.index_select(u.flatten(0, 1), 0, self._places[0], out=self._z.flatten(0, 1))
        torch.index_select(w.flatten(0, 1), 0, self._places[1], out=self._h.flatten(0, 1))
        self._z.add_(self._h)
        self.activation.apply(self._z, self._hidden)
        return torch.bmm(v.transpose(1, 2), self._hidden.transpose(1, 2), out=self._outputs)

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the gradient in the outputs, delta (members, k, b)."""
        import torch

        u, w, v = self.gradient_blocks
        torch.baddbmm(v, self._hidden.transpose(1, 2), delta.transpose(1, 2), beta=keep, out=v)
        torch.bmm(delta.transpose(1, 2), self.blocks[2].transpose(1, 2), out=self._back)
        self.activation.derive(self._back, self._z, self._hidden)
        for side, table in enumerate((u, w)):
            if self.one_hot:
                torch.baddbmm(table, self._one_hot[side], self._back, beta=keep, out=table)
            else:
                table.mul_(keep).flatten(0, 1).index_add_(0, self._places[side], self._back.flatten(0, 1))

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (k, b) for pairs (b, 2)."""
        import torch

        u, w, v = (block[member] for block in self.blocks)
        z = u[x[:, 0]] + w[x[:, 1]]
        h = z if self.activation.in_place else torch.empty_like(z)
        self.activation.apply(z, h)
        return v.T @ h.T

    def _bind(self) -> None:
        super()._bind()
        self._pairs = None

    def _prepare(self, pairs: Tensor) -> None:
        """Number the rows that these pairs look up and make room for a step; done again only for other pairs."""
        import torch

        self._pairs = pairs
        members, size, _ = pairs.shape
        _, neurons, classes = self.blocks[2].shape
        first = self.tokens * torch.arange(members, device=pairs.device)[:, None, None]
        self._places = (pairs + first).permute(2, 0, 1).flatten(1).contiguous()  # (2, members * b)
        self._z, self._h, self._back = (self.flat.new_empty(members, size, neurons) for _ in range(3))
        self._hidden = self._z if self.activation.in_place else self._h
        self._outputs = self.flat.new_empty(members, classes, size)
        if self.one_hot:
            hot = torch.nn.functional.one_hot(pairs, self.tokens).to(self.flat)  # (members, b, 2, p)
            self._one_hot = hot.permute(2, 0, 3, 1).contiguous()
