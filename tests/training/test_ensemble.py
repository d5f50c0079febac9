"""Ensembles against autograd, against PyTorch's own optimizers and layers, and members against runs of their own."""

import numpy as np
import pytest
import torch

from engine.seeds import streams
from engine.state import State
from engine.training.activations import ACTIVATIONS
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.losses import LOSSES
from engine.training.mlp import MLP
from engine.training.optimizers import SGD, AdamW

SIZES, N, BATCH, MEMBERS = (12, 9, 7, 4), 60, 20, 5
F64 = torch.float64
RATES, DECAYS = (0.02, 0.05, 0.1, 0.05, 0.01), (0.0, 1e-3, 0.0, 1e-2, 1e-1)


def problem(seed):
    rng = np.random.default_rng(100 + seed)
    return torch.from_numpy(rng.standard_normal((N, SIZES[0]))), torch.from_numpy(np.eye(SIZES[-1])[rng.integers(0, SIZES[-1], N)])


def ensemble(seeds, kind="sgd", loss="cross-entropy", sizes=SIZES, dtype=F64, activation="relu", draw=None):
    """An ensemble whose member for seed s uses problem(s), the streams of s, RATES[s] and DECAYS[s]."""
    network = MLP(sizes, len(seeds), dtype, activation=activation)
    for place, seed in enumerate(seeds):
        network.load(place, (draw or (lambda s: linear_layers(sizes, streams(s).init)))(seed))
    rate, decay = [RATES[s] for s in seeds], [DECAYS[s] for s in seeds]
    optimizer = SGD(network, rate, decay, momentum=0.9) if kind == "sgd" else AdamW(network, rate, decay)
    inputs, targets = (torch.stack(item).to(dtype) for item in zip(*map(problem, seeds), strict=True))
    places = np.arange(len(seeds))
    batches = Batches([streams(s).order for s in seeds], N, BATCH)
    return Ensemble(optimizer, TrainingSet(inputs, targets, places, places), batches, loss)


def train(run, steps):
    losses = []
    for _ in range(steps):
        loss = run.network.flat.new_empty(len(run.active))
        run.step(loss)
        losses.append(loss)
    return torch.stack(losses)


class Plain(torch.nn.Module):
    """Independently written perceptron; weights copied from (in, out) arrays."""

    def __init__(self, drawn, activation):
        super().__init__()
        self.layers = torch.nn.ModuleList()
        for weight, bias in zip(drawn[0::2], drawn[1::2], strict=True):
            layer = torch.nn.Linear(*weight.shape, dtype=F64)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weight.T))
                layer.bias.copy_(torch.from_numpy(bias[0]))
            self.layers.append(layer)
        self.activation = {
            "relu": torch.relu, "square": torch.square, "linear": lambda z: z, "tanh": torch.tanh, "gelu": torch.nn.functional.gelu,
        }[activation]  # fmt: skip

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)

    def flattened(self, what):
        return torch.cat([item.flatten() for layer in self.layers for item in (what(layer.weight).T, what(layer.bias))])


def plain_loss(name, outputs, targets):
    if name == "squared":
        return (outputs - targets).pow(2).sum() / len(outputs)
    return torch.nn.functional.cross_entropy(outputs, targets.argmax(1))


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("loss", ["cross-entropy", "squared"])
@pytest.mark.parametrize("sizes", [(12, 4), (12, 9, 4), (12, 9, 7, 5, 4)])
def test_loss_and_gradient_equal_autograd(sizes, loss, activation):
    seeds = (0, 1, 2)
    network = MLP(sizes, len(seeds), F64, activation=activation)
    drawn = [linear_layers(sizes, streams(s).init) for s in seeds]
    for place, arrays in enumerate(drawn):
        network.load(place, arrays)
    inputs, targets = (torch.stack(item) for item in zip(*map(problem, seeds), strict=True))
    outputs = network.forward(inputs)
    delta, values = torch.empty_like(outputs), torch.empty(3, dtype=F64)
    LOSSES[loss](outputs, targets.transpose(1, 2), delta, values)
    network.backward(delta)
    rows = network.layout.rows(network.gradient)
    for place, arrays in enumerate(drawn):
        model = Plain(arrays, activation)
        expected = plain_loss(loss, model(inputs[place]), targets[place])
        expected.backward()
        assert values[place].item() == pytest.approx(expected.item(), rel=1e-12)
        torch.testing.assert_close(rows[place], model.flattened(lambda p: p.grad), rtol=1e-10, atol=1e-13)
        torch.testing.assert_close(network.predict(place, inputs[place]).T, model(inputs[place]), rtol=1e-10, atol=1e-12)


