"""Options and arguments that several commands share, and what the shell completes for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import KnobError, echoed

MAX_SEED = 2**31 - 1


def whole(name: str, lo: int, hi: int) -> Callable[[str | int], int]:
    """A parser of whole numbers whose refusal reads like that of a knob."""

    def parse(text: str | int) -> int:
        try:
            value = int(text)
        except ValueError:
            raise KnobError(f"{name} must be a whole number between {lo} and {hi}, got {echoed(text)}") from None
        if not lo <= value <= hi:
            raise KnobError(f"{name} must be between {lo} and {hi}, got {echoed(text)}")
        return value

    return parse


def one_of(name: str, *allowed: str) -> Callable[[str], str]:
    """A parser of a few words whose refusal reads like that of a knob."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise KnobError(f"{name} must be one of {', '.join(allowed)}, got {echoed(text)!r}")
        return text

    return parse


def complete_run(incomplete: str) -> Iterable[tuple[str, str]]:
    """Names of stored runs in the default folder."""
    from engine.store import list_runs, runs_root

    return [(run.name, f"{run.phenomenon} {run.phase}") for run in list_runs(runs_root()) if run.name.startswith(incomplete)]


def complete_phenomenon(incomplete: str) -> Iterable[tuple[str, str]]:
    """Names of phenomena with their questions."""
    from engine.registry import entries

    return [(entry.name, entry.question) for entry in entries() if not entry.problem and entry.name.startswith(incomplete)]


def complete_preset(ctx: typer.Context, incomplete: str) -> Iterable[tuple[str, str]]:
    """Presets of the phenomenon that the command names."""
    from engine.registry import names, spec

    name = ctx.info_name or ""
    presets = spec(name).presets if name in names() else ()
    found = [(preset.name, preset.why) for preset in presets] or [("quick", ""), ("standard", "")]
    return [item for item in found if item[0].startswith(incomplete)]


def complete_device(incomplete: str) -> Iterable[str]:
    """The devices that can be asked for."""
    return [device for device in ("auto", "cpu", "cuda") if device.startswith(incomplete)]


Run = Annotated[str, typer.Argument(metavar="RUN", help="Name or folder of a run.", autocompletion=complete_run, show_default=False)]
RunList = Annotated[list[str], typer.Argument(metavar="RUN", help="Names or folders.", autocompletion=complete_run, show_default=False)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a phenomenon.", autocompletion=complete_phenomenon, show_default=False)]
MaybeName = Annotated[
    str | None, typer.Argument(metavar="NAME", help="Name of a phenomenon.", autocompletion=complete_phenomenon, show_default=False)
]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Phenomena; all when none.", autocompletion=complete_phenomenon, show_default=False),
]
Runs = Annotated[Path | None, typer.Option("--runs", metavar="DIR", help="Folder of the runs (also: GENLAB_RUNS).", show_default=False)]
Theme = Annotated[
    str | None,
    typer.Option(
        "--theme",
        metavar="auto|dark|light",
        help="Colours of the app (also: GENLAB_THEME).",
        parser=one_of("theme", "auto", "dark", "light"),
        show_default=False,
    ),
]
Density = Annotated[
    str | None,
    typer.Option(
        "--density",
        metavar="compact|normal|roomy",
        help="Figures side by side (also: GENLAB_DENSITY).",
        parser=one_of("density", "compact", "normal", "roomy"),
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Strict JSON, one object a line, on standard output and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; errors still speak.")]
Preset = Annotated[str, typer.Option("--preset", "-p", metavar="NAME", help="Named settings.", autocompletion=complete_preset)]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help=f"First seed, 0 to {MAX_SEED}.", parser=whole("seed", 0, MAX_SEED))]
Seeds = Annotated[
    int | None,
    typer.Option(
        "--seeds",
        metavar="K",
        help="Replicas with seeds S, S+1, ... as one ensemble.",
        parser=whole("seeds", 1, 20),
        show_default="the preset's",
    ),
]
Device = Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda", help="Where to compute.", autocompletion=complete_device)]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads", metavar="N", help="Threads to compute with.", parser=whole("threads", 1, 64), show_default="the cores but one"
    ),
]
ThreadsEach = Annotated[int, typer.Option("--threads", metavar="N", help="Threads of each run.", parser=whole("threads", 1, 64))]
Verifications = Annotated[
    int,
    typer.Option(
        "--seeds", metavar="K", help="Independent runs of each phenomenon, from consecutive seeds.", parser=whole("seeds", 1, 1000)
    ),
]
Junit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit report: a test case a claim.", show_default=False)
]
Height = Annotated[int, typer.Option("--height", metavar="ROWS", help="Rows of a figure.", parser=whole("height", 6, 200))]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="Processes at once.", parser=whole("workers", 1, 256), show_default="the cores")
]
Repeats = Annotated[
    int | None, typer.Option("--repeats", metavar="N", help="Readings a row.", parser=whole("repeats", 1, 1000), show_default="the entry's")
]
