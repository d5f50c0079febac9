"""The decoder's gradient by hand is autograd's of the plain module."""

import numpy as np
import pytest
import torch

from engine.networks.decoder import HEADS, Decoder
from engine.networks.decoder_derivative import Derivative
from engine.phenomena.grokking.power_decoder import PowerDecoder

P, WIDTH, BATCH = 7, 16, 13
DOUBLE = torch.float64


def made(seed: int, layers: int = 2) -> tuple[Decoder, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    module = Decoder(P, WIDTH, HEADS, layers).to(DOUBLE)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.2)  # normalisations leave the identity
    return module, torch.randint(0, P, (BATCH, 2)), torch.randn(P, BATCH, dtype=DOUBLE)


def by_autograd(module: Decoder, pairs: torch.Tensor, delta: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    outputs = module(pairs)
    return outputs.detach().T, torch.autograd.grad((outputs * delta.T).sum(), list(module.parameters()))


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_outputs_and_gradients_are_those_of_the_module(layers: int, keep: float) -> None:
    module, pairs, delta = made(layers, layers)
    outputs, expected = by_autograd(module, pairs, delta)
    weights = [parameter.detach() for parameter in module.parameters()]
    derivative = Derivative(weights, module.positions, HEADS, pairs)
    torch.testing.assert_close(derivative.outputs, outputs)
    before = [torch.randn_like(values) if keep else torch.full_like(values, torch.nan) for values in weights]
    found = [values.clone() for values in before]
    derivative.back(delta, found, keep)
    for name, mine, old, gradient in zip(dict(module.named_parameters()), found, before, expected, strict=True):
        torch.testing.assert_close(mine, gradient + (keep * old if keep else 0), msg=name)


def test_members_have_their_own_gradients() -> None:
    network = PowerDecoder(P, WIDTH, 2, DOUBLE)
    given = [made(seed) for seed in (1, 2)]
    for member, (module, _, _) in enumerate(given):
        network.load(member, [parameter.detach().numpy().astype(np.float64) for parameter in module.parameters()])
    outputs = network.forward(torch.stack([pairs for _, pairs, _ in given]))
    network.backward(torch.stack([delta for _, _, delta in given]))
    for member, (module, pairs, delta) in enumerate(given):
        expected, gradients = by_autograd(module, pairs, delta)
        torch.testing.assert_close(outputs[member], expected)
        torch.testing.assert_close(network.predict(member, pairs), expected)
        for mine, gradient in zip(network.gradient_blocks, gradients, strict=True):
            torch.testing.assert_close(mine[member], gradient)
