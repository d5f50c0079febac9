"""Commands about stored runs: runs, show, compare, export, rm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import KnobError, echoed
from lab.cli.groups import LabCommand
from lab.cli.parameters import Height, Json, Run, RunList, Runs

FORMATS = ("csv", "json", "npz", "txt", "svg", "pdf", "png", "tensorboard")
NARROWEST, WIDEST = 2.0, 40.0  # inches


def add_stored_runs(app: typer.Typer) -> None:
    """Add the commands to the tree."""
    app.command("runs", cls=LabCommand)(runs_command)
    app.command("show", cls=LabCommand)(show)
    app.command("compare", cls=LabCommand)(compare)
    app.command("export", cls=LabCommand)(export)
    app.command("rm", cls=LabCommand)(remove)


def inches(text: str | float) -> float:
    """Read the width of a drawing.

    Raises:
        KnobError: no number, or none that a drawing can have.
    """
    try:
        width = float(text)
    except ValueError:
        width = 0.0
    if not NARROWEST <= width <= WIDEST:
        raise KnobError(f"width must be a number between {NARROWEST:g} and {WIDEST:g} (inches), got {echoed(text)}")
    return width


def complete_format(incomplete: str) -> list[str]:
    """The formats of `export` and of `compare`."""
    return [name for name in FORMATS if name.startswith(incomplete)]


def runs_command(runs: Runs = None, json: Json = False) -> None:
    """The stored runs, oldest first."""
    from lab.stored import print_runs

    print_runs(runs, json=json)


def show(
    run: Run,
    runs: Runs = None,
    figure: Annotated[str | None, typer.Option("--figure", metavar="NAME", help="One figure or picture only.", show_default=False)] = None,
    height: Height = 18,
    json: Json = False,
) -> None:
    """Draw figures as text, with the verdicts."""
    from engine.store import runs_root
    from engine.sweeps.folder import find_sweep

    sweep = find_sweep(runs_root(runs), run)
    if sweep is not None:
        from lab.export.sweep_text import show_sweep

        show_sweep(sweep, figure, height, json=json)
        return
    from lab.export.text_figures import show_run

    show_run(run, runs, figure, height, json=json)


def compare(
    run: RunList,
    runs: Runs = None,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="|".join(FORMATS),
            help="Write files instead; prints their paths.",
            autocompletion=complete_format,
            show_default=False,
        ),
    ] = "",
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to write to.")] = Path(),
    figure: Annotated[
        list[str] | None, typer.Option("--figure", metavar="NAME", help="This figure only, in files; repeat for more.", show_default=False)
    ] = None,
    width: Annotated[
        float, typer.Option("--width", metavar="INCHES", help="Of drawings; a column of a paper has about 3.3.", parser=inches)
    ] = 6.4,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    height: Height = 18,
    json: Json = False,
) -> None:
    """Draw runs of one phenomenon beside each other.

    Legends name the knobs in which the runs differ; tables list these, and values and verdicts side by side. With --to, all runs are
    in the same files, each under its name in the legends; files of each run alone are made by: genlab export RUN... --to FORMAT.

    Raises:
        UsageError: a single run, or runs of different phenomena.
    """
    from lab.export.comparison import compare_runs, export_comparison
    from lab.output import plain
    from lab.stored import say_damaged_results
    from screens.application import ExportRequest

    if to:
        for path in export_comparison(run, runs, ExportRequest(to, out, tuple(figure or ()), width, force)):
            print(plain(path))
    else:
        compare_runs(run, runs, height, json=json)
    say_damaged_results(run, runs)


def export(
    run: RunList,
    to: Annotated[str, typer.Option("--to", metavar="|".join(FORMATS), help="Format.", autocompletion=complete_format, show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to write to.")] = Path(),
    figure: Annotated[
        list[str] | None, typer.Option("--figure", metavar="NAME", help="This figure or picture only; repeat for more.", show_default=False)
    ] = None,
    width: Annotated[
        float, typer.Option("--width", metavar="INCHES", help="Of drawings; a column of a paper has about 3.3.", parser=inches)
    ] = 6.4,
    runs: Runs = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write runs or sweeps as files, each its own; prints their paths.

    Runs in one figure or file, beside each other, are made by: genlab compare RUN RUN... --to FORMAT.

    Every file says which command gives its numbers, with which versions and seeds: in its metadata, and small below a picture.
    """
    from engine.store import runs_root
    from engine.sweeps.folder import find_sweep
    from lab.export.formats import export_runs
    from lab.output import plain
    from lab.stored import say_damaged_results
    from screens.application import ExportRequest

    wanted = ExportRequest(to, out, tuple(figure or ()), width, force)
    sweeps = {name: path for name in run if (path := find_sweep(runs_root(runs), name)) is not None}
    others = [name for name in run if name not in sweeps]
    written = export_runs(others, runs, wanted) if others or not sweeps else []
    if sweeps:
        from lab.export.sweep_files import export_sweeps

        written += export_sweeps(list(sweeps.values()), wanted)
    for path in written:
        print(plain(path))
    say_damaged_results(others, runs)


def remove(run: RunList, runs: Runs = None, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete runs; asks first."""
    from lab.stored import remove_runs

    remove_runs(run, runs, yes=yes)
