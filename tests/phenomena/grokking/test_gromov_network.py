"""Gromov's network against autograd of the formula."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking.float64_losses import GRADIENTS
from engine.phenomena.grokking.gromov_network import GromovNetwork
from tests.phenomena.grokking.small_networks import MEMBERS, examples, gromov


def test_first_weights_have_the_published_deviation():
    drawn = GromovNetwork(59, 200, 1).draw(np.random.default_rng(0))
    assert [item.shape for item in drawn] == [(59, 200), (59, 200), (200, 59)]
    assert np.concatenate([item.ravel() for item in drawn]).std() == pytest.approx(0.5 / 400 ** (1 / 3), rel=0.01)


@pytest.mark.parametrize("activation", ["square", "relu"])
@pytest.mark.parametrize("one_hot", [False, True])
def test_gradients_equal_autograd_of_the_formula(one_hot, activation):
    net, (pairs, targets) = gromov(one_hot, activation), examples()
    u, w, v = (block.clone().requires_grad_() for block in net.blocks)
    rows = torch.arange(MEMBERS)[:, None]
    z = u[rows, pairs[..., 0]] + w[rows, pairs[..., 1]]
    hidden = z**2 if activation == "square" else z.relu()
    expected = torch.einsum("mbn,mnk->mkb", hidden, v)
    (expected - targets).square().sum(1).mean(1).sum().backward()
    outputs = net.forward(pairs)
    torch.testing.assert_close(outputs, expected.detach())
    torch.testing.assert_close(net.predict(1, pairs[1]), expected[1].detach())
    net.backward(GRADIENTS["squared"](outputs, targets))
    for got, leaf in zip(net.gradient_blocks, (u, w, v), strict=True):
        torch.testing.assert_close(got, leaf.grad)
