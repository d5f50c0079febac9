"""Nanda's one-layer transformer on "a b =" as table look-ups: exactly the published function, with far fewer operations.

Nanda, Chan, Lieberum, Smith, Steinhardt 2023, arXiv:2301.05217: d_model 128, 4 heads of 32, d_mlp 512, ReLU, learned positions, no
LayerNorm, no attention biases, untied; 226,816 parameters at p = 113. Only the last position is read, so the query (of "=")
is the same for all pairs, keys and values depend on one token each, and the MLP and the unembedding act at one position.

Letters: p tokens, d the model's width, h heads of width e, N neurons, k = p + 1 outputs, b pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.training.initialise import Draw
from engine.training.network import Network

if TYPE_CHECKING:
    import torch
    from torch import Tensor

WIDTH, HEADS, HEAD = 128, 4, 32
POSITIONS = 3
NAMES = ("E", "P", "Wq", "Wk", "Wv", "Wo", "W_in", "b_in", "W_out", "b_out", "W_U")


def shapes(tokens: int, neurons: int) -> list[tuple[int, ...]]:
    """Return the shape of every table in the order of NAMES; products are `x @ W`."""
    head = (HEADS, WIDTH, HEAD)
    attention = [head, head, head, (HEADS, HEAD, WIDTH)]
    return [
        (tokens + 1, WIDTH),
        (POSITIONS, WIDTH),
        *attention,
        (WIDTH, neurons),
        (neurons,),
        (neurons, WIDTH),
        (WIDTH,),
        (WIDTH, tokens + 1),
    ]


def nanda_weights(tokens: int, neurons: int, rng: np.random.Generator) -> Draw:
    """Return Gaussian tables of variance 1/d_model, the unembedding's 1/(p+1), biases zero."""
    made = []
    for name, shape in zip(NAMES, shapes(tokens, neurons), strict=True):
        variance = 1 / (tokens + 1) if name == "W_U" else 1 / WIDTH
        made.append(np.zeros(shape) if name.startswith("b_") else rng.normal(0.0, variance**0.5, shape))
    return made


class Transformer(Network):
    """An ensemble of transformers; inputs are pairs of token numbers, (members, b, 2).

    MLP and unembedding, where the work is, have gradients by hand in buffers that are used again; attention has autograd's.
    """

    def __init__(self, tokens: int, neurons: int, members: int, dtype: torch.dtype, device: str = "cpu") -> None:
        self.tokens = tokens
        self._pairs: Tensor | None = None
        super().__init__(shapes(tokens, neurons), members, dtype, device)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, k, b) for pairs (members, b, 2); the next call overwrites them."""
        import torch

        if x is not self._pairs:
            self._prepare(x)
        with torch.enable_grad():
            self._attention = attend(self._leaves)
        by_a, by_b, base = (item.detach().view(-1, WIDTH) for item in self._attention)
        torch.index_select(by_a, 0, self._rows[0], out=self._residual.view(-1, WIDTH))
        torch.index_select(by_b, 0, self._rows[1], out=self._spare.view(-1, WIDTH))
        self._residual.add_(self._spare).add_(base[:, None])
        return read_out(self.blocks, self._residual, self._hidden, self._outputs)

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the gradient in the outputs, delta (members, k, b)."""
        import torch

        _, _, _, _, _, _, w_in, _, w_out, b_out, w_u = self.blocks
        *_, g_in, g_b_in, g_out, g_b_out, g_u = self.gradient_blocks
        self.gradient.mul_(keep)
        upper = delta.transpose(1, 2)  # (members, b, k)
        g_joint = torch.bmm(self._hidden.transpose(1, 2), upper)  # of W_out W_U, (members, N, k)
        g_bias = delta.sum(2)  # of b_out W_U, (members, k)
        g_u.baddbmm_(self._residual.transpose(1, 2), upper).baddbmm_(w_out.transpose(1, 2), g_joint).baddbmm_(
            b_out[..., None], g_bias[:, None]
        )
        g_out.baddbmm_(g_joint, w_u.transpose(1, 2))
        g_b_out.add_((w_u @ g_bias[..., None])[..., 0])
        torch.bmm(upper, (w_out @ w_u).transpose(1, 2), out=self._back)
        torch.ops.aten.threshold_backward.grad_input(self._back, self._hidden, 0, grad_input=self._back)  # one pass over memory
        g_in.baddbmm_(self._residual.transpose(1, 2), self._back)
        g_b_in.add_((self._ones @ self._back)[:, 0])
        lower = self._padded[:, :-1]  # the gradient in the residual, (members, b, d)
        torch.bmm(upper, w_u.transpose(1, 2), out=lower)
        torch.baddbmm(lower, self._back, w_in.transpose(1, 2), out=lower)
        flat = self._padded.view(-1, WIDTH)
        grids = [flat.index_select(0, row).view_as(grid) for row, grid in zip(self._inverse, self._attention, strict=False)]
        torch.autograd.backward(self._attention, [*grids, lower.sum(1)])

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (k, b) for pairs (b, 2)."""
        import torch

        tables = [block[member : member + 1] for block in self.blocks]
        with torch.no_grad():
            by_a, by_b, base = attend(tables)
        rows = self._numbered(x[None])
        residual = by_a.view(-1, WIDTH)[rows[0]] + by_b.view(-1, WIDTH)[rows[1]] + base
        hidden = residual.new_empty(1, len(x), tables[6].shape[2])
        return read_out(tables, residual[None], hidden, residual.new_empty(1, self.tokens + 1, len(x)))[0]

    def _bind(self) -> None:
        """Point the layers, and autograd's leaves with their gradients, at the present buffers."""
        super()._bind()
        self._pairs = None
        self._leaves = [block.detach().requires_grad_() for block in self.blocks[:6]]
        for leaf, gradient in zip(self._leaves, self.gradient_blocks, strict=False):
            leaf.grad = gradient

    def _prepare(self, pairs: Tensor) -> None:
        """Make room for a step on these pairs; done again only for other pairs. No pair may occur twice."""
        import torch

        members, size, _ = pairs.shape
        neurons = self.blocks[6].shape[2]
        self._pairs, self._rows = pairs, self._numbered(pairs)
        self._residual, self._spare = (self.flat.new_empty(members, size, WIDTH) for _ in range(2))
        self._padded = self.flat.new_zeros(members, size + 1, WIDTH)  # the last row of a member: no such pair in training
        self._hidden, self._back = (self.flat.new_empty(members, size, neurons) for _ in range(2))
        self._outputs = self.flat.new_empty(members, self.tokens + 1, size)
        self._ones = self.flat.new_ones(members, 1, size)
        places = torch.arange(members * (size + 1), device=pairs.device).view(members, size + 1)
        cells = places[:, -1:].repeat(2, 1, self.tokens**2).flatten(1)  # (2, members * p^2)
        for side, rows in enumerate(self._rows):
            cells[side, rows] = places[:, :-1].flatten()
        self._inverse = cells

    def _numbered(self, pairs: Tensor) -> Tensor:
        """Return where each pair lies in the grids of all members, (2, members * b): by (a, b) and by (b, a)."""
        import torch

        first = self.tokens**2 * torch.arange(len(pairs), device=pairs.device)[:, None]
        a, b = pairs[..., 0], pairs[..., 1]
        return torch.stack([first + a * self.tokens + b, first + b * self.tokens + a]).flatten(1)


