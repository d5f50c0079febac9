"""Killed at random instants and resumed, over and over: the numbers are those of a run that nobody disturbed."""

import random
import time

import pytest

from engine.contract import Phase
from engine.runner import resume
from engine.store import RunFolder, list_runs
from tests.engine.running import finished, losses, spawn
from tests.engine.toy_phenomenon import InstantToy, reference

KNOBS = {"steps": 400, "grid": 2}


def child(root):
    """A process that begins or resumes the run, saving all the time; it says when it works."""
    return spawn(f"""
        from engine.runner import resume
        from engine.store import list_runs
        module.STATE_SECONDS, module.STATE_SHARE, module.SNAPSHOT_SECONDS, module.BUDGET = 0.0, 1.0, 0.0, 0.0005
        there = list_runs(Path({str(root)!r}))
        if there:
            run = resume(there[0].path, phenomenon=InstantToy)
        else:
            run = Runner(InstantToy, ToyConfig(steps={KNOBS["steps"]}, grid={KNOBS["grid"]}), "custom", (0, 1), root=Path({str(root)!r}))
        print("working", flush=True)
        run.start(); run.join(); run.close(60)
    """)


def killed(root, chance):
    """Start the child and kill it at a random instant of its work; whether it was not finished before."""
    process = child(root)
    assert process.stdout.readline().strip() == b"working", process.stderr.read()
    time.sleep(chance.expovariate(1 / 0.15))
    process.kill()
    process.communicate(timeout=60)
    return process.returncode != 0


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 50))])
def test_kills_lose_nothing(tmp_path, seed):
    chance = random.Random(seed)
    for _ in range(4):
        there = list_runs(tmp_path)
        assert not any(entry.problem for entry in there)
        if there and there[0].phase is Phase.FINISHED:
            assert RunFolder.open(there[0].path).whole()
            break
        killed(tmp_path, chance)
    if not list_runs(tmp_path):  # each time killed before there was a folder
        process = child(tmp_path)
        process.communicate(timeout=60)
        assert process.returncode == 0
    (entry,) = list_runs(tmp_path)
    if entry.phase is not Phase.FINISHED:
        run = resume(entry.path, phenomenon=InstantToy)
        run.start()
        assert finished(run).phase is Phase.FINISHED and run.close(60)
    folder = RunFolder.open(entry.path)
    assert folder.whole() and losses(folder.records()[0]) == reference((0, 1), **KNOBS)
