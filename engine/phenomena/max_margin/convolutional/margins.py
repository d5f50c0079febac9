"""Outputs of several classes: their margins, the log of their loss, and its derivative, however small the loss is.

q_i is the right output less the largest other, z_i the log of the sum over the others of exp(f_j - f_y), so that the cross-entropy is
log(1 + exp(z_i)); all in double precision, as published (Lyu, Li 2020, arXiv:1906.05890, code).

Shapes: outputs (n, classes), labels (n,).
"""

from __future__ import annotations

import torch
from torch import Tensor

EARLY = 30.0  # -z beyond which log(1 + exp(z)) is exp(z)


def gaps(outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return z (n,), q (n,) and the others' softmax (n, classes), 0 at the right one."""
    wide = outputs.double()
    right = wide.gather(1, labels[:, None])
    others = (wide - right).scatter(1, labels[:, None], -torch.inf)
    return torch.logsumexp(others, dim=1), -others.amax(dim=1), torch.softmax(others, dim=1)


def log_losses(z: Tensor) -> Tensor:
    """Return the log of every cross-entropy log(1 + exp(z)), (n,)."""
    return torch.where(z < -EARLY, z, torch.log(torch.nn.functional.softplus(z.clamp(min=-EARLY))))


def relative_derivative(outputs: Tensor, labels: Tensor, log_frame: float) -> Tensor:
    """Return the derivative by the outputs of the mean cross-entropy over exp(log_frame), (n, classes)."""
    z, _, others = gaps(outputs, labels)
    weight = torch.exp(torch.nn.functional.logsigmoid(z) - log_frame) / len(z)
    return (weight[:, None] * others).scatter(1, labels[:, None], -weight[:, None])
