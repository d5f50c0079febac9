"""The same transformer written plainly: three tokens, causal attention and MLP at every position; what `transformer` is tested against.

Nanda, Chan, Lieberum, Smith, Steinhardt 2023, arXiv:2301.05217.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def plain_logits(tables: Sequence[Tensor], pairs: Tensor) -> Tensor:
    """Return outputs (b, k) at the last position for pairs (b, 2); tables: one member's, in the order of `transformer.NAMES`."""
    import torch

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
