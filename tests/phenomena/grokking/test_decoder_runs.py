"""Preset power at a size that trains in a second: counts, batches, every operation of the paper, and that it goes on bit for bit."""

import numpy as np
import pytest
import torch

from engine.errors import KnobError
from engine.networks.drawing import parameter_count
from engine.phenomena.grokking import SPEC, checks
from engine.phenomena.grokking.mini_batches import MiniBatches
from engine.phenomena.grokking.power_decoder import PowerDecoder
from engine.phenomena.grokking.settings import task
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.grokking.small_runs import of_preset, resumed

pytestmark = pytest.mark.usefixtures("one_thread", "brief_checks")
TINY = {"p": 11, "width": 56, "steps": 100, "every": 50, "batch": 20}


@pytest.fixture
def brief_checks(monkeypatch):
    """What is checked before training is not what is tested here."""
    monkeypatch.setattr(checks, "TRAINED_STEPS", 1)
    monkeypatch.setattr(checks, "ANALYTIC_WIDTH", 50)


def test_the_published_network_has_the_parameters_of_its_published_shapes():
    p, d, hidden = 97, 128, 512
    norm = 2 * d
    block = 3 * d * d + d * d + norm + d * hidden + hidden * d + norm
    whole = (p + 2) * d + 2 * block + d * p
    assert 2 * block == pytest.approx(4e5, rel=0.02)  # "about 4 10^5 non-embedding parameters"
    network = PowerDecoder(p, d, 1)
    assert parameter_count(network.modules[0]) == network.layout.parameters == whole
    assert SPEC.work(SPEC.configure("power"), 1).parameters == whole == 419_328


def test_batches_are_those_of_an_independent_order_and_at_most_half_of_what_is_shown():
    run = of_preset("power", (3, 4), **{**TINY, "batch": 1000})
    trainers = [group.trainer for group in run.ensembles.groups]
    assert len(trainers) == 2 and all(isinstance(trainer, MiniBatches) for trainer in trainers)
    shown = int(0.5 * 110)
    for trainer, network in zip(trainers, run.networks, strict=True):
        its = task("div", network)
        pairs, labels = its.table.pairs[its.train], its.table.labels[its.train]
        rng = np.random.default_rng(np.random.SeedSequence((network.seed, 0)).spawn(4)[3])
        for _ in range(2):
            order = rng.permutation(shown)
            for place in range(2):
                trainer.step()
                rows = order[place * (shown // 2) : (place + 1) * (shown // 2)]
                assert np.array_equal(trainer._inputs[0].numpy(), pairs[rows])
                assert np.array_equal(trainer._targets[0].argmax(0).numpy(), labels[rows])


def test_a_step_is_that_of_a_plain_loop():
    run = of_preset("power", (0,), **TINY)
    group = run.ensembles.groups[0]
    module = PowerDecoder(11, 56, 1).modules[0]
    for parameter, (_, stored) in zip(module.parameters(), group.network.modules[0].named_parameters(), strict=True):
        parameter.data, parameter.grad = stored.detach().clone(), None
    optimizer = torch.optim.Adam(module.parameters(), 1e-3, (0.9, 0.98))
    for step in range(12):
        optimizer.param_groups[0]["lr"] = 1e-3 * min(1, step / 10)
        group.trainer.step()
        optimizer.zero_grad()
        labels = group.trainer._targets[0].argmax(0)
        torch.nn.functional.cross_entropy(module(group.trainer._inputs[0]).double(), labels).backward()
        optimizer.step()
    mine = torch.cat([parameter.detach().flatten() for parameter in group.network.modules[0].parameters()])
    theirs = torch.cat([parameter.detach().flatten() for parameter in module.parameters()])
    torch.testing.assert_close(mine, theirs, rtol=2e-3, atol=2e-4)  # Adam divides by what is near 0


def test_the_preset_starts_trains_measures_and_goes_on_bit_for_bit():
    whole = work(of_preset("power", (0, 1), **TINY), UNEVEN)
    first = work(of_preset("power", (0, 1), **TINY), until=71)
    first.advance(1e-6)  # the first seed is a step ahead, the second amid an epoch of two
    assert [group.trainer.taken for group in first.ensembles.groups] == [72, 71]
    second = work(resumed(first, of_preset("power", (0, 1), **TINY)))
    assert second.history.steps == whole.history.steps
    assert second.history.records == whole.history.records
    for name, values in whole.state().arrays.items():
        assert np.array_equal(values, second.state().arrays[name]), name
    assert {"pairs", "labels", "train", "correct", "embedding.weight", "blocks.1.down.weight"} <= set(whole.arrays())
    assert {item.scalar.name for item in whole.scalars() if not item.reason} >= {"train_accuracy", "test_loss", "squared_norm"}
    alone = work(of_preset("power", (1,), **TINY), until=10)
    for one, other in zip(whole.history.records, alone.history.records, strict=False):
        assert one["test-loss"][1] == other["test-loss"][0]


def test_a_width_that_heads_do_not_share_is_refused():
    with pytest.raises(KnobError, match="width must be a multiple of 8 with model decoder, got 60"):
        SPEC.configure("power", {"width": 60})


@pytest.mark.gpu
def test_a_gpu_measures_the_same_as_the_processor():
    from engine.phenomena.grokking.experiment import Grokking

    config = SPEC.configure("power", TINY)
    here, there = (work(Grokking(config, (0,), device, "custom"), until=20) for device in ("cpu", "cuda"))
    for record, expected in zip(there.history.records, here.history.records, strict=True):
        np.testing.assert_allclose(record["train-loss"], expected["train-loss"], rtol=5e-3)
