"""Grokking's arms: an intervention beside its control, the sweep, both optimizers, every operation."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking import Grokking
from engine.phenomena.grokking.arms import CONTROL, DECAYS, FRACTIONS, MAIN, arms_of
from engine.phenomena.grokking.readings import GROKKED
from engine.theory.modular_arithmetic.operations import OPERATIONS
from tests.phenomena.driven import work
from tests.phenomena.grokking.grokking_sizes import GROMOV, TRANSFORMER

pytestmark = pytest.mark.usefixtures("one_thread")


def make(knobs, seeds=(0,)):
    return Grokking(Grokking.spec.configure("quick", knobs), seeds, "cpu", "custom")


def places(run, name):
    return [place for place, member in enumerate(run._members) if member.arm.name == name]


CASES = [(GROMOV, "grokfast"), (GROMOV, "perp-grad"), (TRANSFORMER, "grokfast"), (TRANSFORMER, "perp-grad"), (TRANSFORMER, "stablemax")]


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize(("knobs", "speedup"), CASES)
def test_an_intervention_runs_beside_its_control_in_one_ensemble(knobs, speedup, optimizer):
    knobs, seeds = {**knobs, "wd": 0.3, "optimizer": optimizer}, (0, 1, 2)
    run = make({**knobs, "speedup": speedup}, seeds)
    training = run._training
    mains, controls = places(run, MAIN), places(run, CONTROL)
    assert len(mains) == len(controls) == 3
    for main, control, seed in zip(mains, controls, seeds, strict=True):
        group = next(group for group in training.groups if main in group.members)
        assert control in group.members  # one batched computation trains both
        decays = dict(zip(group.members, group.trainer.optimizer.decays.tolist(), strict=True))
        assert decays[main] == decays[control] == 0.3
        names = dict(zip(group.members, group.trainer.interventions.names, strict=True))
        assert (names[main], names[control]) == (speedup, "none")
        assert run._members[main].seed == run._members[control].seed == seed
        assert np.array_equal(training.tasks[main].train, training.tasks[control].train)
        assert np.array_equal(training.row(main), training.row(control))


@pytest.mark.parametrize(("knobs", "speedup"), CASES)
def test_the_control_is_the_run_without_the_intervention(knobs, speedup):
    beside, alone = work(make({**knobs, "speedup": speedup})), work(make(knobs))
    mine, theirs = (np.array([row["train-loss"][0] for row in run.history.records]) for run in (beside, alone))
    control = np.array([row["train-loss"][places(beside, CONTROL)[0]] for row in beside.history.records])
    np.testing.assert_allclose(control[:20], theirs[:20], rtol=1e-3)
    assert not np.allclose(mine[5:20], theirs[5:20], rtol=1e-3)
    names = {item.name for item in beside.series()}
    assert {"accuracy/test-main", "accuracy/test-control"} <= names
    assert ("progress/collapse-control" in names) == (knobs is TRANSFORMER)


def test_collapse_is_measured_on_what_each_arm_trains():
    run = make({**TRANSFORMER, "speedup": "stablemax"})
    sure = torch.tensor([[40.0], [0.0], [0.0]])  # softmax says 1 in float32, StableMax 41/43
    main, control = places(run, MAIN)[0], places(run, CONTROL)[0]
    assert run._training._probabilities(sure, main)[0, 0].item() == pytest.approx(41 / 43)
    assert run._training._probabilities(sure, control)[0, 0].item() == 1.0


def test_the_sweep_is_offered_for_both_networks():
    for knobs in ({}, {"model": "transformer", "wd": 0.0}):
        arms = arms_of(Grokking.spec.configure("quick", {**knobs, "sweep": True}))
        settings = [(arm.fraction, arm.wd) for arm in arms if arm.p == 59]
        assert len(settings) == len(set(settings))
        assert set(settings) == {(fraction, wd) for fraction in FRACTIONS for wd in DECAYS}


def test_a_sweep_of_transformers_shows_delays_and_what_is_censored():
    run = work(make({**TRANSFORMER, "sweep": True}))
    assert len(run._members) == len(FRACTIONS) * len(DECAYS)  # the main arm is one of them
    series = {item.name: item for item in run.series()}
    assert "delay-vs-fraction/censored" in series
    assert set(series["delay-vs-fraction/censored"].x) <= set(FRACTIONS)


@pytest.mark.parametrize("model", [GROMOV, TRANSFORMER], ids=["gromov", "transformer"])
def test_gradient_descent_learns_the_training_pairs(model):
    run = work(make({**model, "optimizer": "sgd", "lr": 0.1, "wd": 0.0, "steps": 400}))
    _, loss = run.history.column("train-loss")
    assert loss[-1, 0] < 0.5 * loss[0, 0]


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op not in ("add", "sub", "mul", "div")])
def test_every_other_operation_trains_in_the_transformer(op):
    run = work(make({**TRANSFORMER, "op": op, "fraction": 0.05 if op == "s5" else 0.3}))
    _, loss = run.history.column("train-loss")
    assert loss[-1, 0] < loss[0, 0]
    assert run.pictures()[0].values.shape == ((120, 120) if op == "s5" else (11, 11))


@pytest.mark.slow
@pytest.mark.parametrize("op", ["add", "sub", "mul", "div"])
def test_gromovs_network_groks_every_operation_of_a_cyclic_group(op):
    run = work(make({"op": op, "p": 31, "width": 120, "fraction": 0.5, "steps": 1500}))
    memorised, grokked = run._readings.memorised(), run._readings.grokked()
    assert run.history.records[-1]["test-accuracy"][0] >= GROKKED
    assert memorised[0] < grokked[0] < 1500


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "knobs", "ratio"), [("long-delay", {}, 50), ("nanda", {"steps": 8000}, 20)])
def test_a_preset_shows_its_delay(preset, knobs, ratio):
    seeds = tuple(range(Grokking.spec.preset(preset).seeds))
    run = work(Grokking(Grokking.spec.configure(preset, knobs), seeds, "cpu", preset), budget=1.0)
    assert (run._readings.grokked() / run._readings.memorised() >= ratio).all()
    assert {item.claim.id: item.holds for item in run.verdicts() if item.claim.id in ("GR1", "GR5", "GR6")} == {
        "GR1": True, "GR5": True, "GR6": True,
    }  # fmt: skip


@pytest.mark.slow
def test_gradient_descent_groks_where_it_is_given_momentum_and_a_little_decay():
    knobs = {"p": 31, "fraction": 0.6, "steps": 1000, "optimizer": "sgd", "lr": 0.1, "wd": 0.001, "momentum": 0.95}
    run = work(make(knobs))
    assert 1.5 * run._readings.memorised()[0] <= run._readings.grokked()[0] <= 1000


@pytest.mark.slow
def test_perp_grad_groks_without_decay_and_its_control_does_not():
    run = Grokking(Grokking.spec.configure("prieto"), (0,), "cpu", "prieto")
    work(run)
    readings = run._readings
    assert readings.grokked()[0] <= 300
    assert readings.memorised(CONTROL)[0] <= 300
    assert np.isnan(readings.grokked(CONTROL)).all()
    assert run.history.records[-1]["test-accuracy"][places(run, CONTROL)[0]] < 0.05
    assert len(run._hindsight.keys[0]) < 113 // 4  # a few sharp waves
