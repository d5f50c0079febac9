"""Calls of the store refused, in runs of every phenomenon: true words, and a run that comes to its end when there is room."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from engine import registry
from engine.contract import Phase
from engine.errors import Exit, StoreError
from engine.runner import run as module
from tests.faults.failing import FailingDisk
from tests.faults.soaking import commands
from tests.faults.soaking.commands import Said
from tests.faults.soaking.references import arguments, cases, completed, only_run, reference
from tests.faults.soaking.rows import Row
from tests.golden.cases import Case

NAMES = {errno.ENOSPC: "disk full (ENOSPC)", errno.EIO: "input/output error (EIO)", errno.EACCES: "permission denied (EACCES)"}
WAYS = ("once", "from then on")
THINNED = 6  # every so many calls, for the errors and ways that differ from a full disk once in their words alone
WHOLE = "random-labels"  # each call of its runs in turn; the store's calls are the same code for all
MOST = 60  # calls of one error in the runs of the others, spread over them evenly: those that save often make hundreds


class Patch:
    """Sets attributes for good: the process that is patched is a fork that ends."""

    @staticmethod
    def setattr(target: object, name: str, value: object) -> None:
        """As `monkeypatch.setattr`."""
        setattr(target, name, value)


def rounds() -> Iterator[str]:
    """The names of the rounds."""
    return (f"{name} {way}" for name in registry.names() for way in WAYS)


def do(key: str, folder: Path, kept: Path, share: float) -> list[Row]:
    """One round."""
    commands.preload()
    name, _, way = key.partition(" ")
    case = cases(name)[0]
    reference(case, kept)
    count, rows = _calls(case, folder), []
    for error, words in NAMES.items():
        row = Row(f"{words} at one write of the store, {way}")
        step = max(1, round(1 / share)) * (1 if way == "once" and error == errno.ENOSPC else THINNED)
        step = step if name == WHOLE else max(step, -(-count // MOST))
        for call in range(error % THINNED if step > 1 else 0, count, step):
            place = folder / str(call)
            why = _refused(case, call, error, way, place, kept)
            row.count(f"{case.id}, call {call} of {count} refused {way} ({words}): {why}" if why else "")
            if not why:
                shutil.rmtree(place)
        rows.append(row)
    return rows


def _calls(case: Case, folder: Path) -> int:
    """How many calls of the store an undisturbed run makes."""

    def counted() -> None:
        disk = _disk(folder / "runs", lambda call: False, 0)
        import atexit

        atexit.register(lambda: (folder / "count").write_text(str(disk.count)))

    said = commands.run(folder, *arguments(case, folder / "runs"), "--quiet", prepare=counted)
    assert said.code == 0, said
    return int((folder / "count").read_text())


def _disk(runs: Path, fails: Callable[[int], bool], error: int) -> FailingDisk:
    module.STATE_SECONDS, module.STATE_SHARE = 0.1, 0.5
    disk = FailingDisk(Patch, str(runs))
    disk.reset(fails, error, half=error == errno.ENOSPC)
    return disk


def _refused(case: Case, call: int, error: int, way: str, folder: Path, kept: Path) -> str:
    runs = folder / "runs"

    def fails(number: int) -> bool:
        return number == call if way == "once" else number >= call

    said = commands.run(folder, *arguments(case, runs), "--json", prepare=lambda: _disk(runs, fails, error) and None)
    return _untrue(said, runs) or completed(runs, case, folder, kept)


def _untrue(said: Said, runs: Path) -> str:
    """What is false in how a run says that it ended; empty where nothing is."""
    if said.code not in (Exit.DONE, Exit.RUN_FAILED) or "Traceback" in said.err or "defect" in said.err:
        return f"exit code {said.code}: {said.err}"
    try:
        results = [found for line in said.out.splitlines() if (found := json.loads(line))["event"] == "result"]
        folder = only_run(runs)
        whole = folder is not None and folder.load_progress().phase is Phase.FINISHED and folder.whole()
    except (StoreError, ValueError) as error:
        return str(error)
    if said.code == Exit.DONE and not (whole and results and results[-1]["stored"]):
        return "exit code 0, and the run is not there"
    if said.code == Exit.RUN_FAILED and not said.err.startswith("genlab: "):
        return f"it failed without a word: {said.err!r}"
    if said.code == Exit.RUN_FAILED and results and results[-1].get("stored"):
        return "stored, says the result, but it failed"
    return ""
