"""The two-layer decoder of Power et al. 2022, arXiv:2201.02177: tokens "a op b =", width 128, 4 heads, answers read at the last one.

Blocks normalise after the sum (Vaswani et al. 2017, arXiv:1706.03762), the hidden layer has four times the width with ReLU,
attention looks back only, positions are the fixed sines of that paper.

Since attention looks back only, what stands at "a op" depends on a alone: it is computed once for each of the p values of a, and pairs look
it up. Only the last token's answer is read, so the last block computes nothing but that; and what the first block makes of a token before
attention depends on the token alone. The function is the same; it takes a third of the operations where pairs are many.

Letters: p answers, d the width, h heads of width e, B pairs.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, relu

TOKENS = 4  # a, the operation, b, =
HEADS = 4  # as published


class Decoder(nn.Module):
    """Maps pairs (B, 2) of whole numbers below p to logits (B, p).

    Args:
        p: answers and operands; two tokens more stand for the operation and "=".
        width, heads, layers: of the blocks.
    """

    positions: Tensor

    def __init__(self, p: int, width: int = 128, heads: int = HEADS, layers: int = 2) -> None:
        super().__init__()
        self.p = p
        self.embedding = nn.Embedding(p + 2, width)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.answer = nn.Linear(width, p, bias=False)
        self.register_buffer("positions", _sines(TOKENS, width), persistent=False)

    def forward(self, pairs: Tensor) -> Tensor:
        """Return the logits of the answers."""
        blocks = [block for block in self.blocks if isinstance(block, _Block)]
        p, table, at = self.p, self.embedding.weight, self.positions
        a, b = pairs.long().unbind(1)
        start = torch.stack([table[:p] + at[0], (table[p] + at[1]).expand(p, -1)], dim=1)  # (p, 2, d): "a op" for every a
        ends = torch.cat([table[:p] + at[2], table[p + 1 :] + at[3]])  # (p + 1, d): every b, and "="
        places = torch.stack([b, torch.full_like(b, p)], dim=1)
        end, mixed = embedding(places, ends), embedding(places, blocks[0].mixed(ends))  # (B, 2, d) and (B, 2, 3d): "b ="
        for number, block in enumerate(blocks):
            if number:
                mixed = block.mixed(end)
            start, end = block(start, a, end, mixed, number == len(blocks) - 1)
        logits: Tensor = self.answer(end[:, -1])
        return logits


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.mixed = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, start: Tensor, a: Tensor, end: Tensor, mixed: Tensor, last: bool) -> tuple[Tensor, Tensor]:
        """Return what the block makes of "a op" (p, 2, d) and of "b =" (B, 2, d); of "=" alone (B, 1, d), if it is the last one.

        a: (B,) whose start a pair has; mixed: (B, 2, 3d) queries, keys and values of `end`.
        """
        query, key, value = self._split(self.mixed(start))
        queries, keys, values = self._split(mixed)
        seen = [torch.cat([embedding(a, x.flatten(1)).view(-1, *x.shape[1:]), y], dim=1) for x, y in ((key, keys), (value, values))]
        if last:
            return start, self._after(end[:, -1:], _attention(queries[:, -1:], *seen))
        return self._after(start, _attention(query, key, value)), self._after(end, _attention(queries, *seen))

    def _split(self, mixed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values (n, tokens, h, e) of (n, tokens, 3d)."""
        query, key, value = mixed.view(*mixed.shape[:2], 3, self.heads, -1).unbind(2)
        return query, key, value

    def _after(self, h: Tensor, seen: Tensor) -> Tensor:
        """Add attention (n, tokens, h, e) and the hidden layer to h (n, tokens, d)."""
        h = self.norm1(h + self.joined(seen.flatten(2)))
        outputs: Tensor = self.norm2(h + self.down(relu(self.up(h))))
        return outputs


def _attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return what the last t of s tokens see of those up to themselves, (n, t, h, e); query: (n, t, h, e), key, value: (n, s, h, e).

    So few tokens make products too small for a matrix library: they are multiplied and added number by number.
    """
    t, s = query.shape[1], key.shape[1]
    found = []
    for place in range(t):
        until = s - t + place + 1
        scores = (query[:, place, None] * key[:, :until]).sum(3, keepdim=True) * query.shape[3] ** -0.5  # (n, until, h, 1)
        found.append((torch.softmax(scores, dim=1) * value[:, :until]).sum(1))
    return torch.stack(found, dim=1)


def _sines(tokens: int, width: int) -> Tensor:
    """Return the positions (tokens, width): sines in even columns, cosines in odd ones."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(tokens)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)
