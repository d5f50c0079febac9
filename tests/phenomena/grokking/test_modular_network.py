"""Gromov's network, its losses and interventions against autograd and plain NumPy."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking.cuda_graph import recorded
from engine.phenomena.grokking.double_losses import GRADIENTS
from engine.phenomena.grokking.full_batch import FullBatch
from engine.phenomena.grokking.interventions import GAIN, Interventions
from engine.phenomena.grokking.modular_network import ModularNetwork, gromov_weights
from engine.training.optimizers import AdamW

P, N, B, MEMBERS = 7, 5, 20, 3


def network(one_hot=None, activation="square", members=MEMBERS):
    made = ModularNetwork(P, N, P, members, torch.float64, "cpu", activation, one_hot)
    for member in range(members):
        made.load(member, gromov_weights(P, N, P, np.random.default_rng(member)))
    return made


def examples():
    rng = np.random.default_rng(9)
    pairs = torch.from_numpy(rng.integers(0, P, (MEMBERS, B, 2)))
    targets = torch.nn.functional.one_hot(pairs.sum(2) % P, P).transpose(1, 2).double()
    return pairs, targets


def test_first_weights_have_the_published_deviation():
    drawn = gromov_weights(59, 200, 59, np.random.default_rng(0))
    assert [item.shape for item in drawn] == [(59, 200), (59, 200), (200, 59)]
    assert np.concatenate([item.ravel() for item in drawn]).std() == pytest.approx(0.5 / 400 ** (1 / 3), rel=0.01)


@pytest.mark.parametrize("activation", ["square", "relu"])
@pytest.mark.parametrize("one_hot", [False, True])
def test_gradients_equal_autograd_of_the_formula(one_hot, activation):
    net, (pairs, targets) = network(one_hot, activation), examples()
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


def stablemax(x):
    s = torch.where(x >= 0, x + 1, 1 / (1 - x))
    return (s / s.sum(1, keepdim=True)).log()


@pytest.mark.parametrize(("name", "log"), [("cross-entropy", lambda x: x.log_softmax(1)), ("stablemax", stablemax)])
def test_gradients_in_the_outputs_equal_autograd(name, log):
    _, targets = examples()
    outputs = torch.randn(MEMBERS, P, B, generator=torch.Generator().manual_seed(0), dtype=torch.float64).mul_(3).requires_grad_()
    expected = -(log(outputs) * targets).sum(1).mean(1)
    expected.sum().backward()
    torch.testing.assert_close(GRADIENTS[name](outputs.detach(), targets), outputs.grad)


def test_a_loss_too_small_for_float32_is_seen():
    outputs = torch.tensor([[[30.0], [0.0]]])
    targets = torch.tensor([[[1.0], [0.0]]])
    delta = GRADIENTS["cross-entropy"](outputs, targets)
    assert delta[0, 0, 0].item() == pytest.approx(-np.exp(-30.0), rel=1e-3)
    assert delta[0, 1, 0].item() == pytest.approx(np.exp(-30.0), rel=1e-6)


def test_perp_grad_removes_the_radial_part_and_keeps_the_length():
    net = network()
    net.gradient.normal_(generator=torch.Generator().manual_seed(1))
    before = net.gradient.clone()
    Interventions(net, ["perp-grad", "none", "none"]).apply()
    for w, g, old in zip(net.blocks, net.gradient_blocks, net.layout.views(before), strict=True):
        assert (w[0] * g[0]).sum().abs() < 1e-12
        torch.testing.assert_close(g[0].norm(), old[0].norm())
        torch.testing.assert_close(g[1:], old[1:])


def test_grokfast_adds_the_average_of_gradients():
    net = network()
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


def test_training_equals_torch_adamw_with_warm_up_and_goes_on_when_a_member_leaves():
    net, (pairs, targets) = network(), examples()
    trainer = FullBatch(
        AdamW(net, 0.01, [1.0, 0.0, 0.5], (0.9, 0.98)), pairs, targets, ["squared"] * 3, Interventions(net, ["none"] * 3), 3
    )
    leaves = [block[2].clone().requires_grad_() for block in net.blocks]
    plain = torch.optim.AdamW(leaves, 0.01, (0.9, 0.98), weight_decay=0.5)
    schedule = torch.optim.lr_scheduler.LambdaLR(plain, lambda step: min(step / 3, 1))
    for step in range(8):
        u, w, v = leaves
        plain.zero_grad()
        outputs = ((u[pairs[2, :, 0]] + w[pairs[2, :, 1]]) ** 2) @ v
        (outputs.T - targets[2]).square().sum(0).mean().backward()
        plain.step()
        schedule.step()
        trainer.step()
        if step == 4:
            trainer.retire([0])
    torch.testing.assert_close(trainer.weights()[2], torch.cat([leaf.detach().flatten() for leaf in leaves]))
    assert trainer.active == [1, 2]


def test_on_a_cpu_work_is_done_as_it_is():
    done = []
    work, sentence = recorded(lambda: done.append(1), "cpu")
    work()
    assert (done, sentence) == ([1], "")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine on which no graph can be recorded")
def test_where_no_graph_can_be_recorded_one_sentence_says_so():
    done = []
    work, sentence = recorded(lambda: done.append(1), "cuda")
    work()
    assert done == [1]
    assert sentence.startswith("CUDA graphs are not used (")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_recorded_step_trains_like_the_cpu():
    trained = []
    for device in ("cpu", "cuda"):
        net, (pairs, targets) = ModularNetwork(P, N, P, MEMBERS, torch.float64, device), examples()
        for member in range(MEMBERS):
            net.load(member, gromov_weights(P, N, P, np.random.default_rng(member)))
        data = pairs.to(device), targets.to(device)
        trainer = FullBatch(AdamW(net, 0.01), *data, ["squared"] * 3, Interventions(net, ["none"] * 3))
        for step in range(8):
            trainer.step()
            if step == 4:
                trainer.retire([0])
        assert trainer.sentence == ""
        trained.append(trainer.weights().cpu())
    torch.testing.assert_close(*trained)
