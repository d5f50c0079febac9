"""kill -9 at random instants of runs of every phenomenon, several times a run; then they are resumed and compared bit for bit."""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

from engine.contract import Phase
from engine.errors import StoreError
from engine.runner import run as module
from tests.faults.soaking import commands
from tests.faults.soaking.references import arguments, completed, only_run, reference
from tests.faults.soaking.rows import Row
from tests.golden.cases import CASES, Case

KILLS, IN_ONE_ROUND = 500, 20
FAULT = "`kill -9` at a random instant, then `resume`"
PACES = ((0.0, 1.0), (0.05, 0.5), (2.0, 0.02))  # seconds between saved states, and the share of the time that saving may take


def rounds() -> Iterator[str]:
    """The names of the rounds."""
    return map(str, range(KILLS // IN_ONE_ROUND))


def do(key: str, folder: Path, kept: Path, share: float) -> list[Row]:
    """One round."""
    commands.preload()
    chance, row = random.Random(f"kills {key}"), Row(FAULT)
    wanted = max(1, round(share * IN_ONE_ROUND))
    number = int(key) * 7  # every round begins with other runs
    while row.times < wanted:
        _one_run(CASES[number % len(CASES)], row, chance, folder / str(number), kept)
        number += 1
    return [row]


def _one_run(case: Case, row: Row, chance: random.Random, folder: Path, kept: Path) -> None:
    _, seconds = reference(case, kept)
    runs, killed = folder / "runs", 0
    for _ in range(chance.randint(1, 4)):
        try:
            found = only_run(runs)
        except StoreError as error:
            return row.count(f"{case.id}: {error.message}", killed)
        if found is not None and found.load_progress().phase is Phase.FINISHED:
            break
        args = arguments(case, runs) if found is None else ["resume", found.name, f"--runs={runs}"]
        killed += _killed(folder, args, chance, seconds)
    if killed:
        why = completed(runs, case, folder, kept)
        row.count(f"{case.id}, {killed} kills: {why}" if why else "", killed)
        if why:
            return None
    return shutil.rmtree(folder)


def _killed(folder: Path, args: list[str], chance: random.Random, seconds: float) -> bool:
    """Start a command and kill it somewhere; whether it was still there."""
    pace = chance.choice(PACES)

    def hasten() -> None:
        os.nice(1)
        module.STATE_SECONDS, module.STATE_SHARE = pace
        module.SNAPSHOT_SECONDS = pace[0] / 4
        module.BUDGET = 0.002

    child = commands.begin(folder, *args, "--quiet", prepare=hasten)
    child.wait(chance.uniform(0.0, seconds))
    child.send(signal.SIGKILL)
    return child.said().code == -signal.SIGKILL
