"""The perceptron of Prieto et al. on pairs of tokens as an ensemble: one-hot inputs are table look-ups, gradients by hand.

Prieto, Barsbey, Mediano, Birdal 2025, arXiv:2501.04697: 2p-N-N-k, ReLU, no biases, PyTorch's first weights. Letters: p tokens, N neurons
of both hidden layers, k classes, b pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.training.initialise import Draw
from engine.training.network import Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def perceptron_weights(tokens: int, neurons: int, classes: int, rng: np.random.Generator) -> Draw:
    """Return A (2p, N), M (N, N) and V (N, k), uniform within 1/sqrt(fan_in)."""
    shapes = ((2 * tokens, neurons), (neurons, neurons), (neurons, classes))
    return [rng.uniform(-(shape[0] ** -0.5), shape[0] ** -0.5, shape) for shape in shapes]


class PairPerceptron(Network):
    """Blocks A (members, 2p, N), rows for the first and for the second token, M (members, N, N) and V (members, N, k).

    Inputs are pairs of token numbers, (members, b, 2). On a GPU the gradient of A is a product with a matrix of ones and zeros, because
    adding rows at equal places there has no fixed order; on a CPU it is a sum of rows.
    """

    def __init__(
        self, tokens: int, neurons: int, classes: int, members: int, dtype: torch.dtype, device: str = "cpu", one_hot: bool | None = None
    ) -> None:
        self.tokens = tokens
        self.one_hot = device != "cpu" if one_hot is None else one_hot
        self._pairs: Tensor | None = None
        super().__init__([(2 * tokens, neurons), (neurons, neurons), (neurons, classes)], members, dtype, device)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, k, b) for pairs (members, b, 2); the next call overwrites them."""
        import torch

        if x is not self._pairs:
            self._prepare(x)
        table, middle, upper = self.blocks
        torch.index_select(table.flatten(0, 1), 0, self._places[0], out=self._first.flatten(0, 1))
        torch.index_select(table.flatten(0, 1), 0, self._places[1], out=self._second.flatten(0, 1))
        self._first.add_(self._second).clamp_(min=0)
        torch.bmm(self._first, middle, out=self._second).clamp_(min=0)
        return torch.bmm(upper.transpose(1, 2), self._second.transpose(1, 2), out=self._outputs)

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the gradient in the outputs, delta (members, k, b)."""
        import torch

        _, middle, upper = self.blocks
        g_table, g_middle, g_upper = self.gradient_blocks
        self.gradient.mul_(keep)
        g_upper.baddbmm_(self._second.transpose(1, 2), delta.transpose(1, 2))
        torch.bmm(delta.transpose(1, 2), upper.transpose(1, 2), out=self._back)
        torch.ops.aten.threshold_backward.grad_input(self._back, self._second, 0, grad_input=self._back)
        g_middle.baddbmm_(self._first.transpose(1, 2), self._back)
        torch.bmm(self._back, middle.transpose(1, 2), out=self._second)
        torch.ops.aten.threshold_backward.grad_input(self._second, self._first, 0, grad_input=self._second)
        if self.one_hot:
            g_table.baddbmm_(self._ones, self._second)
        else:
            for places in self._places:
                g_table.flatten(0, 1).index_add_(0, places, self._second.flatten(0, 1))

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (k, b) for pairs (b, 2)."""
        table, middle, upper = (block[member] for block in self.blocks)
        hidden = (table[x[:, 0]] + table[x[:, 1] + self.tokens]).relu() @ middle
        return upper.T @ hidden.relu().T

    def _bind(self) -> None:
        super()._bind()
        self._pairs = None

    def _prepare(self, pairs: Tensor) -> None:
        """Number the rows that these pairs look up and make room for a step; done again only for other pairs."""
        import torch

        self._pairs = pairs
        members, size, _ = pairs.shape
        _, neurons, classes = self.blocks[2].shape
        rows = pairs + torch.tensor([0, self.tokens], device=pairs.device)  # (members, b, 2) in 0..2p-1
        first = 2 * self.tokens * torch.arange(members, device=pairs.device)[:, None, None]
        self._places = (rows + first).permute(2, 0, 1).flatten(1).contiguous()  # (2, members * b)
        self._first, self._second, self._back = (self.flat.new_empty(members, size, neurons) for _ in range(3))
        self._outputs = self.flat.new_empty(members, classes, size)
        if self.one_hot:
            hot = torch.nn.functional.one_hot(rows, 2 * self.tokens).sum(2).to(self.flat)  # (members, b, 2p)
            self._ones = hot.transpose(1, 2).contiguous()
