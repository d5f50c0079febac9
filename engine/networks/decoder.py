"""The two-layer decoder of Power et al. 2022, arXiv:2201.02177: tokens "a op b =", width 128, 4 heads, answers read at the last one.

Blocks normalise after the sum (Vaswani et al. 2017, arXiv:1706.03762), the hidden layer has four times the width with ReLU,
attention looks back only, positions are the fixed sines of that paper.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

TOKENS = 4  # a, the operation, b, =


class Decoder(nn.Module):
    """Maps pairs (batch, 2) of whole numbers below p to logits (batch, p).

    Args:
        p: answers and operands; two tokens more stand for the operation and "=".
        width, heads, layers: of the blocks.
    """

    positions: Tensor

    def __init__(self, p: int, width: int = 128, heads: int = 4, layers: int = 2) -> None:
        super().__init__()
        self.p = p
        self.embedding = nn.Embedding(p + 2, width)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.answer = nn.Linear(width, p, bias=False)
        self.register_buffer("positions", _sines(TOKENS, width), persistent=False)

    def forward(self, pairs: Tensor) -> Tensor:
        """Return the logits of the answers."""
        pairs = pairs.long()
        operation = torch.full_like(pairs[:, :1], self.p)
        tokens = torch.cat([pairs[:, :1], operation, pairs[:, 1:], operation + 1], dim=1)
        h = self.embedding(tokens) + self.positions
        for block in self.blocks:
            h = block(h)
        logits: Tensor = self.answer(h[:, -1])
        return logits


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.mixed = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, h: Tensor) -> Tensor:
        batch, tokens, width = h.shape
        query, key, value = self.mixed(h).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(query, key, value, is_causal=True)
        h = self.norm1(h + self.joined(seen.transpose(1, 2).reshape(batch, tokens, width)))
        outputs: Tensor = self.norm2(h + self.down(relu(self.up(h))))
        return outputs


def _sines(tokens: int, width: int) -> Tensor:
    """Return the positions (tokens, width): sines in even columns, cosines in odd ones."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(tokens)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)
