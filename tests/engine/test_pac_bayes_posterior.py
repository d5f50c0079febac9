"""Posteriors against autograd and torch.distributions, their errors against a plain loop, a member against itself alone."""

import math

import numpy as np
import pytest
import torch

from engine.seeds import streams
from engine.training.losses import LOSSES
from engine.training.mlp import MLP
from engine.training.pac_bayes_posterior import Learned, Posteriors, Rates

SIZES, N, P = (5, 4, 3, 1), 30, 5 * 4 + 4 + 4 * 3 + 3 + 3 + 1


def posteriors(members=(0, 1), steps=40, dtype=torch.float64):
    rng = [np.random.default_rng(70 + member) for member in members]
    x = torch.from_numpy(np.stack([one.standard_normal((N, SIZES[0])) for one in rng])).to(dtype)
    signs = torch.from_numpy(np.stack([one.choice([-1.0, 1.0], N) for one in rng])).to(dtype)
    start, centre = (np.stack([one.standard_normal(P) * 0.3 for one in rng]) for _ in range(2))
    places = np.arange(len(members))
    orders = [streams(member).order for member in members]
    return Posteriors(SIZES, Learned(x, signs, places, places), start, centre, orders, [steps] * len(members), 0.025, 10, Rates())


def test_logistic_loss_and_its_gradient_equal_torch():
    rng = np.random.default_rng(0)
    outputs = torch.from_numpy(rng.standard_normal((3, 1, 20)) * 5).requires_grad_()
    targets = torch.from_numpy(rng.choice([-1.0, 1.0], (3, 1, 20)))
    delta, loss = torch.empty(3, 1, 20, dtype=torch.float64), torch.empty(3, dtype=torch.float64)
    LOSSES["logistic"](outputs.detach(), targets, delta, loss)
    expected = torch.stack([torch.nn.functional.soft_margin_loss(f, y) for f, y in zip(outputs, targets, strict=True)])
    expected.sum().backward()
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(delta, outputs.grad)


def test_gradients_of_the_bound_equal_autograd():
    run = posteriors()
    run.spread += torch.linspace(-0.5, 0.5, P, dtype=torch.float64)
    leaves = [item.clone().requires_grad_() for item in (run.mean, run.spread, run.prior)]
    mean, spread, prior = leaves
    posterior, ahead = torch.distributions.Normal(mean, spread.exp()), torch.distributions.Normal(run.centre, prior.exp())
    kl = torch.distributions.kl_divergence(posterior, ahead).sum(1)
    j = 100 * torch.log(0.1 / (2 * prior[:, 0]).exp())
    bnd = (kl + math.log(math.pi**2 * N / (6 * 0.025)) + 2 * torch.log(j)) / (N - 1)
    torch.sqrt(bnd / 2).sum().backward()
    for mine, leaf in zip(run._bound_gradients(), leaves, strict=True):
        torch.testing.assert_close(mine, leaf.grad)


def test_gradients_of_the_risk_equal_autograd():
    run = posteriors()
    run.batches.next_epoch()
    run._index()
    noise = torch.from_numpy(np.random.default_rng(3).standard_normal((2, P)))
    mine = run._risk_gradients(0, noise)
    for member in range(2):
        mean, spread = run.mean[member].clone().requires_grad_(), run.spread[member].clone().requires_grad_()
        v = mean + spread.exp() * noise[member]
        rows = run.batches.orders[member][:10]
        h, at = run.learned.x[member][rows], 0
        for a, b in ((5, 4), (4, 3), (3, 1)):
            h = (torch.relu(h) if at else h) @ v[at : at + a * b].view(a, b) + v[at + a * b : at + a * b + b]
            at += a * b + b
        loss = torch.nn.functional.soft_margin_loss(h[:, 0], run.learned.signs[member][rows]) / math.log(2)
        loss.backward()
        torch.testing.assert_close(mine[0][member], mean.grad)
        torch.testing.assert_close(mine[1][member], spread.grad)


def test_errors_equal_those_of_one_network_at_a_time():
    run = posteriors()
    noise = torch.from_numpy(np.random.default_rng(4).standard_normal((6, P)))
    counted = run.errors(1, noise, run.learned.x[1], run.learned.signs[1])
    for draw in range(6):
        network = MLP(SIZES, 1, torch.float64)
        network.layout.fill(network.flat, (run.mean[1] + noise[draw] * run.spread[1].exp())[None])
        outputs = network.predict(0, run.learned.x[1])[0]
        assert counted[draw] == (outputs * run.learned.signs[1] <= 0).sum()


def test_a_member_equals_the_same_alone_and_rests_after_its_steps():
    both, alone = posteriors(), posteriors((1,))
    both.steps = np.array([10, 40])
    for _ in range(40):
        both.step()
        alone.step()
        if both.taken == 10:
            resting = both.mean[0].clone()
    torch.testing.assert_close(both.mean[1], alone.mean[0])
    torch.testing.assert_close(both.spread[1], alone.spread[0])
    assert torch.equal(both.mean[0], resting)


def test_training_lowers_the_objective():
    run = posteriors(steps=400)
    rng = np.random.default_rng(9)
    noise = torch.from_numpy(rng.standard_normal((200, P)))

    def objective(member):
        w, s, w0, prior = run.posterior(member)
        kl = 0.5 * np.sum(s / prior - 1 - np.log(s / prior) + (w - w0) ** 2 / prior)
        return run.errors(member, noise, run.learned.x[member], run.learned.signs[member]).double().mean().item() / N + np.sqrt(
            kl / (2 * N)
        )

    before = objective(0)
    for _ in range(400):
        run.step()
    assert objective(0) < before - 0.3


@pytest.mark.parametrize("when", [5, 33])
def test_a_restored_posterior_goes_on_bit_for_bit(when):
    first, second = posteriors(dtype=torch.float32), posteriors(dtype=torch.float32)
    for _ in range(when):
        first.step()
    second.restore(first.state())
    for _ in range(40 - when):
        first.step()
        second.step()
    assert torch.equal(first.mean, second.mean) and torch.equal(first.prior, second.prior)