def read_out(tables: Sequence[Tensor], residual: Tensor, hidden: Tensor, outputs: Tensor) -> Tensor:
    """Write the MLP's activations to hidden (members, b, N) and return outputs (members, k, b); residual: (members, b, d)."""
    import torch

    w_in, b_in, w_out, b_out, w_u = tables[6:]
    torch.baddbmm(b_in[:, None], residual, w_in, out=hidden).clamp_(min=0)
    unembed = w_u.transpose(1, 2)  # (members, k, d)
    torch.baddbmm(unembed @ b_out[..., None], unembed, residual.transpose(1, 2), out=outputs)
    return torch.baddbmm(outputs, (w_out @ w_u).transpose(1, 2), hidden.transpose(1, 2), out=outputs)


def attend(tables: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Return what attention adds up to at the last position: by (a, b) and by (b, a), (members, p, p, d), and for all (members, d).

    The three weights of a head sum to 1, so that only the two of a and b are needed: values count from that of "=".
    """
    embedding, place, w_q, w_k, w_v, w_o = tables[:6]
    tokens = embedding.shape[1] - 1
    last = embedding[:, tokens] + place[:, 2]  # (members, d)
    query = last[:, None, None] @ w_q  # (members, h, 1, e)
    direction = (w_k @ query.transpose(2, 3))[..., 0] / HEAD**0.5  # (members, h, d)
    value_of_last = last[:, None, None] @ w_v @ w_o  # (members, h, 1, d)
    inputs = [embedding[:, :tokens] + place[:, side, None] for side in (0, 1)]  # (members, p, d)
    scores = [x @ direction.transpose(1, 2) for x in inputs]  # (members, p, h)
    values = [(x[:, None] @ w_v @ w_o - value_of_last).transpose(1, 2) for x in inputs]  # (members, p, h, d)
    own = (last[:, None] @ direction.transpose(1, 2))[:, :, None]  # (members, 1, 1, h)
    weights = _softmax(scores[0][:, :, None], scores[1][:, None], own)  # two of (members, a, b, h)
    by_a = weights[0] @ values[0]  # (members, a, b, d)
    by_b = weights[1].transpose(1, 2) @ values[1]  # (members, b, a, d)
    return by_a, by_b, last + value_of_last.sum(dim=(1, 2))


def _softmax(first: Tensor, second: Tensor, third: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first two weights of the softmax of three broadcast scores."""
    import torch

    highest = torch.maximum(torch.maximum(first, second), third).detach()
    one, two, three = ((score - highest).exp() for score in (first, second, third))
    total = one + two + three
    return one / total, two / total
