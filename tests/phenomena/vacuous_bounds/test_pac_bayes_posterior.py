"""Posteriors against autograd and torch.distributions, their errors against a plain loop, a member against itself alone."""

import math

import numpy as np
import pytest
import torch

from engine.phenomena.vacuous_bounds.pac_bayes_objectives import P_MIN, slopes
from engine.phenomena.vacuous_bounds.pac_bayes_posterior import Posteriors
from engine.seeds import streams
from engine.theory.bounds.pac_bayes import best_lambda, gaussian_kl
from engine.training.ensemble import TrainingSet
from engine.training.losses import LOSSES
from engine.training.mlp import MLP

OBJECTIVES = ("dziugaite-roy", "classic", "quadratic", "lambda")
SIZES, N, P = (5, 4, 3, 1), 30, 5 * 4 + 4 + 4 * 3 + 3 + 3 + 1


def posteriors(members=(0, 1), steps=40, dtype=torch.float64, objective="dziugaite-roy", surrogate="logistic"):
    rng = [np.random.default_rng(70 + member) for member in members]
    x = torch.from_numpy(np.stack([one.standard_normal((N, SIZES[0])) for one in rng])).to(dtype)
    signs = torch.from_numpy(np.stack([one.choice([-1.0, 1.0], N) for one in rng])).to(dtype)
    start, centre = (np.stack([one.standard_normal(P) * 0.3 for one in rng]) for _ in range(2))
    places = np.arange(len(members))
    orders = [streams(member).order for member in members]
    data, each = TrainingSet(x, signs[:, :, None], places, places), [steps] * len(members)
    return Posteriors(SIZES, data, start, centre, orders, each, 0.025, 10, objective, surrogate)


def signs_of(run, member):
    return run.data.targets[member, :, 0]


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


def risk_by_torch(surrogate, signed):
    """Mean surrogate of the 0-1 error, by torch: logistic over ln 2, or cross-entropy held below ln(1/p_min) over that."""
    if surrogate == "logistic":
        return torch.nn.functional.soft_margin_loss(signed, torch.ones_like(signed)) / math.log(2)
    return -torch.log(torch.sigmoid(signed).clamp(min=P_MIN)).mean() / math.log(1 / P_MIN)


def objective_by_torch(objective, risk, kl, prior, trade):
    """The objective as the papers write it, of tensors."""
    delta = 0.025
    if objective == "dziugaite-roy":
        j = 100 * torch.log(0.1 / (2 * prior).exp())
        return risk + torch.sqrt((kl + math.log(math.pi**2 * N / (6 * delta)) + 2 * torch.log(j)) / (N - 1) / 2)
    k = (kl + math.log(2 * math.sqrt(N) / delta)) / (2 * N)
    if objective == "classic":
        return risk + torch.sqrt(k)
    if objective == "quadratic":
        return (torch.sqrt(risk + k) + torch.sqrt(k)) ** 2
    weight = 2 * torch.sigmoid(trade)
    return risk / (1 - weight / 2) + 2 * k / (weight * (1 - weight / 2))


