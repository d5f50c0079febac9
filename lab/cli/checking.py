"""Commands about the lab itself: list, info; verify, doctor, bench."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.errors import Exit
from lab.cli.data import add_data
from lab.cli.groups import LabCommand
from lab.cli.parameters import (
    Device,
    Json,
    Junit,
    MaybeName,
    Name,
    Names,
    Quiet,
    Repeats,
    Runs,
    Seed,
    ThreadsEach,
    Verifications,
    complete_preset,
)


def add_reading(app: typer.Typer) -> None:
    """Add the commands that only read declarations."""
    app.command("list", cls=LabCommand)(list_phenomena)
    app.command("info", cls=LabCommand)(info)
    app.command("cite", cls=LabCommand)(cite)


def add_checking(app: typer.Typer) -> None:
    """Add the commands that check the lab."""
    app.command("verify", cls=LabCommand)(verify)
    add_data(app)
    app.command("doctor", cls=LabCommand)(doctor)
    app.command("bench", cls=LabCommand)(bench)


def list_phenomena(json: Json = False) -> None:
    """The phenomena with their questions, those of other installed packages included."""
    from lab.declarations import print_phenomena

    print_phenomena(json=json)


def info(name: Name, json: Json = False) -> None:
    """A phenomenon's knobs, presets, claims, figures and notes."""
    from lab.declarations import print_declaration

    print_declaration(name, json=json)


def cite(name: MaybeName = None, json: Json = False) -> None:
    """BibTeX of the papers behind a phenomenon, and of the lab."""
    from lab.citation import print_citation

    print_citation(name, json=json)


def verify(
    names: Names = None,
    preset: Annotated[
        str,
        typer.Option(
            "--preset",
            "-p",
            metavar="NAME",
            help="Any that the named ones have; all have quick and standard.",
            autocompletion=complete_preset,
        ),
    ] = "quick",
    seed: Seed = 0,
    seeds: Verifications = 1,
    device: Device = "auto",
    threads: ThreadsEach = 1,
    runs: Runs = None,
    junit: Junit = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Hold every claim against its measurement, over one or more independent runs of each phenomenon.

    Exit 1 if a claim fails more often than it may by luck (of a single run: if it fails), or is never decided although the preset
    should decide it. Runs go side by side. Nothing is stored unless --runs names a folder.
    """
    from engine.store import runs_root
    from lab.output import lasting_output
    from lab.running.single import check_device
    from lab.running.verify import Verifier

    verifier = Verifier(preset, seed, seeds, check_device(device), threads, runs_root(runs) if runs else None, junit)
    with lasting_output():
        return verifier.run(names or [], json=json, quiet=quiet)


def doctor(
    runs: Runs = None,
    full: Annotated[bool, typer.Option("--full", help="Also import torch, in a process of its own, and list its devices.")] = False,
    json: Json = False,
) -> int:
    """What this machine offers, and what to do about problems."""
    from lab.doctor import examine, report

    return report(examine(runs, full=full), json=json)


def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Entries; all when none.", show_default=False)] = None,
    repeats: Repeats = None,
    entries: Annotated[bool, typer.Option("--list", help="List the entries and stop.")] = False,
    json: Json = False,
) -> int:
    """Measure speed against its goals.

    Takes minutes; keep the machine idle meanwhile.
    """
    from lab.bench import choose
    from lab.bench.report import listing, run

    chosen = choose(names or [])
    if entries:
        listing(chosen, json=json)
        return Exit.DONE
    return run(chosen, repeats, json=json)
