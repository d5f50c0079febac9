"""Grokking's settings: an intervention beside its control, the sweep, both optimizers, every operation."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking import SPEC
from engine.phenomena.grokking.float64_losses import probabilities
from engine.phenomena.grokking.milestones import GROKKED
from engine.phenomena.grokking.settings import CONTROL, DECAYS, FRACTIONS, MAIN, settings_of
from engine.theory.modular_arithmetic.operations import CYCLIC, OPERATIONS
from tests.phenomena.driven import work
from tests.phenomena.grokking.small_runs import GROMOV, TRANSFORMER, make, of_preset

pytestmark = pytest.mark.usefixtures("one_thread")


CASES = [(GROMOV, "grokfast"), (GROMOV, "perp-grad"), (TRANSFORMER, "grokfast"), (TRANSFORMER, "perp-grad"), (TRANSFORMER, "stablemax")]


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize(("knobs", "speedup"), CASES)
def test_an_intervention_runs_beside_its_control_in_one_ensemble(knobs, speedup, optimizer):
    knobs, seeds = {**knobs, "wd": 0.3, "optimizer": optimizer}, (0, 1, 2)
    run = make(seeds, **knobs, speedup=speedup)
    ensembles, mains, controls = run.ensembles, run.readings.columns(MAIN), run.readings.columns(CONTROL)
    assert len(mains) == len(controls) == 3
    for main, control, seed in zip(mains, controls, seeds, strict=True):
        group = next(group for group in ensembles.groups if main in group.numbers)
        assert control in group.numbers  # one batched computation trains both
        decays = dict(zip(group.numbers, group.trainer.optimizer.decays.tolist(), strict=True))
        assert decays[main] == decays[control] == 0.3
        names = dict(zip(group.numbers, group.trainer.interventions.names, strict=True))
        assert (names[main], names[control]) == (speedup, "none")
        assert run.networks[main].seed == run.networks[control].seed == seed
        assert np.array_equal(ensembles.tasks[main].train, ensembles.tasks[control].train)
        assert np.array_equal(ensembles.row(main), ensembles.row(control))


@pytest.mark.parametrize(("knobs", "speedup"), CASES)
def test_the_control_is_the_run_without_the_intervention(knobs, speedup):
    beside, alone = work(make(**knobs, speedup=speedup)), work(make(**knobs))
    mine, theirs = (np.array([row["train-loss"][0] for row in run.history.records]) for run in (beside, alone))
    control = np.array([row["train-loss"][beside.readings.columns(CONTROL)[0]] for row in beside.history.records])
    np.testing.assert_allclose(control[:20], theirs[:20], rtol=1e-3)
    assert not np.allclose(mine[5:20], theirs[5:20], rtol=1e-3)
    names = {item.name for item in beside.series()}
    assert {"accuracy/test-main", "accuracy/test-control"} <= names
    assert ("progress/collapse-control" in names) == (knobs is TRANSFORMER)


def test_collapse_is_measured_on_what_each_setting_trains():
    run = make(**TRANSFORMER, speedup="stablemax")
    sure = torch.tensor([[40.0], [0.0], [0.0]])  # softmax says 1 in float32, StableMax 41/43
    main, control = (run.ensembles.loss_name(run.readings.columns(name)[0]) for name in (MAIN, CONTROL))
    assert probabilities(sure, main)[0, 0].item() == pytest.approx(41 / 43)
    assert probabilities(sure, control)[0, 0].item() == 1.0


def test_the_sweep_is_offered_for_both_networks():
    for knobs in ({}, {"model": "transformer", "wd": 0.0}):
        offered = settings_of(SPEC.configure("quick", {**knobs, "sweep": True}))
        settings = [(setting.fraction, setting.wd) for setting in offered if setting.p == 59]
        assert len(settings) == len(set(settings))
        assert set(settings) == {(fraction, wd) for fraction in FRACTIONS for wd in DECAYS}


def test_a_sweep_of_transformers_shows_delays_and_what_is_censored():
    run = work(make(**TRANSFORMER, sweep=True))
    assert len(run.networks) == len(FRACTIONS) * len(DECAYS)  # the main setting is one of them
    series = {item.name: item for item in run.series()}
    assert "delay-vs-fraction/censored" in series
    assert set(series["delay-vs-fraction/censored"].x) <= set(FRACTIONS)


@pytest.mark.parametrize("model", [GROMOV, TRANSFORMER], ids=["gromov", "transformer"])
def test_gradient_descent_learns_the_training_pairs(model):
    run = work(make(**{**model, "optimizer": "sgd", "lr": 0.1, "wd": 0.0, "steps": 400}))
    _, loss = run.history.column("train-loss")
    assert loss[-1, 0] < 0.5 * loss[0, 0]


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op not in (*CYCLIC, "s5-xyx", "s5-xyx^-1")])
def test_every_other_operation_trains_in_the_transformer(op):
    run = work(make(**{**TRANSFORMER, "op": op, "fraction": 0.05 if op == "s5" else 0.3}))
    _, loss = run.history.column("train-loss")
    assert loss[-1, 0] < loss[0, 0]
    assert run.pictures()[0].values.shape == ((120, 120) if op == "s5" else (11, 11))


@pytest.mark.slow
@pytest.mark.parametrize("op", ["add", "sub", "mul", "div"])
def test_gromovs_network_groks_every_operation_of_a_cyclic_group(op):
    run = work(make(op=op, p=31, width=120, fraction=0.5, steps=1500))
    memorised, grokked = run.readings.memorised(), run.readings.grokked()
    assert 100 * run.history.records[-1]["test-accuracy"][0] >= GROKKED
    assert memorised[0] < grokked[0] < 1500


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "knobs", "ratio"), [("long-delay", {}, 50), ("nanda", {"steps": 8000}, 20)])
def test_a_preset_shows_its_delay(preset, knobs, ratio):
    run = work(of_preset(preset, tuple(range(SPEC.preset(preset).seeds)), **knobs), budget=1.0)
    assert (run.readings.grokked() / run.readings.memorised() >= ratio).all()
    assert {item.claim.id: item.holds for item in run.verdicts() if item.claim.id in ("GR1", "GR5", "GR6")} == {
        "GR1": True, "GR5": True, "GR6": True,
    }  # fmt: skip


@pytest.mark.slow
def test_gradient_descent_groks_where_it_is_given_momentum_and_a_little_decay():
    run = work(make(p=31, fraction=0.6, steps=1000, optimizer="sgd", lr=0.1, wd=0.001, momentum=0.95))
    assert 1.5 * run.readings.memorised()[0] <= run.readings.grokked()[0] <= 1000


@pytest.mark.slow
def test_perp_grad_groks_without_decay_and_its_control_does_not():
    run = work(of_preset("prieto"))
    readings = run.readings
    assert readings.grokked()[0] <= 300
    assert readings.memorised(CONTROL)[0] <= 300
    assert np.isnan(readings.grokked(CONTROL)).all()
    assert run.history.records[-1]["test-accuracy"][readings.columns(CONTROL)[0]] < 0.05
    assert len(run.hindsight.keys[0]) < 113 // 4  # a few sharp waves
