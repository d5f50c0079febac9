"""Sizes without torch are what PyTorch counts in the networks themselves, on a device that computes nothing."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine.networks import sizes
from engine.networks.convolutional import five_layer_cnn
from engine.networks.drawing import parameter_count
from engine.networks.residual import preact_resnet18, wide_resnet
from engine.networks.zhang import small_alexnet, small_inception


@pytest.mark.parametrize(
    ("make", "size", "side", "channels"),
    [
        (lambda: small_inception(), sizes.small_inception(28, 3, 10), 28, 3),
        (lambda: small_inception(7, 1, width=0.1, batch_norm=False), sizes.small_inception(14, 1, 7, 0.1, batch_norm=False), 14, 1),
        (lambda: small_alexnet(), sizes.small_alexnet(28, 3, 10), 28, 3),
        (lambda: small_alexnet(7, 1, 14, width=0.3), sizes.small_alexnet(14, 1, 7, 0.3), 14, 1),
        (lambda: wide_resnet(), sizes.wide_resnet(32, 3, 10), 32, 3),
        (lambda: wide_resnet(10, base=3, classes=7, channels=1), sizes.wide_resnet(14, 1, 7, 10, 3), 14, 1),
        (lambda: preact_resnet18(5), sizes.preact_resnet18(32, 3, 10, 5), 32, 3),
        (lambda: preact_resnet18(1, 7, 1), sizes.preact_resnet18(14, 1, 7, 1), 14, 1),
        (lambda: five_layer_cnn(4), sizes.five_layer_cnn(32, 3, 10, 4), 32, 3),
        (lambda: five_layer_cnn(3, 7, 1), sizes.five_layer_cnn(14, 1, 7, 3), 14, 1),
    ],
)
def test_parameters_multiplications_and_layers(make: Callable[[], nn.Module], size: sizes.NetworkSize, side: int, channels: int) -> None:
    with torch.device("meta"):
        network = make()
        images = torch.zeros(1, channels, side, side)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    written: list[int] = []
    for layer in layers:
        layer.register_forward_hook(lambda _, __, made: written.append(made.numel()))
    counter = FlopCounterMode(display=False)
    with counter:
        network.eval()(images)
    assert size.parameters == parameter_count(network)
    assert 2 * size.products == counter.get_total_flops()
    assert size.layers == len(layers)
    assert size.units >= sum(written)


def test_a_perceptron_has_the_published_parameters() -> None:
    """Zhang et al. 2017, Table 1."""
    assert sizes.perceptron((28 * 28 * 3, 512, 10)).parameters == 1_209_866
    assert sizes.perceptron((28 * 28 * 3, 512, 512, 512, 10)).parameters == 1_735_178
