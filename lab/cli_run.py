"""Commands that compute: run, resume, sweep; and watch, which shows in the app what another process computes."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import UsageError
from lab.cli_group import LabCommand, PhenomenonGroup
from lab.cli_options import Device, Json, Preset, Quiet, Run, Runs, Seed, Seeds, Threads, Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.contract import Snapshot, Spec
    from lab.headless import Driven, Feed

EXTRA: dict[str, Any] = {"allow_extra_args": True, "ignore_unknown_options": True}


def add_to(app: typer.Typer) -> None:
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


def _nothing() -> None:
    """Typer's groups want a callback."""


def execute(
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
) -> int:
    """Run a phenomenon; the result is its verdicts and a run folder.

    Raises:
        UsageError: unknown preset, value out of range, device that is not there.
    """
    config = spec.configure(preset, given)
    replicas = seeds or spec.preset(preset).seeds
    typed = ctx.find_root().obj["argv"]
    check_device(device)
    if detach:
        from lab.detach import detach as start

        return start([arg for arg in typed if arg != "--detach"], as_json=json)
    from engine.runner import Runner, preset_of
    from engine.seeds import seed_range
    from engine.store import runs_root

    label = preset_of(spec, config, preset)

    def make(feed: Feed) -> Driven:
        return Runner(
            spec.name, config, label, seed_range(seed, replicas), device=device, threads=threads, root=runs_root(runs),
            on_measure=feed, command_line=shlex.join(["genlab", *typed]),
        )  # fmt: skip

    return compute(ctx, make, f"{spec.name} {label}", json=json, quiet=quiet, announce=announce)


def compute(ctx: typer.Context, make: Callable[[Feed], Driven], title: str, *, json: bool, quiet: bool, announce: bool = False) -> int:
    """Drive a runner to its end and report it; standard output gets JSON lines, or the run's name alone."""
    from lab.headless import Feed, conclude, drive, reporter

    feed = Feed()
    ending = drive(make(feed), feed, reporter(title, json=json, quiet=quiet, announce=announce))
    if not json and not announce:
        _closing_words(ending.last, quiet)
    return conclude(ending, debug=ctx.find_root().params["debug"])


def _closing_words(last: Snapshot, quiet: bool) -> None:
    from lab.output import VERDICT_COLUMNS, verdict_rows, write_table

    if last.verdicts and not quiet:
        write_table(VERDICT_COLUMNS, verdict_rows(last.verdicts), stderr=True)
    if last.folder:
        print(last.run, flush=True)


def resume(ctx: typer.Context, run: Run, runs: Runs = None, json: Json = False, quiet: Quiet = False) -> int:
    """Go on with an interrupted run, bit for bit.

    On its own device and number of threads. Knobs may be repeated, not changed.

    Raises:
        KnobError: a knob was given with another value than the run has.
        StoreError: no such run, damaged, or open in another process.
    """
    from engine.runner import resume as reopen
    from engine.store import find_run, runs_root

    path = find_run(runs_root(runs), run)
    knobs = read_knobs(ctx.args)
    typed = shlex.join(["genlab", *ctx.find_root().obj["argv"]])
    return compute(ctx, lambda feed: reopen(path, knobs, on_measure=feed, command_line=typed), path.name, json=json, quiet=quiet)


def read_knobs(args: list[str]) -> dict[str, str]:
    """Read `--width 3 --lr=0.1` without knowing which knobs there are.

    Raises:
        UsageError: something that is no option, or an option without a value.
    """
    words = iter(args)
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name.startswith("--"):
            raise UsageError(f"unexpected {word!r} after the run", "See: genlab resume --help")
        text = value if equals else next(words, None)
        if text is None:
            raise UsageError(f"option {name} needs a value", "See: genlab resume --help")
        found[name.lstrip("-")] = text
    return found


def check_device(device: str) -> str:
    """Return the device; "auto" is decided where the run is.

    Raises:
        UsageError: unknown, or not there.
    """
    if device != "auto":
        from engine.device import resolve_device

        resolve_device(device)
    return device


def watch(run: Run, runs: Runs = None) -> int:
    """See a run live that another process computes."""
    from engine.store import find_run, runs_root
    from lab.cli import open_app

    path = find_run(runs_root(runs), run)
    return open_app(watch=path, headless=f"genlab show {path.name}")


def sweep(
    spec: Spec,
    given: dict[str, str],
    grid: Annotated[list[str], typer.Option("--grid", metavar="KNOB=V1,V2,..", help="Values of one knob; repeat for more knobs.")],
    preset: Preset = "quick",
    seed: Seed = 0,
    seeds: Seeds = None,
    device: Device = "auto",
    workers: Workers = None,
    runs: Runs = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Run every combination of the grid, each in its own process and run folder, and print the verdicts side by side."""
    from lab.sweep import Sweep, cells

    plan = cells(spec, preset, given, grid)
    common = ["--preset", preset, "--seed", str(seed), "--device", device]
    common += ["--seeds", str(seeds)] if seeds else []
    common += ["--runs", str(runs)] if runs else []
    return Sweep(spec, plan, common, workers).run(json=json, quiet=quiet)


class RunGroup(PhenomenonGroup):
    """`genlab run NAME`."""

    action = staticmethod(execute)


class SweepGroup(PhenomenonGroup):
    """`genlab sweep NAME`."""

    action = staticmethod(sweep)
