"""Parameter counts are the published ones, and shapes those written down by hand from the papers' descriptions."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from engine.networks.convolutional import five_layer_cnn, homogeneous_cnn, vgg11
from engine.networks.decoder import Decoder
from engine.networks.drawing import draw_parameters, parameter_count
from engine.networks.residual import preact_resnet18, resnet18, wide_resnet
from engine.networks.zhang import small_alexnet, small_inception


@pytest.mark.parametrize(
    ("network", "count"),
    [
        (small_inception(batch_norm=False), 1_649_402),  # Zhang et al. 2017, Table 1
        (small_inception(), 1_649_402 + 2 * (96 + 64 + 80 + 80 + 160 + 160 + 160 + 144 + 96 + 336 + 336)),
        (small_alexnet(), 1_387_786),
        (wide_resnet(), 369_498),  # pluskid/fitting-random-labels
        (resnet18(), 11_173_962),
        (five_layer_cnn(64), 10 * 513 + sum(9 * a * b + b + 2 * b for a, b in ((3, 64), (64, 128), (128, 256), (256, 512)))),
        (vgg11(), 9_231_114),
        (homogeneous_cnn(), 25 * 32 + 9 * 32 * 64 + 64 * 49 * 1024 + 1024 * 10),
        (Decoder(97), 99 * 128 + 2 * (4 * 128**2 + 8 * 128**2 + 4 * 128) + 128 * 97),
    ],
)
def test_the_count_of_parameters_is_the_published_one(network: nn.Module, count: int) -> None:
    assert parameter_count(network) == count


@pytest.mark.parametrize("k", [1, 3, 64])
def test_resnet18_of_width_k_has_the_parameters_of_its_description(k: int) -> None:
    widths = [k, 2 * k, 4 * k, 8 * k]
    count, have = 27 * k, k
    for width in widths:
        count += 2 * have + 9 * have * width + 2 * width + 9 * width**2 + (have * width if have != width else 0)
        count += 4 * width + 18 * width**2
        have = width
    assert parameter_count(preact_resnet18(k)) == count + 10 * (have + 1)


@pytest.mark.parametrize(
    ("make", "side", "sides"),
    [
        (lambda: small_inception(width=0.1), 28, [28, 28, 28, 14, 14, 14, 14, 14, 7, 7, 7]),
        (lambda: small_alexnet(width=0.1), 28, [28, 14, 14, 7]),
        (lambda: wide_resnet(10), 32, [32, 32, 16, 8]),
        (lambda: preact_resnet18(2), 32, [32, 32, 32, 16, 16, 8, 8, 4, 4]),
        (lambda: resnet18(width=2), 32, [32, 32, 32, 16, 16, 8, 8, 4, 4]),
        (lambda: five_layer_cnn(2), 32, [32, 32, 16, 16, 8, 8]),
        (lambda: vgg11(width=0.05), 32, [32, 16, 16, 8, 8, 8, 4, 4, 4, 2, 2, 2, 1]),
    ],
)
def test_images_shrink_as_described(make: Callable[[], nn.Module], side: int, sides: list[int]) -> None:
    seen: list[int] = []
    network = make()
    body = network.body if hasattr(network, "body") else network
    for layer in body:
        if not isinstance(layer, nn.BatchNorm2d | nn.ReLU | nn.LocalResponseNorm):
            layer.register_forward_hook(lambda layer, given, found: seen.append(found.shape[-1]) if found.ndim == 4 else None)
    outputs = network(torch.randn(2, 3, side, side))
    assert outputs.shape == (2, 10)
    spatial = [value for value in seen if value > 1 or sides[-1] == 1]
    assert list(dict.fromkeys(spatial)) == list(dict.fromkeys(sides))
    assert spatial[: len(sides)] == sides


def test_the_homogeneous_network_scales_with_the_fourth_power_of_its_weights() -> None:
    network, x = homogeneous_cnn(width=0.1).double(), torch.randn(3, 1, 28, 28, dtype=torch.float64)
    before = network(x)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.5)
    assert torch.allclose(network(x), before * 1.5**4, rtol=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_decoder_is_its_own_formula(layers: int) -> None:
    torch.manual_seed(0)
    p, width, heads = 7, 8, 2
    network = Decoder(p, width, heads, layers).double()
    pairs = torch.tensor([[2, 5], [6, 0], [2, 2]])
    expected = []
    for a, b in pairs.tolist():
        h = network.embedding.weight[[a, p, b, p + 1]].clone()
        for place in range(4):
            for i in range(0, width, 2):
                rate = 10_000 ** (-i / width)
                h[place, i] = h[place, i] + np.sin(place * rate)
                h[place, i + 1] = h[place, i + 1] + np.cos(place * rate)
        for block in network.blocks:
            parts = []
            for head in range(heads):
                own = slice(head * width // heads, (head + 1) * width // heads)
                q, k, v = ((h @ block.mixed.weight[start : start + width].T)[:, own] for start in (0, width, 2 * width))
                scores = q @ k.T / (width / heads) ** 0.5
                parts.append(torch.stack([torch.softmax(scores[t, : t + 1], 0) @ v[: t + 1] for t in range(4)]))
            seen = torch.cat(parts, 1) @ block.joined.weight.T
            h = nn.functional.layer_norm(h + seen, (width,), block.norm1.weight, block.norm1.bias)
            hidden = torch.relu(h @ block.up.weight.T) @ block.down.weight.T
            h = nn.functional.layer_norm(h + hidden, (width,), block.norm2.weight, block.norm2.bias)
        expected.append(network.answer.weight @ h[3])
    outputs = torch.stack(expected)
    assert torch.allclose(network(pairs), outputs, atol=1e-6)  # the sines are kept in single precision
    mine, plain = (torch.autograd.grad(found.square().sum(), list(network.parameters())) for found in (network(pairs), outputs))
    for name, one, other in zip([name for name, _ in network.named_parameters()], mine, plain, strict=True):
        assert torch.allclose(one, other, atol=1e-5), name


def test_first_weights_are_pytorchs_in_law_and_the_same_for_the_same_stream() -> None:
    network = small_inception(width=0.3)
    drawn, again = (draw_parameters(network, np.random.default_rng(3)) for _ in range(2))
    for values, other, (name, parameter) in zip(drawn, again, network.named_parameters(), strict=True):
        assert values.shape == tuple(parameter.shape)
        assert np.array_equal(values, other)
        if parameter.ndim == 4:
            bound = 1 / np.sqrt(np.prod(parameter.shape[1:]))
            assert bound * 0.9 < np.abs(values).max() < bound, name
            assert float(parameter.detach().abs().max()) < bound, name
    with pytest.raises(TypeError, match="Conv3d"):
        draw_parameters(nn.Conv3d(1, 1, 1), np.random.default_rng(0))
