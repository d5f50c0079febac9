"""How large the published networks are, without torch: parameters, multiplications, and numbers that their layers make of an image.

The counts of Zhang et al. 2017, arXiv:1611.03530, Table 1, leave out batch normalisation's own parameters; these here include them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod

INCEPTION: tuple[tuple[int, int] | int, ...] = (
    (32, 32), (32, 48), 80, (112, 48), (96, 64), (80, 80), (48, 96), 96, (176, 160), (176, 160),
)  # fmt: skip
"""Behind the first convolution of 96 channels: kernels of one and of three side by side, and convolutions by two beside a pooling."""
FIRST = 96
HOMOGENEOUS = (32, 64, 1024)  # channels of both convolutions, hidden units, of Lyu and Li's network
VGG11 = (64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0)  # channels of convolutions; 0: a pooling
ALEXNET = (64, 384, 192)  # channels of both convolutions, units of both hidden layers


def scaled(count: int, width: float) -> int:
    """Return so many channels or units times a width multiplier, at least one."""
    return max(1, round(count * width))


@dataclass(frozen=True)
class NetworkSize:
    """parameters: trained numbers, batch normalisation's included; products: multiplications that an image takes; units: numbers that
    layers make of it; layers: convolutions and linear layers.
    """

    parameters: int = 0
    products: int = 0
    units: int = 0
    layers: int = 0

    def __add__(self, other: NetworkSize) -> NetworkSize:
        return NetworkSize(
            self.parameters + other.parameters, self.products + other.products, self.units + other.units, self.layers + other.layers
        )  # fmt: skip


def perceptron(sizes: tuple[int, ...]) -> NetworkSize:
    """Return the size of a multilayer perceptron with layers of these sizes, the inputs' first."""
    return sum((linear(a, b) for a, b in pairwise(sizes)), NetworkSize())


def linear(inputs: int, outputs: int) -> NetworkSize:
    """Return the size of a linear layer with biases."""
    return NetworkSize((inputs + 1) * outputs, inputs * outputs, outputs, 1)


def small_inception(side: int, channels: int, classes: int, width: float = 1.0, *, batch_norm: bool = True) -> NetworkSize:
    """Return the size of `zhang.small_inception` on images side x side."""
    have, total = scaled(FIRST, width), _convolution(channels, scaled(FIRST, width), 3, side, norm=batch_norm)
    for part in INCEPTION:
        if isinstance(part, tuple):
            narrow, wide = (scaled(count, width) for count in part)
            total += _convolution(have, narrow, 1, side, norm=batch_norm) + _convolution(have, wide, 3, side, norm=batch_norm)
            have = narrow + wide
        else:
            side, more = _halved(side), scaled(part, width)
            total += _convolution(have, more, 3, side, norm=batch_norm) + NetworkSize(units=have * side**2)
            have += more
    return total + linear(have, classes)


def small_alexnet(side: int, channels: int, classes: int, width: float = 1.0) -> NetworkSize:
    """Return the size of `zhang.small_alexnet` on images side x side; a local response normalisation writes five times what it sees."""
    first, hidden, second = (scaled(count, width) for count in ALEXNET)
    total, have = NetworkSize(), channels
    for _ in range(2):
        total += _convolution(have, first, 5, side)
        side, have = _halved(side), first
        total += NetworkSize(units=6 * first * side**2)
    return total + perceptron((first * side**2, hidden, second, classes))


