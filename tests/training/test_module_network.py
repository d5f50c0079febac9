"""An ordinary torch.nn.Module as an ensemble: the same training as the hand-written network, and derivatives that are right."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.mlp import MLP
from engine.training.module_network import ModuleNetwork, torch_layers
from engine.training.optimizers import SGD, AdamW

SIZES, MEMBERS, N = (7, 12, 9, 3), 4, 30


def perceptron(activation=nn.ReLU):
    return nn.Sequential(nn.Linear(7, 12), activation(), nn.Linear(12, 9), activation(), nn.Linear(9, 3))


def data(rng):
    inputs = torch.from_numpy(rng.standard_normal((2, N, 7)))
    labels = rng.integers(0, 3, (MEMBERS, N))
    return TrainingSet(inputs, torch.from_numpy(np.eye(3)[labels]), np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))


def trained(network, drawn, optimizer, steps=60, retire_at=None):
    for member, weights in enumerate(drawn):
        network.load(member, weights)
    ensemble = Ensemble(optimizer(network), data(np.random.default_rng(5)), Batches([streams(s).order for s in (0, 1)], N, 10))
    losses = torch.zeros(MEMBERS, dtype=torch.float64)
    for step in range(steps):
        if step == retire_at:
            ensemble.retire([1])
            losses = losses[:-1]
        ensemble.step(losses)
    return ensemble.weights().numpy(), losses.numpy()


def as_modules(rows):
    """Rows of the hand-written layout (fan_in, fan_out) in the order of nn.Linear."""
    shapes, found = [shape for a, b in pairwise(SIZES) for shape in ((a, b), (1, b))], []
    for row in rows:
        ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
        layers = [part.reshape(shape) for part, shape in zip(np.split(row, ends), shapes, strict=True)]
        found.append(np.concatenate([layer.ravel() for layer in torch_layers(layers)]))
    return np.array(found)


@pytest.mark.parametrize("optimizer", [
    lambda network: SGD(network, [0.05, 0.1, 0.02, 0.1], 0.001, momentum=0.9),
    lambda network: AdamW(network, 0.01, 0.1),
])  # fmt: skip
@pytest.mark.parametrize("retire_at", [None, 25])
def test_a_module_trains_like_the_hand_written_network(optimizer, retire_at):
    drawn = [linear_layers(SIZES, np.random.default_rng(member)) for member in range(MEMBERS)]
    by_hand, losses = trained(MLP(SIZES, MEMBERS, torch.float64), drawn, optimizer, retire_at=retire_at)
    module = ModuleNetwork(perceptron(), MEMBERS, torch.float64)
    found, its_losses = trained(module, [torch_layers(weights) for weights in drawn], optimizer, retire_at=retire_at)
    assert np.abs(found - as_modules(by_hand)).max() < 1e-10
    np.testing.assert_allclose(its_losses, losses, rtol=0, atol=1e-10)


def test_a_member_equals_its_solo_run_and_moves_no_other():
    drawn = [torch_layers(linear_layers(SIZES, np.random.default_rng(member))) for member in range(MEMBERS)]
    network = ModuleNetwork(perceptron(), MEMBERS, torch.float64)
    for member, weights in enumerate(drawn):
        network.load(member, weights)
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((1, N, 7))).expand(MEMBERS, -1, -1)
    before = network.outputs(x).clone()
    alone = ModuleNetwork(perceptron(), 1, torch.float64)
    alone.load(0, drawn[2])
    np.testing.assert_allclose(alone.outputs(x[:1])[0], before[2], rtol=0, atol=1e-13)
    np.testing.assert_allclose(network.predict(2, x[0]), before[2], rtol=0, atol=1e-13)
    network.blocks[0][2] += 1.0
    changed = (network.outputs(x) - before).abs().amax(dim=(1, 2))
    assert changed[2] > 0 and changed[[0, 1, 3]].max() == 0


def test_convolutions_train_as_a_plain_loop_trains_them():
    module = nn.Sequential(nn.Unflatten(1, (1, 7)), nn.Conv1d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3)).double()
    network, given = ModuleNetwork(module, MEMBERS, torch.float64), data(np.random.default_rng(5))
    drawn = [[np.random.default_rng(member).standard_normal(shape) * 0.3 for shape in network.layout.shapes] for member in range(MEMBERS)]
    for member, weights in enumerate(drawn):
        network.load(member, weights)
    ensemble = Ensemble(SGD(network, 0.1, momentum=0.9), given, Batches([streams(s).order for s in (0, 1)], N, N))
    losses = torch.zeros(MEMBERS, dtype=torch.float64)
    for _ in range(30):
        ensemble.step(losses)
    for member, weights in enumerate(drawn):
        with torch.no_grad():
            for parameter, values in zip(module.parameters(), weights, strict=True):
                parameter.copy_(torch.from_numpy(values))
        plain = torch.optim.SGD(module.parameters(), 0.1, momentum=0.9)
        for _ in range(30):
            plain.zero_grad()
            nn.functional.cross_entropy(module(given.inputs[given.source[member]]), given.targets[member]).backward()
            plain.step()
        alone = torch.nn.utils.parameters_to_vector(module.parameters()).detach()
        np.testing.assert_allclose(ensemble.weights()[member], alone, rtol=0, atol=1e-12)


def test_gradients_and_hessian_products_against_plain_autograd():
    rng = np.random.default_rng(1)
    module = perceptron(nn.Tanh).double()
    network = ModuleNetwork(module, 2, torch.float64)
    rows = torch.from_numpy(rng.standard_normal((2, network.layout.parameters)) * 0.3)
    x, t = torch.from_numpy(rng.standard_normal((2, N, 7))), torch.from_numpy(rng.standard_normal((2, N, 3)))
    directions = torch.from_numpy(rng.standard_normal(rows.shape))

    def loss(outputs, targets):
        return ((outputs - targets) ** 2).sum(dim=1).mean()

    products = network.hessian(rows, x, t, loss)
    gradients = network.gradients(rows, x, t, loss)
    for member in range(2):
        torch.nn.utils.vector_to_parameters(rows[member], module.parameters())
        found = torch.autograd.grad(loss(module(x[member]), t[member]), list(module.parameters()), create_graph=True)
        flat = torch.cat([item.flatten() for item in found])
        np.testing.assert_allclose(gradients[member], flat.detach(), rtol=0, atol=1e-12)
        again = torch.autograd.grad(flat @ directions[member], list(module.parameters()))
        np.testing.assert_allclose(products(directions)[member], torch.cat([item.flatten() for item in again]), rtol=0, atol=1e-11)


def test_backward_needs_a_forward():
    with pytest.raises(RuntimeError, match="backward without forward"):
        ModuleNetwork(perceptron(), 1, torch.float64).backward(torch.zeros(1, 3, 5, dtype=torch.float64))
