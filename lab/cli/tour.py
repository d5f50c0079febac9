"""The command `genlab tour`: stops that ask before they show, in the app or in print."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.errors import UsageError
from lab.cli.groups import LabCommand
from lab.cli.opening import open_app
from lab.cli.parameters import Device, Runs, Threads


def add_tour(app: typer.Typer) -> None:
    """Add the command to the tree."""
    app.command("tour", cls=LabCommand)(tour)


def tour(
    ctx: typer.Context,
    stop: Annotated[
        str | None,
        typer.Option(
            "--stop", metavar="N|NAME", help="Begin at this stop; with --print, print it alone.", show_default="where it was left"
        ),
    ] = None,
    in_print: Annotated[bool, typer.Option("--print", help="Print the questions as Markdown; needs no terminal.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="With --print: run each experiment, and print what it answers.")] = False,
    runs: Runs = None,
    device: Device = "auto",
    threads: Threads = None,
) -> int:
    """Half an hour through the lab: each stop asks first, an experiment answers.

    Raises:
        UsageError: no such stop, --answers without --print, or no terminal.
    """
    from engine.tour import STOPS, find_stop

    place = None if stop is None else find_stop(stop)
    if answers and not in_print:
        raise UsageError("--answers belongs to --print", "Write: genlab tour --print --answers")
    if not in_print:
        return open_app(headless="genlab tour --print", tour=-1 if place is None else place, runs=runs, device=device, threads=threads)
    from lab.tour.printing import print_tour

    places = range(len(STOPS)) if place is None else [place]
    return print_tour(STOPS, places, answers=answers, device=device, threads=threads, debug=ctx.find_root().params["debug"])