def wide_resnet(side: int, channels: int, classes: int, depth: int = 28, base: int = 16) -> NetworkSize:
    """Return the size of `residual.wide_resnet` of widening 1 on images side x side."""
    groups = ((base, 1), (2 * base, 2), (4 * base, 2))
    return _preactivated(side, channels, classes, base, groups, (depth - 4) // 6, last_norm=True)


def preact_resnet18(side: int, channels: int, classes: int, k: int) -> NetworkSize:
    """Return the size of `residual.preact_resnet18` of width k on images side x side."""
    groups = ((k, 1), (2 * k, 2), (4 * k, 2), (8 * k, 2))
    return _preactivated(side, channels, classes, k, groups, 2)


def five_layer_cnn(side: int, channels: int, classes: int, k: int) -> NetworkSize:
    """Return the size of `convolutional.five_layer_cnn` of width k on images side x side."""
    total, have = NetworkSize(), channels
    for number, outputs in enumerate((k, 2 * k, 4 * k, 8 * k)):
        total += _convolution(have, outputs, 3, side, norm=True)
        side, have = side // 2 if number in (1, 2) else side, outputs
    return total + linear(have, classes)


def vgg11(side: int, channels: int, classes: int, width: float = 1.0, *, batch_norm: bool = True) -> NetworkSize:
    """Return the size of `convolutional.vgg11` on images side x side."""
    total, have = NetworkSize(), channels
    for part in VGG11:
        if not part:
            side = _halved(side)
            continue
        outputs = scaled(part, width)
        total += _convolution(have, outputs, 3, side, norm=batch_norm)
        have = outputs
    return total + linear(have, classes)


def resnet18(side: int, channels: int, classes: int, width: int = 64, *, batch_norm: bool = True) -> NetworkSize:
    """Return the size of `residual.resnet18` on images side x side."""

    def convolved(inputs: int, outputs: int, kernel: int) -> NetworkSize:
        return _convolution(inputs, outputs, kernel, side, bias=not batch_norm, norm=batch_norm)

    total, have = convolved(channels, width, 3), width
    for times, stride in ((1, 1), (2, 2), (4, 2), (8, 2)):
        side, outputs = _halved(side) if stride == 2 else side, times * width
        total += convolved(have, outputs, 3) + convolved(outputs, outputs, 3)
        if stride != 1 or have != outputs:
            total += convolved(have, outputs, 1)
        total += convolved(outputs, outputs, 3) + convolved(outputs, outputs, 3)
        have = outputs
    return total + linear(have, classes)


def homogeneous_cnn(side: int, channels: int, classes: int, width: float = 1.0, *, first_bias: bool = False) -> NetworkSize:
    """Return the size of `convolutional.homogeneous_cnn` on images side x side."""
    first, second, hidden = (scaled(count, width) for count in HOMOGENEOUS)
    total = _convolution(channels, first, 5, side, bias=first_bias) + _convolution(first, second, 3, side // 2, bias=False)
    left = second * (side // 4) ** 2
    return total + NetworkSize(left * hidden + hidden * classes, left * hidden + hidden * classes, hidden + classes, 2)


def _preactivated(
    side: int, channels: int, classes: int, first: int, groups: tuple[tuple[int, int], ...], blocks: int, *, last_norm: bool = False
) -> NetworkSize:
    """groups: channels and stride of each; blocks: of a group."""
    total, have = _convolution(channels, first, 3, side, bias=False), first
    for outputs, stride in groups:
        for block in range(blocks):
            before, halves = side, stride == 2 and block == 0
            side = _halved(side) if halves else side
            total += _norm(have, before) + _convolution(have, outputs, 3, side, bias=False)
            total += _norm(outputs, side) + _convolution(outputs, outputs, 3, side, bias=False)
            if halves or have != outputs:
                total += _convolution(have, outputs, 1, side, bias=False)
            have = outputs
    return total + (_norm(have, side) if last_norm else NetworkSize()) + linear(have, classes)


def _convolution(inputs: int, outputs: int, kernel: int, side: int, *, bias: bool = True, norm: bool = False) -> NetworkSize:
    """side: of what it makes."""
    weights = prod((inputs, outputs, kernel, kernel))
    size = NetworkSize(weights + outputs * bias, weights * side**2, outputs * side**2, 1)
    return size + _norm(outputs, side) if norm else size


def _norm(channels: int, side: int) -> NetworkSize:
    return NetworkSize(parameters=2 * channels, units=channels * side**2)


def _halved(side: int) -> int:
    return -(-side // 2)
