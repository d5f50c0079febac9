"""Trainers of several runs as one: the same numbers, the same streams, and nothing where that would not be so."""

import numpy as np
import pytest
import torch

from engine.seeds import streams
from engine.training import joint
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.joint import Joint, JointTraining, Stretch
from engine.training.mlp import MLP
from engine.training.optimizers import SGD, AdamW

SIZES, N, BATCH = (6, 5, 3), 40, 10


def trainer(seeds, rate, decay=0.0, kind="sgd", dtype=torch.float64):
    network = MLP(SIZES, len(seeds), dtype)
    for place, seed in enumerate(seeds):
        network.load(place, linear_layers(SIZES, streams(seed).init))
    x = torch.from_numpy(np.stack([streams(seed).data.standard_normal((N, SIZES[0])) for seed in seeds])).to(dtype)
    labels = torch.from_numpy(np.stack([streams(seed).noise.integers(0, SIZES[-1], N) for seed in seeds]))
    targets = torch.nn.functional.one_hot(labels, SIZES[-1]).to(dtype)
    places = np.arange(len(seeds))
    optimizer = SGD(network, rate, decay, 0.9) if kind == "sgd" else AdamW(network, rate, decay)
    return Ensemble(optimizer, TrainingSet(x, targets, places, places), Batches([streams(seed).order for seed in seeds], N, BATCH))


def runs(kind):
    return [trainer([0, 1], 0.01, kind=kind), trainer([0, 2], 0.03, 0.001, kind), trainer([5], 0.02, 0.01, kind)]


def alone(one, steps):
    losses = one.network.flat.new_zeros(steps, len(one.active))
    for row in losses:
        one.step(row)
    return losses


def close(one, other):
    for mine, theirs in zip(one.buffers(), other.buffers(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-12)
    assert one.batches.state() == other.batches.state() and np.array_equal(one.batches.orders, other.batches.orders)
    assert (one.taken, one.optimizer.place) == (other.taken, other.optimizer.place)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_joined_trainers_come_out_as_alone(kind, monkeypatch):
    monkeypatch.setattr(joint, "_pays", lambda trainers: True)
    together, apart = runs(kind), runs(kind)
    training, told = JointTraining(), {}
    for goal in (7, 23):  # within epochs of four steps
        while any(one.taken < goal for one in together):
            stretches = [
                Stretch(one, goal, lambda losses, place=place: told.setdefault(place, []).append(losses.clone()))
                for place, one in enumerate(together)
            ]
            groups = training.joined(stretches)
            assert [len(group) for group in groups] == [3]
            training.advance(groups, 1e-4)
        if goal == 7:
            together[0].retire([1])
            apart_losses = [alone(one, 7) for one in apart]
            apart[0].retire([1])
    after = [alone(one, 16) for one in apart]
    for place, (one, other) in enumerate(zip(together, apart, strict=True)):
        close(one, other)
        parts = [apart_losses[place], after[place]]
        seen = [row for losses in told[place] for row in losses]
        for mine, theirs in zip(seen, [row for losses in parts for row in losses], strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-12)
    close(together[1], apart[1])
    torch.testing.assert_close(alone(together[1], 5), alone(apart[1], 5), rtol=1e-9, atol=1e-12)  # each goes on by itself


def test_a_trial_leaves_no_trace_and_answers_honestly():
    pair, same = [trainer([0, 1], 0.01), trainer([2, 3], 0.02)], [trainer([0, 1], 0.01), trainer([2, 3], 0.02)]
    for one in (*pair, *same):
        alone(one, 6)
    joint._pays(pair)
    for one, other in zip(pair, same, strict=True):
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(one.buffers(), other.buffers(), strict=True))
        assert torch.equal(alone(one, 9), alone(other, 9))


def test_other_bits_are_refused(monkeypatch):
    pair = [trainer([0, 1], 0.01), trainer([2, 3], 0.02)]
    monkeypatch.setattr(joint, "GAIN", 0.0)  # however slow
    whole = Ensemble.joined

    def another(self, others):
        made = whole(self, others)
        made.optimizer.rates[0] *= 1 + 1e-9
        made.optimizer._bind()
        return made

    monkeypatch.setattr(Ensemble, "joined", another)
    assert not joint._pays(pair)


def test_only_trainers_of_one_shape_at_one_step_are_joined(monkeypatch):
    monkeypatch.setattr(joint, "_pays", lambda trainers: True)
    first, second, other = trainer([0], 0.1), trainer([1], 0.2), trainer([2], 0.1, kind="adamw")
    training = JointTraining()
    assert len(training.joined([Stretch(first, 8), Stretch(second, 8), Stretch(other, 8)])[0]) == 2
    assert not training.joined([Stretch(first, 8), Stretch(second, 9)])
    alone(second, 1)
    assert not training.joined([Stretch(first, 8), Stretch(second, 8)])


def test_perturbing_one_run_changes_only_that_one():
    plain, touched = [trainer([0, 1], 0.01), trainer([2], 0.02)], [trainer([0, 1], 0.01), trainer([2], 0.02)]
    touched[1].network.blocks[0][0] += 0.1
    for pair in (plain, touched):
        whole = Joint(pair)
        whole.gather()
        losses = torch.zeros(3, dtype=torch.float64)
        for _ in range(9):
            whole.whole.take_step(losses)
        whole.scatter()
    assert torch.equal(plain[0].weights(), touched[0].weights())
    assert not torch.equal(plain[1].weights(), touched[1].weights())
