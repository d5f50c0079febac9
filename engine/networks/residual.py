"""Residual networks: the pre-activation ResNet18 of any width of Nakkiran et al. 2020, arXiv:1912.02292, the ResNet18 of He et al. 2016
(arXiv:1512.03385) for small images, and the wide residual network WRN-28-1 (Zagoruyko, Komodakis 2016, arXiv:1605.07146).

Pre-activation blocks: He et al. 2016, arXiv:1603.05027. WRN-28-1 has 369,498 parameters at 32x32x3 and ten classes.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu

RESNET18 = ((1, 1), (2, 2), (4, 2), (8, 2))  # times the width, and the stride, of each group of two blocks


def preact_resnet18(k: int, classes: int = 10, channels: int = 3) -> nn.Module:
    """Return the network whose groups have k, 2k, 4k and 8k channels; k=64 is the usual ResNet18."""
    return _Groups(nn.Conv2d(channels, k, 3, padding=1, bias=False), k, [(k * times, stride) for times, stride in RESNET18], 2, classes)


def wide_resnet(depth: int = 28, widen: int = 1, classes: int = 10, channels: int = 3, base: int = 16) -> nn.Module:
    """Return the wide residual network of depth 6n+4; base: channels of the first layer."""
    groups = [(base * widen, 1), (2 * base * widen, 2), (4 * base * widen, 2)]
    first = nn.Conv2d(channels, base, 3, padding=1, bias=False)
    return _Groups(first, base, groups, (depth - 4) // 6, classes, last_norm=True)


def resnet18(classes: int = 10, channels: int = 3, width: int = 64, *, batch_norm: bool = True) -> nn.Module:
    """Return the ResNet18 with normalisation after convolution, its first layer 3x3 without pooling as is usual for small images.

    Without batch_norm convolutions have biases (Chizat, Oyallon, Bach 2019, arXiv:1812.07956, code).
    """
    norm: list[nn.Module] = [nn.BatchNorm2d(width)] if batch_norm else []
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1, bias=not batch_norm), *norm, nn.ReLU(inplace=True)]
    have = width
    for times, stride in RESNET18:
        layers += [_Block(have, width * times, stride, batch_norm), _Block(width * times, width * times, 1, batch_norm)]
        have = width * times
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(have, classes))


class _Groups(nn.Module):
    """Pre-activation blocks between a first convolution and a linear layer; last_norm: a normalisation and a ReLU before the mean."""

    def __init__(
        self, first: nn.Conv2d, have: int, groups: list[tuple[int, int]], blocks: int, classes: int, *, last_norm: bool = False
    ) -> None:
        super().__init__()
        made: list[nn.Module] = []
        for outputs, stride in groups:
            for number in range(blocks):
                made.append(_PreActBlock(have, outputs, 1 if number else stride))
                have = outputs
        ending: list[nn.Module] = [nn.BatchNorm2d(have), nn.ReLU(inplace=True)] if last_norm else []
        self.body = nn.Sequential(first, *made, *ending, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.linear = nn.Linear(have, classes)

    def forward(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.linear(self.body(x))
        return outputs


class _PreActBlock(nn.Module):
    """Normalisation, ReLU, convolution, twice; where the shape changes, the shortcut is a convolution of the first ReLU's outputs."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        changes = stride != 1 or inputs != outputs
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        active = relu(self.norm1(x))
        straight = x if self.shortcut is None else self.shortcut(active)
        outputs: Tensor = self.conv2(relu(self.norm2(self.conv1(active)))) + straight
        return outputs


class _Block(nn.Module):
    """Convolution and perhaps normalisation, twice, and the ReLU after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int, batch_norm: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=not batch_norm)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=not batch_norm)
        self.norm1, self.norm2 = _norm_or_none(outputs, batch_norm), _norm_or_none(outputs, batch_norm)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()  # modules, at which their patterns can be read
        self.shortcut: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=not batch_norm), _norm_or_none(outputs, batch_norm)
            )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        outputs: Tensor = self.relu2(inner + (x if self.shortcut is None else self.shortcut(x)))
        return outputs


def _norm_or_none(channels: int, batch_norm: bool) -> nn.Module:
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()
