"""The worker of a sweep: a process that computes points of a grid, job after job, and writes a line for what becomes of each.

A job is a JSON line on standard input: points that are worked together, as one ensemble where they can be. Only `compute` needs to be
carried elsewhere for points to be computed on another machine: it takes and gives plain JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.config import build
from engine.contract import Phase, Snapshot
from engine.errors import Exit, LabError
from engine.registry import spec
from engine.runner import Runner
from engine.runner import resume as reopen
from engine.runner.together import Together
from lab.output import emit, result_event, strict
from lab.running.driving import Signals

Json = Mapping[str, Any]
BEGUN, ENDED, DONE = "begun", "ended", "done"


def serve() -> int:
    """Compute the jobs on standard input until it is closed, a signal comes, or the sweep's own process is gone."""
    parent = os.getppid()
    with Signals() as signals:

        def stop_wanted() -> bool:
            return bool(signals.heard) or os.getppid() != parent

        for line in sys.stdin:
            for answer in compute(json.loads(line)["points"], stop_wanted):
                emit(answer)
            emit({"event": DONE})
            if stop_wanted():
                return Exit.INTERRUPTED
    return Exit.DONE


def compute(points: Sequence[Json], stop_wanted: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Compute points together; yields which run each has become, and what it came to.

    points: each with index, phenomenon, config, preset, seeds, device, threads, root and typed; of a run that goes on, resume: its path.
    """
    made: list[tuple[int, Runner]] = []
    for point in points:
        try:
            made.append((point["index"], _runner(point, len(points))))
        except LabError as error:
            yield {"event": ENDED, "index": point["index"], "code": int(error.exit_code), "sentence": error.message, "result": {}}
    together = Together([runner for _, runner in made], stop_wanted)
    named: set[int] = set()
    for ended in together.work():
        for place, snapshot in together.latest().items():
            if snapshot.folder and place not in named:
                named.add(place)
                yield {"event": BEGUN, "index": made[place][0], "run": snapshot.run}
        if ended is not None:
            place, last = ended
            index, runner = made[place]
            code, sentence = outcome(last, runner.error)
            yield {"event": ENDED, "index": index, "code": code, "sentence": sentence, "result": strict(result_event(last))}


def _runner(point: Json, company: int) -> Runner:
    if point.get("resume"):
        return reopen(Path(point["resume"]), typed=point["typed"], company=company, watched=False)
    declared = spec(point["phenomenon"])
    return Runner(
        declared.name, build(declared.config, point["config"]), point["preset"], tuple(point["seeds"]), device=point["device"],
        threads=point["threads"], root=Path(point["root"]), typed=point["typed"], company=company, watched=False,
    )  # fmt: skip


def outcome(last: Snapshot, error: BaseException | None) -> tuple[int, str]:
    """Return the exit code that `genlab run` has for such an end, and the sentence that it says."""
    if last.phase in (Phase.FAILED, Phase.DIVERGED):
        own = last.phase is Phase.FAILED and isinstance(error, LabError)
        return int(error.exit_code) if own and isinstance(error, LabError) else int(Exit.RUN_FAILED), last.sentence
    if last.unstored:
        return int(Exit.RUN_FAILED), f"{last.run} is {last.unstored}"
    if last.phase is Phase.STOPPED:
        return int(Exit.INTERRUPTED), last.sentence
    return int(Exit.DONE), ""
