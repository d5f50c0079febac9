"""Losses over float32 outputs computed in float64, with their gradients by hand: what late training on small data needs.

A softmax in float32 rounds small losses to 0 and stops the gradient ("softmax collapse", Prieto et al. 2025,
arXiv:2501.04697, whose StableMax `s(x) = x + 1` for x >= 0 and `1/(1 - x)` below does not saturate). Mean over pairs, one value
per member. Letters: k classes, b pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

Name = Literal["squared", "cross-entropy", "stablemax"]


def log_stablemax(outputs: Tensor) -> Tensor:
    """Return `log(s(x_j) / sum_k s(x_k))` over axis 1 in float64; outputs: (members, k, b)."""
    import torch

    x = outputs.double()
    logs = torch.where(x >= 0, torch.log1p(x.clamp(min=0)), -torch.log1p(-x.clamp(max=0)))
    return logs - torch.logsumexp(logs, dim=1, keepdim=True)


def _squared(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    difference = outputs - targets
    pairs = outputs.shape[2]
    return difference.double().square().sum(1).mean(1), difference * (2.0 / pairs)


def _cross_entropy(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    import torch

    log_p = torch.log_softmax(outputs.double(), dim=1)
    loss = -(log_p * targets).sum(1).mean(1)
    return loss, (log_p.exp_() - targets) / outputs.shape[2]


def _stablemax(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    log_p = log_stablemax(outputs)
    loss = -(log_p * targets).sum(1).mean(1)
    slope = 1.0 / (1.0 + outputs.double().abs())  # d log s(x) / dx, on both sides
    return loss, (log_p.exp_() - targets) * slope / outputs.shape[2]


# outputs and one-hot targets (members, k, b) to the loss (members,) in float64 and its gradient in the outputs
DOUBLE_LOSSES: dict[Name, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "squared": _squared, "cross-entropy": _cross_entropy, "stablemax": _stablemax,
}  # fmt: skip
