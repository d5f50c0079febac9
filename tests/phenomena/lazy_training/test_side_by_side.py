"""Lazy training: networks of several runs in one ensemble give every run what it gives alone."""

import json
import zipfile

import numpy as np
import pytest
import torch

from engine.contract import Phase
from engine.phenomena.lazy_training import SPEC
from engine.phenomena.lazy_training.experiment import LazyTraining
from engine.runner import Runner
from engine.runner.together import Together
from engine.sweeps.plan import Plan
from engine.training import joint
from engine.training.joint import Joint, JointTraining

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = {"n": 20, "d": 4, "m": 10, "widths": (6,), "steps": 200, "alpha": (0.1, 1.0, 100.0), "teacher": 2, "tol": 0.05}


def made(seeds=(0, 1), **knobs):
    return LazyTraining(SPEC.configure("quick", {**SMALL, **knobs}), seeds)


def runs():
    return [made(), made(lr=0.3, alpha=(0.5, 20.0)), made(seeds=(4,), teacher=3, rule="published", lr=0.1, tol=0.1)]


def wide(run):
    """The ensemble at the width m."""
    return run.ensembles[10]


def everything(ensemble):
    ensemble.gather()
    return {name: getattr(ensemble, name).numpy() for name in ("W", "a", "steps_taken")}


def test_networks_of_several_runs_take_the_steps_that_they_take_alone():
    together, apart = [wide(run) for run in runs()], [wide(run) for run in runs()]
    for goal in (9, 40):
        whole = Joint(together)
        whole.gather()
        while whole.whole.taken < goal:
            whole.whole.take_step(whole.whole.losses(1)[0])
        whole.scatter()
        for one in apart:
            while one.taken < goal:
                one.step()
        for one, other in zip(together, apart, strict=True):
            assert one.taken == other.taken == goal
            for name, values in everything(one).items():
                np.testing.assert_allclose(values, everything(other)[name], rtol=1e-9, atol=1e-12)
            assert torch.equal(one._going, other._going)
        for ensembles in (together, apart):  # one rests in the first run only, as after a measurement
            ensembles[0].settle([1] if goal == 9 else [])
    assert together[0].active == [0, 2, 3, 4, 5]


def test_another_runs_networks_touch_nothing():
    plain, touched = [wide(run) for run in runs()], [wide(run) for run in runs()]
    touched[1]._W[0] += 0.1
    for ensembles in (plain, touched):
        whole = Joint(ensembles)
        whole.gather()
        for _ in range(9):
            whole.whole.step()
        whole.scatter()
    assert all(np.array_equal(everything(plain[place])["W"], everything(touched[place])["W"]) for place in (0, 2))
    assert not np.array_equal(everything(plain[1])["W"], everything(touched[1])["W"])


def test_only_networks_of_one_size_on_as_many_examples_at_one_step_are_joined(monkeypatch):
    monkeypatch.setattr(joint, "_pays", lambda trainers: True)
    first, second, other = made(), made(lr=0.2), made(n=24)
    for run in (first, second, other):
        run.history.append(0, run.measure())
    groups = JointTraining().joined([stretch for run in (first, second, other) for stretch in run.stretches()])
    sizes = {tuple(stretch.trainer._W.shape[1:]) for group in groups for stretch in group}
    assert [len(group) for group in groups] == [2, 2] and sizes == {(10, 4), (6, 4)}
    wide(second).step()
    groups = JointTraining().joined([stretch for run in (first, second) for stretch in run.stretches()])
    assert [len(group) for group in groups] == [1 + 1] and groups[0][0].trainer._W.shape[1] == 6


def left(path):
    """What of a run its numbers decide."""
    result = json.loads((path / "result.json").read_text())
    with zipfile.ZipFile(path / "arrays.npz") as arrays:
        kept = {name: arrays.read(name) for name in arrays.namelist()}
    return {name: value for name, value in result.items() if name not in ("elapsed", "run")}, (path / "metrics.jsonl").read_bytes(), kept


def test_points_of_a_sweep_leave_what_single_runs_leave_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(joint, "GAIN", 0.0)  # joined wherever the bits are the same, however slow
    plan = Plan.of(SPEC, "quick", SMALL, {"lr": (0.2, 0.5, 0.8)}, seeds=2)
    assert len({plan.shape(point) for point in plan.points}) == 1
    trained = []
    train = JointTraining._train
    monkeypatch.setattr(JointTraining, "_train", lambda self, *given: (trained.append(1), train(self, *given))[1])
    kept = {}
    for folder, company in (("alone", 1), ("together", 3)):
        root = tmp_path / folder
        runners = [
            Runner(SPEC.name, point.config, point.preset, plan.seeds, threads=1, root=root, company=company) for point in plan.points
        ]
        groups = [[runner] for runner in runners] if company == 1 else [runners]
        lasts = [last for group in groups for ended in Together(group).work() if ended for _, last in [ended]]
        assert {last.phase for last in lasts} == {Phase.FINISHED}
        assert not trained or company == 3
        kept[folder] = {json.dumps(json.loads((root / last.run / "manifest.json").read_text())["config"]): left(root / last.run)
                        for last in lasts}  # fmt: skip
    assert kept["alone"] == kept["together"] and len(kept["alone"]) == 3
