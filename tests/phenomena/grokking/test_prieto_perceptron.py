"""The perceptron on pairs against PyTorch's layers on one-hot inputs, and members alone."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking.prieto_perceptron import PrietoPerceptron

P, N, B, MEMBERS = 7, 6, 20, 3


def made(one_hot=None, members=MEMBERS):
    network = PrietoPerceptron(P, N, members, torch.float64, "cpu", one_hot)
    for member in range(members):
        network.load(member, network.draw(np.random.default_rng(member)))
    return network


def examples():
    return torch.from_numpy(np.random.default_rng(9).integers(0, P, (MEMBERS, B, 2)))


def layers(member):
    model = torch.nn.Sequential(
        torch.nn.Linear(2 * P, N, bias=False),
        torch.nn.ReLU(),
        torch.nn.Linear(N, N, bias=False),
        torch.nn.ReLU(),
        torch.nn.Linear(N, P, bias=False),
    ).double()
    for place, table in zip((0, 2, 4), PrietoPerceptron(P, N, 1).draw(np.random.default_rng(member)), strict=True):
        model[place].weight = torch.nn.Parameter(torch.from_numpy(table.T.copy()))
    return model


def test_it_has_the_published_size_and_pytorchs_first_weights():
    drawn = PrietoPerceptron(113, 200, 1).draw(np.random.default_rng(0))
    assert [item.shape for item in drawn] == [(226, 200), (200, 200), (200, 113)]
    for table, fan_in in zip(drawn, (226, 200, 200), strict=True):
        assert np.abs(table).max() == pytest.approx(fan_in**-0.5, rel=1e-2)
        assert table.std() == pytest.approx((3 * fan_in) ** -0.5, rel=1e-2)


@pytest.mark.parametrize("one_hot", [False, True])
def test_outputs_and_gradients_equal_pytorchs_layers(one_hot):
    network, pairs = made(one_hot), examples()
    outputs = network.forward(pairs)
    delta = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    before = [block.clone().normal_(generator=torch.Generator().manual_seed(1)) for block in network.gradient_blocks]
    for block, value in zip(network.gradient_blocks, before, strict=True):
        block.copy_(value)
    network.backward(delta, keep=0.5)
    for member in range(MEMBERS):
        model = layers(member)
        plain = model(torch.nn.functional.one_hot(pairs[member], P).double().flatten(1))
        plain.backward(delta[member].T)
        torch.testing.assert_close(outputs[member].T, plain.detach())
        torch.testing.assert_close(network.predict(member, pairs[member]).T, plain.detach())
        for place, block, old in zip((0, 2, 4), network.gradient_blocks, before, strict=True):
            torch.testing.assert_close(block[member], model[place].weight.grad.T + 0.5 * old[member])


def test_a_member_equals_itself_alone_and_others_do_not_touch_it():
    together, alone, pairs = made(), made(members=2), examples()
    torch.testing.assert_close(together.forward(pairs)[:2], alone.forward(pairs[:2]))
    before = together.forward(pairs).clone()
    together.blocks[1][2].add_(1.0)
    after = together.forward(pairs)
    assert torch.equal(before[:2], after[:2])
    assert not torch.allclose(before[2], after[2])
