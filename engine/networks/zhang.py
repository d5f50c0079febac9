"""The small Inception and the small AlexNet of Zhang et al. 2017, arXiv:1611.03530, Appendix A, for 28x28x3 images.

Every convolution is followed by batch normalisation and a ReLU (Inception), or by a ReLU (AlexNet). The parameter counts of the
paper's Table 1 are those with the convolutions' biases and without batch normalisation's own: 1,649,402 and 1,387,786.
The paper gives no batch size, no initialisation and no constants of AlexNet's local response normalisation.
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn


def small_inception(classes: int = 10, channels: int = 3, *, batch_norm: bool = True, width: float = 1.0) -> nn.Module:
    """Return the network; images of any size from 4x4, 28x28 in the paper. width: times the published numbers of channels."""

    def wide(count: int) -> int:
        return max(1, round(count * width))

    plan: list[tuple[int, int] | int] = [(32, 32), (32, 48), 80, (112, 48), (96, 64), (80, 80), (48, 96), 96, (176, 160), (176, 160)]
    layers: list[nn.Module] = [_Convolution(channels, wide(96), 3, batch_norm=batch_norm)]
    have = wide(96)
    for part in plan:
        if isinstance(part, tuple):
            layers.append(_Inception(have, wide(part[0]), wide(part[1]), batch_norm))
            have = wide(part[0]) + wide(part[1])
        else:
            layers.append(_Down(have, wide(part), batch_norm))
            have += wide(part)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(have, classes))


def small_alexnet(classes: int = 10, channels: int = 3, side: int = 28, *, width: float = 1.0) -> nn.Module:
    """Return the network for images side x side. width: times the published numbers of channels and units."""
    first, hidden, second = (max(1, round(count * width)) for count in (64, 384, 192))
    left = ceil(ceil(side / 2) / 2)  # after two poolings
    return nn.Sequential(
        *_alex_block(channels, first), *_alex_block(first, first), nn.Flatten(),
        nn.Linear(first * left * left, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, second), nn.ReLU(inplace=True),
        nn.Linear(second, classes),
    )  # fmt: skip


def _alex_block(inputs: int, outputs: int) -> list[nn.Module]:
    normalised = nn.LocalResponseNorm(9, alpha=0.001, beta=0.75, k=1.0)  # radius 4, the constants of TensorFlow's CIFAR-10 tutorial
    return [nn.Conv2d(inputs, outputs, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2, padding=1), normalised]


class _Convolution(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, batch_norm: bool) -> None:
        norm: list[nn.Module] = [nn.BatchNorm2d(outputs)] if batch_norm else []
        super().__init__(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), *norm, nn.ReLU(inplace=True))


class _Inception(nn.Module):
    """Kernels of one and of three beside each other."""

    def __init__(self, inputs: int, narrow: int, wide: int, batch_norm: bool) -> None:
        super().__init__()
        self.narrow = _Convolution(inputs, narrow, 1, batch_norm=batch_norm)
        self.wide = _Convolution(inputs, wide, 3, batch_norm=batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.narrow(x), self.wide(x)], dim=1)


class _Down(nn.Module):
    """Half the side: a convolution beside a pooling, both by two."""

    def __init__(self, inputs: int, outputs: int, batch_norm: bool) -> None:
        super().__init__()
        self.convolution = _Convolution(inputs, outputs, 3, 2, batch_norm=batch_norm)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.convolution(x), self.pool(x)], dim=1)