def test_logistic_loss_and_gradient_equal_autograd():
    rng = np.random.default_rng(0)
    outputs = torch.from_numpy(rng.normal(0, 20, (3, 1, 50))).requires_grad_()
    signs = torch.from_numpy(rng.choice([-1.0, 1.0], (3, 1, 50)))
    expected = torch.logaddexp(torch.zeros(()), -signs * outputs).mean(dim=(1, 2))
    expected.sum().backward()
    delta, values = torch.empty(3, 1, 50, dtype=F64), torch.empty(3, dtype=F64)
    LOSSES["logistic"](outputs.detach(), signs, delta, values)
    torch.testing.assert_close(values, expected.detach(), rtol=1e-9, atol=0)  # softplus is linear beyond 20: exp(-20) is dropped
    torch.testing.assert_close(delta, outputs.grad, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
@pytest.mark.parametrize("loss", ["cross-entropy", "squared"])
def test_fifty_steps_equal_pytorch(kind, loss):
    seeds = (1, 3)
    run = ensemble(seeds, kind, loss)
    losses = train(run, 50)
    for place, seed in enumerate(seeds):
        model = Plain(linear_layers(SIZES, streams(seed).init), "relu")
        if kind == "sgd":
            optimizer = torch.optim.SGD(model.parameters(), RATES[seed], momentum=0.9, weight_decay=DECAYS[seed])
        else:
            optimizer = torch.optim.AdamW(model.parameters(), RATES[seed], weight_decay=DECAYS[seed])
        x, t = problem(seed)
        order = streams(seed).order
        for step in range(50):
            if step % (N // BATCH) == 0:
                epoch = order.permutation(N)
            chosen = epoch[step % (N // BATCH) * BATCH :][:BATCH]
            optimizer.zero_grad()
            value = plain_loss(loss, model(x[chosen]), t[chosen])
            value.backward()
            optimizer.step()
            assert losses[step, place].item() == pytest.approx(value.item(), rel=1e-9)
        torch.testing.assert_close(run.weights()[place], model.flattened(lambda p: p.detach()), rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_every_member_equals_its_solo_run(kind):
    together = ensemble(range(MEMBERS), kind)
    train(together, 50)
    for seed in range(MEMBERS):
        alone = ensemble([seed], kind)
        train(alone, 50)
        torch.testing.assert_close(together.weights()[seed], alone.weights()[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_perturbing_one_member_changes_only_that_one(kind):
    plain, touched = ensemble(range(MEMBERS), kind, dtype=torch.float32), ensemble(range(MEMBERS), kind, dtype=torch.float32)
    touched.network.blocks[0][2] += 0.1
    touched.data.targets[2].copy_(touched.data.targets[2].roll(1, 1))
    train(plain, 50)
    train(touched, 50)
    same = (plain.weights() == touched.weights()).all(1).tolist()
    assert same == [True, True, False, True, True]


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_retired_members_rest_and_the_others_go_on_unchanged(kind):
    full, shrinking = ensemble(range(MEMBERS), kind), ensemble(range(MEMBERS), kind)
    train(shrinking, 10)
    frozen = shrinking.weights()[[1, 3]].clone()
    shrinking.retire([1, 3])
    train(shrinking, 15)
    shrinking.retire([0])
    train(shrinking, 25)
    train(full, 50)
    assert shrinking.active == [2, 4]
    assert shrinking.network.members == 2
    assert torch.equal(shrinking.weights()[[1, 3]], frozen)
    torch.testing.assert_close(shrinking.weights()[[2, 4]], full.weights()[[2, 4]], rtol=0, atol=1e-10)


def test_a_member_may_rest_before_the_first_step():
    run, alone = ensemble(range(3)), ensemble([1])
    run.retire([0, 2])
    train(run, 10)
    train(alone, 10)
    torch.testing.assert_close(run.weights()[1], alone.weights()[0], rtol=0, atol=1e-10)


def test_retiring_everyone_keeps_every_weight():
    run = ensemble(range(3))
    train(run, 4)
    before = run.weights().clone()
    run.retire([0])
    run.retire([1, 2])
    assert run.active == []
    assert torch.equal(run.weights(), before)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
@pytest.mark.parametrize("cut", [0, 3, 17, 25])
def test_a_restored_ensemble_goes_on_bit_for_bit(kind, cut):
    def until(run, start, end):
        for step in range(start, end):
            if step == 12:
                run.retire([1])
            train(run, 1)

    through, first, second = (ensemble(range(4), kind, dtype=torch.float32) for _ in range(3))
    until(through, 0, 30)
    until(first, 0, cut)
    saved = first.state()
    second.restore(State({name: value.copy() for name, value in saved.arrays.items()}, dict(saved.scalars)))
    until(second, cut, 30)
    assert second.active == through.active
    assert torch.equal(second.weights(), through.weights())


def test_padded_units_stay_zero_and_change_nothing():
    narrow_sizes = (12, 3, 5, 4)
    for kind in ("sgd", "adamw"):
        for activation in ACTIVATIONS:
            narrow = ensemble([1], kind, "squared", sizes=narrow_sizes, activation=activation)
            padded = ensemble([1], kind, "squared", activation=activation, draw=lambda s: linear_layers(narrow_sizes, streams(s).init))
            train(narrow, 20)
            train(padded, 20)
            for small, large in zip(narrow.network.blocks, padded.network.blocks, strict=True):
                corner = tuple(slice(0, size) for size in small.shape)
                torch.testing.assert_close(large[corner], small, rtol=0, atol=1e-10)
                rest = large.clone()
                rest[corner] = 0
                assert not rest.any()


def test_an_epoch_shows_every_example_once_and_streams_do_not_mix():
    batches = Batches([streams(0).order, streams(1).order], N, BATCH)
    first, second = batches.next_epoch().copy(), batches.next_epoch()
    alone = Batches([streams(1).order], N, BATCH)
    for epoch in (first, second):
        assert all(np.array_equal(np.sort(row), np.arange(N)) for row in epoch)
        assert np.array_equal(epoch[1], alone.next_epoch()[0])
    assert not np.array_equal(first[0], second[0])
