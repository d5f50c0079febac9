"""Plain convolutional networks: the five-layer CNN of Nakkiran et al. 2020 (arXiv:1912.02292), the VGG-11 of Simonyan, Zisserman 2015
(arXiv:1409.1556) for small images, and the homogeneous CNN of Lyu, Li 2020 (arXiv:1906.05890).
"""

from __future__ import annotations

from torch import nn

VGG11 = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool", 512, 512, "pool")


def five_layer_cnn(k: int, classes: int = 10, channels: int = 3) -> nn.Module:
    """Return four 3x3 convolutions of k, 2k, 4k and 8k channels with normalisation and ReLU, poolings by 1, 2, 2 and 8, and a linear layer.

    The last pooling takes all that is left: 8x8 of 32x32 images.
    """
    layers: list[nn.Module] = []
    have = channels
    for number, outputs in enumerate((k, 2 * k, 4 * k, 8 * k)):
        layers += [nn.Conv2d(have, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        if number in (1, 2):
            layers.append(nn.MaxPool2d(2))
        have = outputs
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(have, classes))


def vgg11(classes: int = 10, channels: int = 3, width: float = 1.0, *, batch_norm: bool = True) -> nn.Module:
    """Return the eight convolutions of VGG-11 and one linear layer after a mean, as is usual for small images.

    A pooling that finds a side of one pixel leaves it. width: times the published numbers of channels.
    """
    layers: list[nn.Module] = []
    have = channels
    for part in VGG11:
        if isinstance(part, str):
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
            continue
        outputs = max(1, round(part * width))
        norm: list[nn.Module] = [nn.BatchNorm2d(outputs)] if batch_norm else []
        layers += [nn.Conv2d(have, outputs, 3, padding=1), *norm, nn.ReLU(inplace=True)]
        have = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(have, classes))


def homogeneous_cnn(
    classes: int = 10, channels: int = 1, side: int = 28, width: float = 1.0, *, first_bias: bool = False
) -> nn.Module:  # fmt: skip
    """Return conv 5x5 of 32, pool, conv 3x3 of 64, pool, 1024 units, classes; no biases but perhaps in the first layer, as published, so
    that scaling the parameters by c scales the outputs by c^4.

    ReLUs come after the pooling: the largest of four is the same before and after, and a quarter of them is left to compute.
    """
    first, second, hidden = (max(1, round(count * width)) for count in (32, 64, 1024))
    left = side // 4
    return nn.Sequential(
        nn.Conv2d(channels, first, 5, padding=2, bias=first_bias), nn.MaxPool2d(2), nn.ReLU(inplace=True),
        nn.Conv2d(first, second, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.ReLU(inplace=True), nn.Flatten(),
        nn.Linear(second * left * left, hidden, bias=False), nn.ReLU(inplace=True), nn.Linear(hidden, classes, bias=False),
    )  # fmt: skip