@pytest.mark.parametrize("surrogate", ["logistic", "bounded"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_gradients_of_every_objective_equal_autograd(objective, surrogate):
    run = posteriors(objective=objective, surrogate=surrogate)
    run.spread += torch.linspace(-0.5, 0.5, P, dtype=torch.float64)
    run.mean *= 6  # some probabilities fall below p_min
    run.trade += 0.3
    run._regroup()
    batch = run.batches.next_epoch()[:, :10]
    noise = torch.from_numpy(np.random.default_rng(3).standard_normal((2, P)))
    mine, clipped = run._gradients(torch.from_numpy(batch), noise), 0
    for member in range(2):
        leaves = [item[member].clone().requires_grad_() for item in (run.mean, run.spread, run.prior, run.trade)]
        mean, spread, prior, trade = leaves
        rows = batch[member]
        signed = plain_outputs(mean + spread.exp() * noise[member], run.data.inputs[member][rows]) * signs_of(run, member)[rows]
        posterior, ahead = torch.distributions.Normal(mean, spread.exp()), torch.distributions.Normal(run.centre[member], prior.exp())
        kl = torch.distributions.kl_divergence(posterior, ahead).sum()
        objective_by_torch(objective, risk_by_torch(surrogate, signed), kl, prior[0], trade[0]).backward()
        for name, gradient, leaf in zip(("mean", "spread", "prior", "trade"), mine.split_with_sizes((P, P, 1, 1), 1), leaves, strict=True):
            expected = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
            if name == "prior" and objective != "dziugaite-roy":
                assert gradient[member] == 0  # fixed beforehand, or the certificate would have to pay for it
            else:
                torch.testing.assert_close(gradient[member], expected)
        clipped += int((torch.sigmoid(signed) < P_MIN).sum())
    assert clipped > 0


def plain_outputs(v, x):
    """One network's outputs (n,), from its parameters in a row."""
    h, at = x, 0
    for a, b in ((5, 4), (4, 3), (3, 1)):
        h = (torch.relu(h) if at else h) @ v[at : at + a * b].view(a, b) + v[at + a * b : at + a * b + b]
        at += a * b + b
    return h[:, 0]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_slopes_equal_finite_differences(objective):
    values, step = [torch.full((1, 1), value, dtype=torch.float64) for value in (0.2, 30.0, -2.0, -0.7)], 1e-5
    found = slopes(objective, N, 0.025, *values)
    for index, name in enumerate(("risk", "kl", "prior", "trade")):
        ends = []
        for side in (1, -1):
            moved = [value + side * step * (place == index) for place, value in enumerate(values)]
            ends.append(float(objective_by_torch(objective, *moved)))
        expected = (ends[0] - ends[1]) / (2 * step)
        slope = getattr(found, name)
        assert float(slope if slope is not None else 0.0) == pytest.approx(expected, rel=1e-6, abs=1e-9), name


@pytest.mark.parametrize("objective", OBJECTIVES[1:])
def test_fixed_priors_stay_and_the_weight_l_goes_to_its_best(objective):
    run = posteriors(steps=400, objective=objective, surrogate="bounded")
    before = run.prior.clone()
    for _ in range(400):
        run.step()
    assert torch.equal(run.prior, before)
    assert (run.weight(0) is not None) == (objective == "lambda")
    if objective == "lambda":
        w, s, w0, prior = run.posterior(0)
        best = best_lambda(measured_risk(run), gaussian_kl(w, s, w0, prior), N, 0.025)
        assert run.weight(0) == pytest.approx(best, rel=0.1)


def measured_risk(run, draws=400):
    """Mean bounded cross-entropy of member 0 over fresh draws and all points."""
    rng = np.random.default_rng(8)
    weights = run.mean[0] + torch.from_numpy(rng.standard_normal((draws, P))) * run.spread[0].exp()
    return float(np.mean([risk_by_torch("bounded", plain_outputs(v, run.data.inputs[0]) * signs_of(run, 0)) for v in weights]))


def test_errors_equal_those_of_one_network_at_a_time():
    run = posteriors()
    noise = torch.from_numpy(np.random.default_rng(4).standard_normal((6, P)))
    counted = run.errors(1, noise, run.data.inputs[1], signs_of(run, 1))
    for draw in range(6):
        network = MLP(SIZES, 1, torch.float64)
        network.layout.fill(network.flat, (run.mean[1] + noise[draw] * run.spread[1].exp())[None])
        outputs = network.predict(0, run.data.inputs[1])[0]
        assert counted[draw] == (outputs * signs_of(run, 1) <= 0).sum()


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
        return run.errors(member, noise, run.data.inputs[member], signs_of(run, member)).double().mean().item() / N + np.sqrt(kl / (2 * N))

    before = objective(0)
    for _ in range(400):
        run.step()
    assert objective(0) < before - 0.3


@pytest.mark.parametrize(("when", "objective"), [(5, "dziugaite-roy"), (33, "dziugaite-roy"), (21, "lambda")])
def test_a_restored_posterior_goes_on_bit_for_bit(when, objective):
    first, second = (posteriors(dtype=torch.float32, objective=objective) for _ in range(2))
    for _ in range(when):
        first.step()
    second.restore(first.state())
    for _ in range(40 - when):
        first.step()
        second.step()
    assert torch.equal(first.trained, second.trained)
