"""The perceptron of Prieto et al. on pairs of tokens as an ensemble: one-hot inputs are table look-ups, gradients by hand.

Prieto, Barsbey, Mediano, Birdal 2025, arXiv:2501.04697: 2p-N-N-p, ReLU, no biases, PyTorch's first weights. Letters: p tokens and
outputs, N neurons of both hidden layers, b pairs.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.phenomena.grokking.pair_network import TableNetwork, rows_of_all
from engine.training.initialise import Draw


class PrietoPerceptron(TableNetwork):
    """Blocks A (members, 2p, N), rows for the first and for the second token, M (members, N, N) and V (members, N, p).

    On a GPU the gradient of A is a product with a matrix of ones and zeros, because adding rows at equal places there has no fixed
    order; on a CPU it is a sum of rows. AdamW's epsilon is so small that steps do not end when gradients are small.
    """

    TABLES = ("A", "M", "V")
    EPSILON = 1e-25

    def __init__(
        self, tokens: int, neurons: int, members: int, dtype: torch.dtype = torch.float32, device: str = "cpu", one_hot: bool | None = None
    ) -> None:
        self.neurons, self.one_hot = neurons, device != "cpu" if one_hot is None else one_hot
        super().__init__(tokens, [(2 * tokens, neurons), (neurons, neurons), (neurons, tokens)], members, dtype, device)

    def draw(self, rng: np.random.Generator) -> Draw:
        """Return tables uniform within 1/sqrt(fan_in)."""
        return [rng.uniform(-(shape[0] ** -0.5), shape[0] ** -0.5, shape) for shape in self.layout.shapes]

    def embeddings(self, member: int) -> Tensor:
        """Return both halves of A, (2, p, N)."""
        return self.blocks[0][member].view(2, self.tokens, self.neurons)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, p, b) for pairs (members, b, 2); the next call overwrites them."""
        self._see(x)
        table, middle, upper = self.blocks
        torch.index_select(table.flatten(0, 1), 0, self._places[0], out=self._first.flatten(0, 1))
        torch.index_select(table.flatten(0, 1), 0, self._places[1], out=self._second.flatten(0, 1))
        self._first.add_(self._second).clamp_(min=0)
        torch.bmm(self._first, middle, out=self._second).clamp_(min=0)
        return torch.bmm(upper.transpose(1, 2), self._second.transpose(1, 2), out=self._outputs)

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the gradient in the outputs, delta (members, p, b)."""
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
        """Return one member's outputs (p, b) for pairs (b, 2)."""
        table, middle, upper = (block[member] for block in self.blocks)
        hidden = (table[x[:, 0]] + table[x[:, 1] + self.tokens]).relu() @ middle
        return upper.T @ hidden.relu().T

    def _prepare(self, pairs: Tensor) -> None:
        members, size, _ = pairs.shape
        rows = pairs + torch.tensor([0, self.tokens], device=pairs.device)  # (members, b, 2) in 0..2p-1
        self._places = rows_of_all(rows, 2 * self.tokens).permute(2, 0, 1).flatten(1).contiguous()  # (2, members * b)
        self._first, self._second, self._back = (self.flat.new_empty(members, size, self.neurons) for _ in range(3))
        self._outputs = self.flat.new_empty(members, self.tokens, size)
        if self.one_hot:
            hot = torch.nn.functional.one_hot(rows, 2 * self.tokens).sum(2).to(self.flat)  # (members, b, 2p)
            self._ones = hot.transpose(1, 2).contiguous()
