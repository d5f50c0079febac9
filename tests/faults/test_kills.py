"""Killed at random instants and resumed, over and over: the numbers are those of a run that nobody disturbed."""

import random

import pytest

from engine.contract import Phase
from engine.store import RunFolder, list_runs
from tests.engine.running import losses, spawn, until
from tests.engine.toy_phenomenon import reference

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
    """Start the child and kill it when it has measured a random number of times, on a machine of any speed."""
    process = child(root)
    assert process.stdout.readline().strip() == b"working", process.stderr.read()
    wanted = chance.choice([0, chance.randrange(1 + KNOBS["steps"] // KNOBS["grid"])])
    until(lambda: measured(root) >= wanted or process.poll() is not None)
    process.kill()
    process.communicate(timeout=60)


def measured(root):
    return sum(path.read_bytes().count(b"\n") for path in root.glob("*/metrics.jsonl"))


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 50))])
def test_kills_lose_nothing(tmp_path, seed):
    chance = random.Random(seed)
    for _ in range(4):
        found = list_runs(tmp_path)
        assert not [entry.problem for entry in found if entry.problem]
        if any(entry.phase is Phase.FINISHED for entry in found):
            break
        killed(tmp_path, chance)
    found = list_runs(tmp_path)
    if not any(entry.phase is Phase.FINISHED for entry in found):
        last = child(tmp_path)
        _, said = last.communicate(timeout=300)
        assert last.returncode == 0, said
    (entry,) = list_runs(tmp_path)
    folder = RunFolder.open(entry.path)
    assert entry.phase is Phase.FINISHED and folder.whole() and losses(folder.records()[0]) == reference((0, 1), **KNOBS)
