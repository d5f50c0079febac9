"""The small Inception and the small AlexNet of Zhang et al. 2017, arXiv:1611.03530, Appendix A, for 28x28x3 images.

Every convolution is followed by batch normalisation and a ReLU (Inception), or by a ReLU (AlexNet). The parameter counts of the
paper's Table 1 are those with the convolutions' biases and without batch normalisation's own: 1,649,402 and 1,387,786.
The paper gives no batch size, no initialisation and no constants of AlexNet's local response normalisation.
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn

from engine.networks.sizes import ALEXNET, FIRST, INCEPTION, scaled


def small_inception(classes: int = 10, channels: int = 3, *, batch_norm: bool = True, width: float = 1.0) -> nn.Module:
    """Return the network; images of any size from 4x4, 28x28 in the paper. width: times the published numbers of channels."""
    have = scaled(FIRST, width)
    layers: list[nn.Module] = [_Convolution(channels, have, 3, batch_norm=batch_norm)]
    for part in INCEPTION:
        if isinstance(part, tuple):
            narrow, wide = (scaled(count, width) for count in part)
            layers.append(_Inception(have, narrow, wide, batch_norm))
            have = narrow + wide
        else:
            layers.append(_Down(have, scaled(part, width), batch_norm))
            have += scaled(part, width)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(have, classes))


def small_alexnet(classes: int = 10, channels: int = 3, side: int = 28, *, width: float = 1.0) -> nn.Module:
    """Return the network for images side x side. width: times the published numbers of channels and units."""
    first, hidden, second = (scaled(count, width) for count in ALEXNET)
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
