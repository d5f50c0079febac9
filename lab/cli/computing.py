"""Commands that compute: run, resume, sweep; and watch, which shows in the app what another process computes."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cli.groups import LabCommand, PhenomenonGroup
from lab.cli.opening import open_app
from lab.cli.parameters import Device, Json, Preset, Quiet, Run, Runs, Seed, Seeds, Threads, Workers, whole

if TYPE_CHECKING:
    from engine.contract import Spec

EXTRA: dict[str, Any] = {"allow_extra_args": True, "ignore_unknown_options": True}


def add_computing(app: typer.Typer) -> None:
    """Add the commands to the tree."""
    for name, group, text in (
        ("run", RunGroup, "Run a phenomenon without the app."),
        ("sweep", SweepGroup, "Run a grid of knob values, several at once."),
    ):
        inner = typer.Typer(cls=group, help=f"{text} Its knobs are options: genlab {name} NAME --help.", rich_markup_mode=None)
        inner.callback()(_nothing)
        app.add_typer(inner, name=name)
    app.command("resume", cls=LabCommand, context_settings=EXTRA)(resume)
    app.command("watch", cls=LabCommand)(watch)
    app.command("points", cls=LabCommand, hidden=True)(points)


def _nothing() -> None:
    """Typer's groups want a callback."""


def run(
    ctx: typer.Context,
    spec: Spec,
    given: dict[str, str],
    preset: Preset = "quick",
    seed: Seed = 0,
    seeds: Seeds = None,
    device: Device = "auto",
    threads: Threads = None,
    runs: Runs = None,
    json: Json = False,
    quiet: Quiet = False,
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background; print the run's name.")] = False,
    announce: Annotated[bool, typer.Option("--announce", hidden=True)] = False,
    unstored: Annotated[bool, typer.Option("--unstored", hidden=True)] = False,
) -> int:
    """Run a phenomenon; the result is its verdicts and a run folder.

    Raises:
        UsageError: unknown preset, value out of range, device that is not there.
    """
    from engine.store import runs_root
    from lab.output import lasting_output
    from lab.running.single import Reporting, Where, begin

    root = ctx.find_root()
    told = Reporting(root.obj["argv"], json, quiet, announce, root.params["debug"])
    keep = Where(device, threads, None if unstored else runs_root(runs))
    with nullcontext() if unstored else lasting_output():  # a run that nobody reads and nothing stores is of no use
        return begin(spec, preset, given, told, keep, seed=seed, seeds=seeds, background=detach)


def resume(ctx: typer.Context, run: Run, runs: Runs = None, json: Json = False, quiet: Quiet = False) -> int:
    """Go on with an interrupted run, bit for bit.

    On its own device and number of threads. Knobs may be repeated, not changed.

    Raises:
        KnobError: a knob was given with another value than the run has.
        StoreError: no such run, damaged, or open in another process.
    """
    from lab.output import lasting_output
    from lab.running.single import Reporting, go_on

    root = ctx.find_root()
    with lasting_output():
        return go_on(run, runs, ctx.args, Reporting(root.obj["argv"], json, quiet, debug=root.params["debug"]))


def watch(run: Run, runs: Runs = None) -> int:
    """See a run or a sweep live that another process computes."""
    from engine.store import called, find_run, runs_root
    from engine.sweeps.folder import find_sweep

    sweep = find_sweep(runs_root(runs), run)
    if sweep is not None:
        return open_app(sweep=sweep, runs=sweep.parent, headless=f"genlab show {called(sweep)}")
    path = find_run(runs_root(runs), run)
    return open_app(watch=path, headless=f"genlab show {called(path)}")


def sweep(
    ctx: typer.Context,
    spec: Spec,
    given: dict[str, str],
    grid: Annotated[
        list[str],
        typer.Option("--grid", metavar="KNOB=V1,V2,..", help="Values of one knob, or a range: wd=0.1:3:log5, lin5, 1:10. Repeat for more."),
    ],
    collect: Annotated[
        str, typer.Option("--collect", metavar="NAME,NAME", help="Values to collect.", show_default="the phenomenon's first few")
    ] = "",
    preset: Preset = "quick",
    seed: Seed = 0,
    seeds: Seeds = None,
    device: Device = "auto",
    workers: Workers = None,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads", metavar="N", help="Threads of each point.", parser=whole("threads", 1, 64), show_default="cores by workers"
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Compute on Dask: tcp:// or tls://HOST:PORT, or local.", show_default=False),
    ] = None,
    tls_ca: Annotated[Path | None, typer.Option("--tls-ca", metavar="FILE", help="TLS authority of a scheduler at tls://.")] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", metavar="FILE", help="Own TLS certificate.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its private key.")] = None,
    runs: Runs = None,
    json: Json = False,
    quiet: Quiet = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, however many points there are.")] = False,
) -> int:
    """Run every combination of the grid, each with its run folder, and print what each came to.

    Points of one shape train as one ensemble. What is there is not computed again, what had begun goes on. The sweep has a folder of its
    own, which runs, show, watch and export take. With --scheduler it runs on the workers of a Dask cluster (extra genlab[cluster]), which
    executes what its clients send and must be trusted; local starts one of this machine, for as long as the sweep takes.
    """
    import shlex

    from engine.sweeps.grid import axes_of
    from engine.sweeps.plan import Plan
    from lab.output import lasting_output
    from lab.running.dask_cluster import asked_for
    from lab.running.sweep_report import run_sweep

    plan = Plan.of(spec, preset, given, axes_of(spec, grid, _named(spec, given)), seed=seed, seeds=seeds, collect=collect.split(","))
    typed = shlex.join(["genlab", *ctx.find_root().obj["argv"]])
    where = asked_for(scheduler, tls_ca, tls_cert, tls_key)
    with lasting_output():
        return run_sweep(
            plan, device=device, workers=workers, threads=threads, scheduler=where, runs=runs, typed=typed, json=json, quiet=quiet, yes=yes
        )


def _named(spec: Spec, given: dict[str, str]) -> set[str]:
    return {spec.config.knob(name).name for name in given}


def points() -> int:
    """Compute points of a sweep that come as JSON on standard input; `genlab sweep` starts it."""
    from lab.running.point_worker import serve

    return serve()


class RunGroup(PhenomenonGroup):
    """`genlab run NAME`."""

    action = staticmethod(run)


class SweepGroup(PhenomenonGroup):
    """`genlab sweep NAME`."""

    action = staticmethod(sweep)
