"""Nanda's one-layer transformer on "a b =" as table look-ups: exactly the published function, with far fewer operations.

Nanda, Chan, Lieberum, Smith, Steinhardt 2023, arXiv:2301.05217: d_model 128, 4 heads of 32, d_mlp 512, ReLU, learned positions, no
LayerNorm, no attention biases, untied; 226,816 parameters at p = 113. Only the last position is read, so the query (of "=")
is the same for all pairs, keys and values depend on one token each, and the MLP and the unembedding act at one position. What a
token adds to the MLP's input and to the outputs by way of a head is then a row of a table of 2p h rows; a pair is a weighted sum of 8.

Letters: p tokens, d the model's width, h heads of width e, N neurons, k = p + 1 outputs, b pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.phenomena.grokking.pair_network import TableNetwork
from engine.phenomena.grokking.row_sums import RowSums
from engine.training.initialise import Draw

WIDTH, HEADS, HEAD = 128, 4, 32
POSITIONS = 3


@dataclass(frozen=True)
class Passed:
    """What a forward pass leaves for the backward one.

    weights: attention on both tokens, (members, b, 2h), rest: on "=", (members, b, h); to_hidden, to_outputs: the tables
    (members, 2p h, N) and (members, 2p h, k); joint: W_out W_U (members, N, k); hidden: (members, b, N).
    """

    weights: Tensor
    rest: Tensor
    to_hidden: Tensor
    to_outputs: Tensor
    joint: Tensor
    hidden: Tensor


class NandaTransformer(TableNetwork):
    """An ensemble of transformers; outputs are the p tokens and "=".

    What depends on pairs has gradients by hand; what depends on tokens alone, in `attend`, has autograd's.
    """

    TABLES = ("E", "P", "Wq", "Wk", "Wv", "Wo", "W_in", "b_in", "W_out", "b_out", "W_U")
    WARM_UP = 10

    def __init__(self, tokens: int, neurons: int, members: int, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        head = (HEADS, WIDTH, HEAD)
        embeddings = [(tokens + 1, WIDTH), (POSITIONS, WIDTH)]
        hidden = [(WIDTH, neurons), (neurons,), (neurons, WIDTH), (WIDTH,)]
        shapes = [*embeddings, head, head, head, (HEADS, HEAD, WIDTH), *hidden, (WIDTH, tokens + 1)]  # products are `x @ W`
        super().__init__(tokens, shapes, members, dtype, device)

    def draw(self, rng: np.random.Generator) -> Draw:
        """Return Gaussian tables of variance 1/d_model, the unembedding's 1/(p+1), biases zero."""
        drawn = []
        for name, shape in zip(self.TABLES, self.layout.shapes, strict=True):
            variance = 1 / (self.tokens + 1) if name == "W_U" else 1 / WIDTH
            drawn.append(np.zeros(shape) if name in ("b_in", "b_out") else rng.normal(0.0, variance**0.5, shape))
        return drawn

    def embeddings(self, member: int) -> Tensor:
        """Return E without "=", (1, p, d)."""
        return self.blocks[0][member : member + 1, : self.tokens]

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, k, b) for pairs (members, b, 2)."""
        self._see(x)
        with torch.enable_grad():
            self._attention = attend(self._leaves)
        outputs, self._passed = read_out(self.blocks, [item.detach() for item in self._attention], self._sums)
        return outputs

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the gradient in the outputs, delta (members, k, b)."""
        _, _, _, _, _, _, w_in, _, w_out, b_out, w_u = self.blocks
        *_, g_in, g_b_in, g_out, g_b_out, g_u = self.gradient_blocks
        passed, (_, _, values, base) = self._passed, (item.detach() for item in self._attention)
        self.gradient.mul_(keep)
        upper = delta.transpose(1, 2).contiguous()  # (members, b, k)
        g_joint = torch.bmm(passed.hidden.transpose(1, 2), upper)  # of W_out W_U, (members, N, k)
        back = torch.bmm(upper, passed.joint.transpose(1, 2))  # (members, b, N)
        torch.ops.aten.threshold_backward.grad_input(back, passed.hidden, 0, grad_input=back)  # one pass over memory
        g_bias, g_hidden = delta.sum(2)[:, None], back.sum(1, keepdim=True)  # of the outputs (members, 1, k), of the input (members, 1, N)
        g_to_hidden, g_to_outputs = (self._sums.spread(item, passed.weights) for item in (back, upper))  # of both tables
        g_in.baddbmm_(values.transpose(1, 2), g_to_hidden).baddbmm_(base[..., None], g_hidden)
        g_b_in.add_(g_hidden[:, 0])
        g_u.baddbmm_(values.transpose(1, 2), g_to_outputs).baddbmm_((base + b_out)[..., None], g_bias)
        g_u.baddbmm_(w_out.transpose(1, 2), g_joint)
        g_out.baddbmm_(g_joint, w_u.transpose(1, 2))
        of_residual = g_bias @ w_u.transpose(1, 2)  # (members, 1, d)
        g_b_out.add_(of_residual[:, 0])
        g_values = torch.bmm(g_to_hidden, w_in.transpose(1, 2)).baddbmm_(g_to_outputs, w_u.transpose(1, 2))
        g_base = of_residual.baddbmm_(g_hidden, w_in.transpose(1, 2))[:, 0]
        g_weights = self._sums.dots(back, passed.to_hidden) + self._sums.dots(upper, passed.to_outputs)
        g_scores, g_own = self._through_softmax(g_weights)
        with torch.enable_grad():  # one number: gradients that are given take half a second of imports
            parts = zip(self._attention, (g_scores, g_own, g_values, g_base), strict=True)
            total = torch.stack([(item * given).sum() for item, given in parts]).sum()
        total.backward()  # type: ignore[no-untyped-call]

    def _through_softmax(self, g_weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients in the scores of both tokens (members, 2p, h) and in that of "=" (members, h)."""
        weights, rest = self._passed.weights, self._passed.rest
        pulled = (weights * g_weights).view(*weights.shape[:2], 2, HEADS).sum(2)  # (members, b, h)
        by_pair = weights * (g_weights - pulled.repeat(1, 1, 2))
        return self._sums.gathered(by_pair).view(len(weights), -1, HEADS), -(rest * pulled).sum(1)

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (k, b) for pairs (b, 2)."""
        tables = [block[member : member + 1] for block in self.blocks]
        with torch.no_grad():
            return read_out(tables, attend(tables), self._rows(x[None]))[0][0]

    def _bind(self) -> None:
        """Point the layers, and autograd's leaves with their gradients, at the present buffers."""
        super()._bind()
        self._leaves = [block.detach().requires_grad_() for block in self.blocks[:6]]
        for leaf, gradient in zip(self._leaves, self.gradient_blocks, strict=False):
            leaf.grad = gradient

    def _prepare(self, pairs: Tensor) -> None:
        self._sums = self._rows(pairs)

    def _rows(self, pairs: Tensor) -> RowSums:
        """Number the rows (side, token, head) that each pair sums up; pairs: (members, b, 2)."""
        tokens = pairs + torch.arange(2, device=pairs.device) * self.tokens  # (members, b, 2) in 0..2p-1
        heads = torch.arange(HEADS, device=pairs.device)
        return RowSums((tokens[..., None] * HEADS + heads).flatten(2), 2 * self.tokens * HEADS)


def attend(tables: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return what depends on tokens alone; side 0 is the first of a pair, side 1 the second.

    Returns:
        Scores (members, 2p, h), that of "=" (members, h), values (members, 2p h, d) and what all pairs have (members, d). The three
        weights of a head sum to 1, so that only the two of a and b are needed: values count from that of "=".
    """
    embedding, place, w_q, w_k, w_v, w_o = tables[:6]
    tokens = embedding.shape[1] - 1
    last = embedding[:, tokens] + place[:, 2]  # (members, d)
    query = last[:, None, None] @ w_q  # (members, h, 1, e)
    direction = (w_k @ query.transpose(2, 3))[..., 0].transpose(1, 2) / HEAD**0.5  # (members, d, h)
    value_of_last = last[:, None, None] @ w_v @ w_o  # (members, h, 1, d)
    inputs = torch.cat([embedding[:, :tokens] + place[:, side, None] for side in (0, 1)], dim=1)  # (members, 2p, d)
    values = (inputs[:, None] @ w_v @ w_o - value_of_last).transpose(1, 2)  # (members, 2p, h, d)
    return inputs @ direction, (last[:, None] @ direction)[:, 0], values.flatten(1, 2), last + value_of_last.sum(dim=(1, 2))


def read_out(tables: Sequence[Tensor], attention: Sequence[Tensor], sums: RowSums) -> tuple[Tensor, Passed]:
    """Return outputs (members, k, b) and what the backward pass needs; attention: from `attend`."""
    w_in, b_in, w_out, b_out, w_u = tables[6:]
    scores, own, values, base = attention
    weights, rest = _softmax(sums.taken(scores), own)
    to_hidden, to_outputs, joint = values @ w_in, values @ w_u, w_out @ w_u
    hidden = sums.weighted(to_hidden, weights)
    hidden.add_((base[:, None] @ w_in).add_(b_in[:, None])).clamp_(min=0)
    direct = sums.weighted(to_outputs, weights).add_((base + b_out)[:, None] @ w_u)  # (members, b, k)
    outputs = direct.baddbmm_(hidden, joint).transpose(1, 2)
    return outputs, Passed(weights, rest, to_hidden, to_outputs, joint, hidden)


def _softmax(scores: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
    """Return a head's weights on both tokens, (members, b, 2h), and on "=", (members, b, h), from scores of the same shapes."""
    both = scores.view(*scores.shape[:2], 2, HEADS)  # (members, b, 2, h)
    shares = torch.cat([both, own[:, None, None].expand_as(both[:, :, :1])], dim=2).softmax(dim=2)
    return shares[:, :, :2].flatten(2), shares[:, :, 2]


def plain_logits(tables: Sequence[Tensor], pairs: Tensor) -> Tensor:
    """Return outputs (b, k) for pairs (b, 2) by the same transformer written plainly, which the one above is checked against.

    Three tokens, causal attention and MLP at every position, read at the last; tables: one member's, in the order of TABLES.
    """
    embedding, place, w_q, w_k, w_v, w_o, w_in, b_in, w_out, b_out, w_u = tables
    equals = torch.full_like(pairs[:, :1], len(embedding) - 1)
    x = embedding[torch.cat([pairs, equals], dim=1)] + place  # (b, 3, d)
    q, k, v = (torch.einsum("bsd,hde->bhse", x, weight) for weight in (w_q, w_k, w_v))
    scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5  # (b, h, 3, 3)
    later = torch.ones(3, 3, dtype=torch.bool, device=x.device).triu(1)
    weights = scores.masked_fill(later, -torch.inf).softmax(dim=-1)
    x = x + torch.einsum("bhse,hed->bsd", weights @ v, w_o)
    x = x + torch.relu(x @ w_in + b_in) @ w_out + b_out
    return (x @ w_u)[:, -1]
