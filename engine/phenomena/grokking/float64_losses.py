"""Losses of float32 outputs in float64, with gradients by hand: what late training on small data needs.

A softmax in float32 rounds small losses to 0 and stops the gradient ("softmax collapse", Prieto et al. 2025,
arXiv:2501.04697, whose StableMax `s(x) = x + 1` for x >= 0 and `1/(1 - x)` below does not saturate). Letters: k classes, b pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

LossName = Literal["squared", "cross-entropy", "stablemax"]


def log_stablemax(outputs: Tensor) -> Tensor:
    """Return `log(s(x_j) / sum_k s(x_k))` over axis -2 in float64; outputs: (..., k, b)."""
    x = outputs.double()
    logs = torch.where(x >= 0, torch.log1p(x.clamp(min=0)), -torch.log1p(-x.clamp(max=0)))
    return logs - torch.logsumexp(logs, dim=-2, keepdim=True)


def probabilities(outputs: Tensor, loss: LossName) -> Tensor:
    """Return the softmax, or with its loss the StableMax, of outputs (k, b) in float32, as training in float32 would see it."""
    return log_stablemax(outputs).exp().float() if loss == "stablemax" else torch.softmax(outputs.float(), dim=0)


def loss_of_pairs(outputs: Tensor, labels: Tensor, squared: bool) -> Tensor:
    """Return each pair's squared error against its one-hot label, or its cross-entropy, (b,), for outputs (k, b)."""
    x = outputs.double()
    if squared:
        return x.square().sum(0) - 2 * x.gather(0, labels[None])[0] + 1
    return -torch.log_softmax(x, dim=0).gather(0, labels[None])[0]


def _squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """`sum_k (f_k - t_k)^2`, exact enough in the outputs' own precision."""
    return (outputs - targets).mul_(2.0 / outputs.shape[2])


def _cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """`-log softmax(f)[label]`."""
    return torch.softmax(outputs.double(), dim=1).sub_(targets).div_(outputs.shape[2])


def _stablemax(outputs: Tensor, targets: Tensor) -> Tensor:
    """`-log stablemax(f)[label]`; the slope of log s is 1/(1 + |x|) on both sides."""
    slope = 1.0 / (1.0 + outputs.double().abs())
    return log_stablemax(outputs).exp_().sub_(targets).mul_(slope).div_(outputs.shape[2])


# outputs and one-hot targets (members, k, b) to the gradient of the mean loss over pairs, of the same shape
GRADIENTS: dict[LossName, Callable[[Tensor, Tensor], Tensor]] = {
    "squared": _squared, "cross-entropy": _cross_entropy, "stablemax": _stablemax,
}  # fmt: skip
