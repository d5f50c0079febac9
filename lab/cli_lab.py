"""Commands about the lab itself: list, info; verify, data, doctor, bench."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.errors import Exit
from lab.cli_group import LabCommand, LabGroup
from lab.cli_options import Device, Json, Name, Names, Quiet, Repeats, Runs, Seed, Seeds, Threads, complete_data, complete_preset


def add_reading(app: typer.Typer) -> None:
    """Add the commands that only read declarations."""
    app.command("list", cls=LabCommand)(list_phenomena)
    app.command("info", cls=LabCommand)(info)


def add_checking(app: typer.Typer) -> None:
    """Add the commands that check the lab."""
    app.command("verify", cls=LabCommand)(verify)
    data = typer.Typer(cls=LabGroup, help="The data sets: list, fetch, path.", rich_markup_mode=None)
    data.command("list", cls=LabCommand)(data_list)
    data.command("fetch", cls=LabCommand)(data_fetch)
    data.command("path", cls=LabCommand)(data_path)
    app.add_typer(data, name="data")
    app.command("doctor", cls=LabCommand)(doctor)
    app.command("bench", cls=LabCommand)(bench)


def list_phenomena(json: Json = False) -> None:
    """The phenomena with their questions."""
    from engine.registry import entries
    from lab.output import emit, write_table

    if json:
        for entry in entries():
            emit({"event": "phenomenon", "name": entry.name, "title": entry.title, "question": entry.question})
        return
    write_table(("name", "title", "question"), [(entry.name, entry.title, entry.question) for entry in entries()])


def info(name: Name, json: Json = False) -> None:
    """A phenomenon's knobs, presets, claims, figures and notes."""
    from engine.registry import spec
    from lab.info import describe, record
    from lab.output import emit

    found = spec(name)
    if json:
        emit(record(found))
    else:
        describe(found)


def verify(
    ctx: typer.Context,
    names: Names = None,
    preset: Annotated[
        str, typer.Option("--preset", "-p", metavar="NAME", help="quick or standard.", autocompletion=complete_preset)
    ] = "quick",
    seed: Seed = 0,
    seeds: Seeds = None,
    device: Device = "auto",
    threads: Threads = None,
    runs: Runs = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Hold every claim against its measurement.

    Exit 1 if one fails or stays undecided where the preset should decide it. Nothing is stored unless --runs names a folder.
    """
    from engine.registry import check
    from engine.registry import names as every
    from lab.cli_run import check_device
    from lab.verify import Verifier

    chosen = [check(name) for name in names or every()]
    verifier = Verifier(preset, seed, seeds, check_device(device), threads, runs, ctx.find_root().params["debug"])
    return verifier.run(chosen, json=json, quiet=quiet)


def data_list(json: Json = False) -> None:
    """The data sets."""
    from engine.data.registry import SOURCES
    from lab.output import emit, write_table

    found = [(name, item.size, "x".join(map(str, item.shape)), item.classes) for name, item in SOURCES.items()]
    if json:
        for name, size, shape, classes in found:
            emit({"event": "dataset", "name": name, "images": size, "shape": shape, "classes": classes})
        return
    lines = [(name, size or "made to order", shape, classes) for name, size, shape, classes in found]
    write_table(("name", "images>", "shape", "classes>"), lines)


def data_fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a data set.", autocompletion=complete_data, show_default=False)],
) -> None:
    """Get a data set ready before it is needed."""
    import numpy as np

    from engine.data.cache import cache_folder
    from engine.data.registry import source
    from lab.output import say

    note = source(name).draw(1, np.random.default_rng(0))[2]
    say(note or f"{name} is ready")
    print(cache_folder())


def data_path() -> None:
    """The folder that keeps them."""
    from engine.data.cache import cache_folder

    print(cache_folder())


def doctor(runs: Runs = None, json: Json = False) -> int:
    """What this machine offers, and what to do about problems."""
    from lab.doctor import examine, report

    return report(examine(runs), json=json)


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
