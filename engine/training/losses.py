"""Losses with their gradients by hand: mean over samples, sum over outputs; one value per member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Name = Literal["cross-entropy", "squared", "half-squared", "logistic"]
Loss: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor], None]


def cross_entropy(logits: Tensor, targets: Tensor, delta: Tensor, loss: Tensor) -> None:
    """Write `-mean_i sum_k t_ik log softmax(z_i)_k` to loss (members,) and its gradient in the logits to delta.

    logits, targets (one-hot), delta: (members, k, batch).
    """
    log_p = torch.log_softmax(logits, dim=1)
    torch.mul(log_p, targets, out=delta)
    torch.sum(delta, dim=(1, 2), out=loss)
    loss.mul_(-1.0 / logits.shape[2])
    torch.exp(log_p, out=delta).sub_(targets).mul_(1.0 / logits.shape[2])


def squared(outputs: Tensor, targets: Tensor, delta: Tensor, loss: Tensor) -> None:
    """Write `mean_i sum_k (f_ik - t_ik)^2` (no half) to loss (members,) and its gradient in the outputs to delta."""
    difference = torch.sub(outputs, targets)
    torch.mul(difference, difference, out=delta)
    torch.sum(delta, dim=(1, 2), out=loss)
    loss.mul_(1.0 / outputs.shape[2])
    torch.mul(difference, 2.0 / outputs.shape[2], out=delta)


def half_squared(outputs: Tensor, targets: Tensor, delta: Tensor, loss: Tensor) -> None:
    """Write `mean_i sum_k (f_ik - t_ik)^2 / 2` to loss (members,) and its gradient in the outputs to delta."""
    squared(outputs, targets, delta, loss)
    loss.mul_(0.5)
    delta.mul_(0.5)


def logistic(outputs: Tensor, targets: Tensor, delta: Tensor, loss: Tensor) -> None:
    """Write `mean_i ln(1 + exp(-y_i f_i))` in nats to loss (members,) and its gradient in the outputs to delta; targets +1 or -1.

    outputs, targets, delta: (members, 1, batch).
    """
    signed = torch.mul(outputs, targets).neg_()
    torch.sum(torch.nn.functional.softplus(signed), dim=(1, 2), out=loss)
    loss.mul_(1.0 / outputs.shape[2])
    torch.mul(signed.sigmoid_(), targets, out=delta).mul_(-1.0 / outputs.shape[2])


LOSSES: dict[Name, Loss] = {"cross-entropy": cross_entropy, "squared": squared, "half-squared": half_squared, "logistic": logistic}
