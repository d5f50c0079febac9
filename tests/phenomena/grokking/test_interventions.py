"""Interventions against their formulas, and gradient descent with a velocity of its own, alone and behind one, against torch.optim.SGD."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking.full_batch import FullBatch
from engine.phenomena.grokking.gromov_network import GromovNetwork
from engine.phenomena.grokking.interventions import GAIN, HeavyBall, Interventions
from engine.phenomena.grokking.nanda_transformer import NandaTransformer, plain_logits
from tests.phenomena.grokking.small_networks import MEMBERS, B, N, P
from tests.phenomena.grokking.small_networks import gromov as ensemble

DECAYS, RATE, STEPS = (1.0, 0.0, 0.1), 0.05, 8


def test_perp_grad_removes_the_radial_part_and_keeps_the_length():
    net = ensemble()
    net.gradient.normal_(generator=torch.Generator().manual_seed(1))
    before = net.gradient.clone()
    Interventions(net, ["perp-grad", "none", "none"]).apply()
    for w, g, old in zip(net.blocks, net.gradient_blocks, net.layout.views(before), strict=True):
        assert (w[0] * g[0]).sum().abs() < 1e-12
        torch.testing.assert_close(g[0].norm(), old[0].norm())
        torch.testing.assert_close(g[1:], old[1:])


def test_grokfast_adds_the_average_of_gradients():
    net = ensemble()
    filters = Interventions(net, ["none", "grokfast", "none"])
    average = torch.zeros_like(net.gradient)
    generator = torch.Generator().manual_seed(2)
    for _ in range(3):
        net.gradient.normal_(generator=generator)
        old = net.gradient.clone()
        average = 0.98 * average + 0.02 * old
        filters.apply()
        expected = old + GAIN * average
        torch.testing.assert_close(net.layout.rows(net.gradient)[1], net.layout.rows(expected)[1])
        torch.testing.assert_close(net.layout.rows(net.gradient)[[0, 2]], net.layout.rows(old)[[0, 2]])


def problem():
    cells = np.stack([np.random.default_rng(seed).permutation(P * P)[:B] for seed in range(MEMBERS)])
    pairs = torch.from_numpy(np.stack([cells // P, cells % P], axis=-1))
    return pairs, pairs.sum(2) % P


def gromov():
    network = GromovNetwork(P, N, MEMBERS, torch.float64)
    drawn = [network.draw(np.random.default_rng(member)) for member in range(MEMBERS)]
    return network, drawn, "squared", P


def transformer():
    network = NandaTransformer(P, 16, MEMBERS, torch.float64)
    drawn = [network.draw(np.random.default_rng(member)) for member in range(MEMBERS)]
    return network, drawn, "cross-entropy", P + 1


def plain_loss(name, leaves, pairs, labels):
    if name == "cross-entropy":
        return torch.nn.functional.cross_entropy(plain_logits(leaves, pairs), labels)
    u, w, v = leaves
    outputs = (u[pairs[:, 0]] + w[pairs[:, 1]]) ** 2 @ v
    return (outputs - torch.eye(P, dtype=torch.float64)[labels]).square().sum(1).mean()


def trained(build, beta, interventions, retire=True):
    network, drawn, loss, classes = build()
    for member, tables in enumerate(drawn):
        network.load(member, tables)
    pairs, labels = problem()
    targets = torch.nn.functional.one_hot(labels, classes).transpose(1, 2).double()
    trainer = FullBatch(HeavyBall(network, RATE, DECAYS, beta), pairs, targets, [loss] * MEMBERS, Interventions(network, interventions), 3)
    for step in range(STEPS):
        trainer.step()
        if step == 4 and retire:
            trainer.retire([1])
    return trainer, drawn, pairs, labels, loss


def plainly(drawn, pairs, labels, loss, decay, beta, change=lambda leaves: None):
    leaves = [torch.from_numpy(table.copy()).requires_grad_() for table in drawn]
    plain = torch.optim.SGD(leaves, RATE, momentum=beta, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(plain, lambda step: min(step / 3, 1))
    for _ in range(STEPS):
        plain.zero_grad()
        plain_loss(loss, leaves, pairs, labels).backward()
        change(leaves)
        plain.step()
        schedule.step()
    return torch.cat([leaf.detach().flatten() for leaf in leaves])


@pytest.mark.parametrize("build", [gromov, transformer])
@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_members_equal_torch_sgd_and_go_on_when_one_leaves(build, beta):
    trainer, drawn, pairs, labels, loss = trained(build, beta, ["none"] * MEMBERS)
    for member in (0, 2):
        expected = plainly(drawn[member], pairs[member], labels[member], loss, DECAYS[member], beta)
        torch.testing.assert_close(trainer.weights()[member], expected, rtol=1e-9, atol=1e-11)


def perpendicular(leaves):
    for leaf in leaves:
        w, g = leaf.detach(), leaf.grad
        radial = (w * g).sum() / max((w * w).sum().item(), 1e-300) * w
        leaf.grad = (g - radial) * (g.norm() / (g - radial).norm())


def test_an_intervention_changes_the_gradient_and_not_the_velocity():
    trainer, drawn, pairs, labels, loss = trained(gromov, 0.9, ["perp-grad", "none", "none"])
    expected = plainly(drawn[0], pairs[0], labels[0], loss, DECAYS[0], 0.9, perpendicular)
    torch.testing.assert_close(trainer.weights()[0], expected, rtol=1e-9, atol=1e-11)


def test_a_restored_velocity_goes_on_bit_for_bit():
    whole, *_ = trained(transformer, 0.9, ["none"] * MEMBERS, retire=False)
    saved = whole.state()
    first = [whole.step() or whole.weights() for _ in range(3)][-1]
    again, *_ = trained(transformer, 0.9, ["none"] * MEMBERS, retire=False)
    again.optimizer.buffers["velocity"].zero_()
    again.restore(saved)
    second = [again.step() or again.weights() for _ in range(3)][-1]
    assert torch.equal(first, second)
