"""Points of a sweep that differ in step sizes train as one ensemble, and leave what each leaves alone."""

import json
import zipfile

import numpy as np

from engine import registry
from engine.contract import Phase
from engine.phenomena.edge_of_stability import SPEC
from engine.runner import Runner
from engine.runner.together import Together
from engine.sweeps.plan import Plan
from engine.training import joint
from engine.training.joint import JointTraining

SMALL = {"edges": "10", "n": 60, "width": 8, "steps": 60, "every": 20}


def made(**knobs):
    return registry.load(SPEC.name)(SPEC.configure("quick", SMALL | knobs), (0, 1))


def left(path):
    """What of a run its numbers decide."""
    result = json.loads((path / "result.json").read_text())
    with zipfile.ZipFile(path / "arrays.npz") as arrays:
        kept = {name: arrays.read(name) for name in arrays.namelist()}
    return {name: value for name, value in result.items() if name not in ("elapsed", "run")}, (path / "metrics.jsonl").read_bytes(), kept


def test_networks_of_one_shape_that_were_checked_and_stand_at_one_step_are_joined(monkeypatch):
    monkeypatch.setattr(joint, "_pays", lambda trainers: True)
    runs = [made(), made(control=80), made(width=9), made(activation="relu")]
    assert not any(run.stretches() for run in runs)  # the tools come first
    for run in runs:
        run.advance(1e-6)
        run.history.append(0, run.measure())
    groups = JointTraining().joined([stretch for run in runs for stretch in run.stretches()])
    assert [[stretch.trainer for stretch in group] for group in groups] == [[run.parts()["trainer"] for run in runs[:2]]]


def test_steps_that_were_taken_on_its_behalf_are_counted(monkeypatch):
    """Whatever the last digits are: long before the edge the numbers agree, and rising steps are counted alike."""
    monkeypatch.setattr(joint, "_pays", lambda trainers: True)
    apart, together = ([made(steps=60, control=control, edges="60") for control in (100, 80)] for _ in range(2))
    training = JointTraining()
    for run in (*apart, *together):
        run.advance(1e-6)
        while not run.done or run.due():
            if run.due():
                run.history.append(run.step, run.measure())
            elif run in apart:
                run.advance(1.0)
            else:
                break
    while any(not run.done or run.due() for run in together):
        training.advance(training.joined([stretch for run in together for stretch in run.stretches()]), 1.0)
        for run in together:
            run.step = run.parts()["trainer"].taken
            if run.due():
                run.history.append(run.step, run.measure())
    for run, alone in zip(together, apart, strict=True):
        for quantity, tolerance in (("loss", 1e-9), ("rising", 0), ("sharpness", 1e-3)):
            np.testing.assert_allclose(run.history.column(quantity)[1], alone.history.column(quantity)[1], rtol=tolerance)


def test_points_of_a_sweep_leave_what_single_runs_leave_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(joint, "GAIN", 0.0)  # joined wherever the bits are the same, however slow
    plan = Plan.of(SPEC, "quick", SMALL, {"control": (60.0, 80.0, 100.0)}, seeds=2)
    assert len({plan.shape(point) for point in plan.points}) == 1
    kept = {}
    for folder, company in (("alone", 1), ("together", 3)):
        root = tmp_path / folder
        runners = [
            Runner(SPEC.name, point.config, point.preset, plan.seeds, threads=1, root=root, company=company) for point in plan.points
        ]
        groups = [[runner] for runner in runners] if company == 1 else [runners]
        lasts = [last for group in groups for ended in Together(group).work() if ended for _, last in [ended]]
        assert {last.phase for last in lasts} == {Phase.FINISHED}
        kept[folder] = {json.dumps(json.loads((root / last.run / "manifest.json").read_text())["config"]): left(root / last.run)
                        for last in lasts}  # fmt: skip
    assert kept["alone"] == kept["together"] and len(kept["alone"]) == 3
