"""Hessian products and activations written by hand, against plain autograd of the network written out."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from engine.training.hessian import SquaredLossHessian
from engine.training.losses import half_squared
from engine.training.mlp import MLP

ORDINARY = {"tanh": torch.tanh, "relu": torch.relu, "gelu": nn.functional.gelu}
MEMBERS, N = 3, 20


def made(activation, sizes):
    rng = np.random.default_rng(4)
    network = MLP(sizes, MEMBERS, torch.float64, activation=activation)
    for member in range(MEMBERS):
        network.load(member, [rng.standard_normal(shape) / np.sqrt(shape[0]) for shape in network.layout.shapes])
    x, targets = (torch.from_numpy(rng.standard_normal((MEMBERS, *shape))) for shape in ((N, sizes[0]), (sizes[-1], N)))
    return network, x, targets


def plain_losses(network, x, targets, rows, ordinary):
    """Every member's loss at parameters (members, parameters), one by one."""
    found = []
    for row, inputs, wanted in zip(rows, x, targets, strict=True):
        h, layers = inputs, list(pairwise(network.sizes))
        for place, (a, b) in enumerate(layers):
            weight, bias, row = row[: a * b].view(a, b), row[a * b : (a + 1) * b], row[(a + 1) * b :]
            h = h @ weight + bias
            h = h if place == len(layers) - 1 else ordinary(h)
        found.append(0.5 * (h - wanted.T).square().sum(dim=1).mean())
    return torch.stack(found)


@pytest.mark.parametrize("activation", ORDINARY)
@pytest.mark.parametrize("sizes", [(5, 1), (5, 4, 1), (5, 4, 3, 2), (4, 5, 4, 5, 1)])
def test_losses_gradients_and_hessian_products_are_those_of_autograd(activation, sizes):
    network, x, targets = made(activation, sizes)
    rows = network.layout.rows(network.flat).requires_grad_()
    losses = plain_losses(network, x, targets, rows, ORDINARY[activation])
    gradient = torch.autograd.grad(losses.sum(), rows, create_graph=True)[0]
    direction = torch.from_numpy(np.random.default_rng(5).standard_normal(rows.shape))
    curved = torch.autograd.grad((gradient * direction).sum(), rows)[0]

    hessian = SquaredLossHessian(network, x, targets)
    torch.testing.assert_close(hessian.loss, losses.detach(), rtol=1e-12, atol=0)
    for _ in range(2):  # a product leaves everything as it was
        torch.testing.assert_close(hessian.product(direction), curved, rtol=1e-11, atol=1e-13)

    delta, found = torch.empty_like(targets), torch.empty(MEMBERS, dtype=torch.float64)
    half_squared(network.forward(x), targets, delta, found)
    network.backward(delta)
    torch.testing.assert_close(found, losses.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(network.layout.rows(network.gradient), gradient.detach(), rtol=1e-11, atol=1e-13)


def test_products_of_one_member_do_not_depend_on_the_others():
    network, x, targets = made("tanh", (5, 4, 1))
    direction = torch.ones(MEMBERS, network.layout.parameters, dtype=torch.float64)
    before = SquaredLossHessian(network, x, targets).product(direction)
    network.blocks[0][1] += 1.0
    after = SquaredLossHessian(network, x, targets).product(direction)
    assert (after != before).any(dim=1).tolist() == [False, True, False]


def test_an_activation_without_second_derivative_is_refused():
    network, x, targets = made("square", (5, 4, 1))
    with pytest.raises(ValueError, match="no second derivative"):
        SquaredLossHessian(network, x, targets)
