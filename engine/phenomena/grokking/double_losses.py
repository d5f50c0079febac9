"""Gradients of losses in float32 outputs, computed in float64 by hand: what late training on small data needs.

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


def _squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """`sum_k (f_k - t_k)^2`, exact enough in the outputs' own precision."""
    return (outputs - targets).mul_(2.0 / outputs.shape[2])


def _cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """`-log softmax(f)[label]`."""
    import torch

    return torch.softmax(outputs.double(), dim=1).sub_(targets).div_(outputs.shape[2])


def _stablemax(outputs: Tensor, targets: Tensor) -> Tensor:
    """`-log stablemax(f)[label]`; the slope of log s is 1/(1 + |x|) on both sides."""
    slope = 1.0 / (1.0 + outputs.double().abs())
    return log_stablemax(outputs).exp_().sub_(targets).mul_(slope).div_(outputs.shape[2])


# outputs and one-hot targets (members, k, b) to the gradient of the mean loss over pairs, of the same shape
GRADIENTS: dict[Name, Callable[[Tensor, Tensor], Tensor]] = {
    "squared": _squared, "cross-entropy": _cross_entropy, "stablemax": _stablemax,
}  # fmt: skip
