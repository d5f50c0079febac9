"""Activations with their derivatives by hand, in place; each maps 0 to 0, so padded units stay out of the computation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Name = Literal["relu", "square", "linear", "tanh", "gelu"]


@dataclass(frozen=True)
class Activation:
    """`apply(z, h)` writes the activation of z to h (which is z itself when `in_place`); `derive(delta, z, h)` multiplies
    delta by the derivative and may overwrite z and h; all three have one shape.

    derivatives: z and h to the first and the second derivative, in fresh memory; where they are in need.
    """

    apply: Callable[[Tensor, Tensor], object]
    derive: Callable[[Tensor, Tensor, Tensor], object]
    in_place: bool = True
    derivatives: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None


def _square(z: Tensor, h: Tensor) -> object:
    return torch.mul(z, z, out=h)


def _where_positive(delta: Tensor, z: Tensor, h: Tensor) -> object:
    """Multiply delta by 1 where h > 0 and by 0 elsewhere, in one pass."""
    return torch.ops.aten.threshold_backward.grad_input(delta, h, 0, grad_input=delta)


def _through_tanh(delta: Tensor, z: Tensor, h: Tensor) -> object:
    return torch.ops.aten.tanh_backward.grad_input(delta, h, grad_input=delta)


def _through_gelu(delta: Tensor, z: Tensor, h: Tensor) -> object:
    return torch.ops.aten.gelu_backward.grad_input(delta, z, grad_input=delta)


def _of_relu(z: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    return (h > 0).to(h), torch.zeros_like(h)


def _of_tanh(z: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    first = 1 - h * h
    return first, -2 * h * first


def _of_gelu(z: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """With Phi the normal distribution and phi its density: Phi + z phi, and phi (2 - z^2)."""
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return torch.special.ndtr(z) + z * density, density * (2 - z * z)


ACTIVATIONS: dict[Name, Activation] = {
    "relu": Activation(lambda z, h: z.clamp_(min=0), _where_positive, derivatives=_of_relu),
    "square": Activation(_square, lambda delta, z, h: delta.mul_(z.mul_(2)), in_place=False),
    "linear": Activation(lambda z, h: None, lambda delta, z, h: None),
    "tanh": Activation(lambda z, h: z.tanh_(), _through_tanh, derivatives=_of_tanh),
    "gelu": Activation(lambda z, h: torch.ops.aten.gelu.out(z, out=h), _through_gelu, in_place=False, derivatives=_of_gelu),
}
