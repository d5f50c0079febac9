"""`genlab sweep`: asks where there are many points, tells of each as it ends, and prints the values and the claims at the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from engine.cores import usable_cores
from engine.errors import Exit, LabError, UsageError
from engine.store import called
from engine.sweeps.pace import expected
from engine.sweeps.plan import Plan, labelled
from engine.sweeps.view import SweepView
from lab.export.sweep_text import print_tables
from lab.output import emit, say
from lab.running.dask_cluster import Scheduler, at_work
from lab.running.idle_knobs import say_idle, say_idle_device
from lab.running.sweep import PointEnd, Sweep

MOST_NAMED = 3  # sentences on runs that do not count any more
MANY = 100  # points from which on a person is asked
GO_ON = "  Go on with: the same command"


def run_sweep(
    plan: Plan, *, device: str, workers: int | None, threads: int | None, scheduler: Scheduler | None, runs: Path | None, typed: str,
    json: bool, quiet: bool, yes: bool,
) -> int:  # fmt: skip
    """Compute a sweep and return its exit code; standard output gets JSON lines, or the tables.

    Raises:
        UsageError: there are many points, and nobody can be asked or somebody does not want them.
        LabError: no such device, no place for the runs, no cluster, or another process computes the same sweep.
    """
    if not quiet:
        configs = [point.config for point in plan.points]
        say_idle((*plan.given, *plan.axes), configs)
        say_idle_device(plan.spec, configs, device)
    if not yes:
        ask(plan, workers, device)
    with at_work(scheduler, workers, len(plan.points)) as (cluster, count):
        sweep = Sweep(plan, device, count, runs, typed, threads, cluster)
        if sweep.again and not quiet:
            say(f"genlab: going on with {sweep.folder.name}: what is finished counts, what had begun goes on")
            for why in sweep.missed[:MOST_NAMED]:
                say(f"  {why}: it is computed again")
            if len(sweep.missed) > MOST_NAMED:
                say(f"  and {len(sweep.missed) - MOST_NAMED} more, which are computed again, too")
        ended: list[PointEnd] = []
        for one in sweep.endings():
            ended.append(one)
            if json:
                emit(one.record())
            elif not quiet:
                say(f"{len(ended)} of {len(plan.points)}: {labelled(plan.varied, one.point.knobs)}: {one.state}")
    conclude(sweep, ended, json=json)
    return outcome(sweep, ended)


def outcome(sweep: Sweep, ended: Sequence[PointEnd]) -> int:
    """Say what is not as it should be, and on what the same command goes on; return the exit code."""
    unstored = [one for one in ended if one.unstored]
    if unstored:
        first = unstored[0]
        say(
            f"genlab: {len(unstored)} of {len(ended)} points are not stored; the first: {first.result.get('run')} is {first.unstored}",
            GO_ON,
        )
    if sweep.problem and not sweep.stopped:
        said = "the sweep's table is not stored" if unstored else "the runs are stored, the sweep's table is not"
        say(f"genlab: {said}: {sweep.problem}")
    if sweep.stopped:
        if not unstored:
            say("genlab: interrupted; every point that had begun is saved.", GO_ON)
        return Exit.RUN_FAILED if unstored else Exit.INTERRUPTED
    if sweep.lost:
        say(f"genlab: {sweep.lost}; what is finished is kept, what had begun is saved as far as its worker could", GO_ON)
    codes = {one.code for one in ended}
    failed = unstored or sweep.problem or sweep.lost or Exit.RUN_FAILED in codes
    return Exit.RUN_FAILED if failed else max(codes, default=Exit.DONE)


def conclude(sweep: Sweep, ended: Sequence[PointEnd], *, json: bool) -> None:
    """Print what came out of it all."""
    failed = sum(one.code not in (Exit.DONE, Exit.INTERRUPTED) for one in ended)
    done = sum(one.code != Exit.INTERRUPTED for one in ended)
    if json:
        emit({
            "event": "sweep", "sweep": sweep.folder.name, "folder": str(sweep.folder.path), "points": len(sweep.plan.points),
            "done": done, "failed": failed,
        })  # fmt: skip
        return
    try:
        print_tables(SweepView(sweep.folder.path).latest())
    except LabError as error:
        say(f"genlab: {error.message}")
        return
    name = called(sweep.folder.path)
    say(f"  Figures: genlab show {name}   as files: genlab export {name} --to svg")


def ask(plan: Plan, workers: int | None, device: str) -> None:
    """Make sure that many points are meant.

    Raises:
        UsageError: nobody can be asked, or they are not.
    """
    count = len(plan.points)
    if count <= MANY:
        return
    how = expected(plan, workers or usable_cores(), device)
    if not sys.stdin.isatty():
        raise UsageError(f"the grid has {count:,} points, {how}, and nobody can be asked here", "Add --yes, or name fewer values.")
    if not typer.confirm(f"The grid has {count:,} points, {how}. Compute them?"):
        raise UsageError("nothing was begun", "name fewer values")
