"""Commands about stored runs: runs, show, compare, export, rm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import Exit, UsageError
from lab.cli_group import LabCommand
from lab.cli_options import Height, Json, Run, RunList, Runs

if TYPE_CHECKING:
    from engine.contract import Snapshot
    from engine.store import RunFolder, RunSummary

FORMATS = ("csv", "json", "npz", "svg", "png", "tensorboard")


def add_to(app: typer.Typer) -> None:
    """Add the commands to the tree."""
    app.command("runs", cls=LabCommand)(runs_command)
    app.command("show", cls=LabCommand)(show)
    app.command("compare", cls=LabCommand)(compare)
    app.command("export", cls=LabCommand)(export)
    app.command("rm", cls=LabCommand)(remove)


def complete_format(incomplete: str) -> list[str]:
    """The formats of `export`."""
    return [name for name in FORMATS if name.startswith(incomplete)]


def runs_command(runs: Runs = None, json: Json = False) -> None:
    """The stored runs, oldest first."""
    from engine.store import list_runs, runs_root
    from lab.output import emit, plain, write_table

    root = runs_root(runs)
    found = list_runs(root)
    if json:
        for run in found:
            emit(_record(run))
        return
    if not found:
        print(plain(f"no runs in {root}; start one with: genlab run NAME"))
        return
    columns = ("run", "phenomenon", "preset", "seeds>", "phase", "step>", "begun", "claims")
    write_table(columns, [_line(run) for run in found], title=f"{root}")


def _line(run: RunSummary) -> tuple[Any, ...]:
    phase = run.problem or (f"{run.phase}" if run.phase else "")
    return run.name, run.phenomenon, run.preset, len(run.seeds) or "", phase, run.step, run.created[:16].replace("T", " "), _marks(run)


def _record(run: RunSummary) -> dict[str, Any]:
    return {
        "event": "run", "run": run.name, "folder": str(run.path), "phenomenon": run.phenomenon, "preset": run.preset,
        "seeds": list(run.seeds), "phase": run.phase, "step": run.step, "total": run.total, "created": run.created, "live": run.live,
        "problem": run.problem, "claims": _marks(run),
    }  # fmt: skip


def _marks(run: RunSummary) -> str:
    """`3 yes, 1 not yet`: what the run says of its claims so far."""
    from engine.errors import StoreError
    from engine.store import RunFolder
    from lab.verify import tally

    if run.problem:
        return ""
    try:
        verdicts = RunFolder.open(run.path).load_snapshot().verdicts
    except StoreError:  # nothing measured yet
        return ""
    return ", ".join(f"{count} {mark}" for mark, count in tally(verdicts).items() if count)


def show(
    run: Run,
    runs: Runs = None,
    figure: Annotated[str | None, typer.Option("--figure", metavar="NAME", help="One figure or picture only.", show_default=False)] = None,
    height: Height = 18,
    json: Json = False,
) -> None:
    """Draw figures as text, with the verdicts."""
    from lab.export import document
    from lab.figures import print_run
    from lab.output import emit

    folder, snapshot = _load(run, runs)
    if json:
        emit({"event": "show", **document(folder, snapshot)})
    else:
        print_run(snapshot, folder.name, only=figure, height=height)


def compare(run: RunList, runs: Runs = None, height: Height = 18, json: Json = False) -> None:
    """Overlay runs of one phenomenon.

    Also lists the knobs in which they differ, and their verdicts side by side.

    Raises:
        UsageError: a single run, or runs of different phenomena.
    """
    from lab.compare import print_comparison
    from lab.headless import result
    from lab.output import emit

    loaded = {folder.name: snapshot for folder, snapshot in (_load(name, runs) for name in run)}
    kinds = sorted({snapshot.phenomenon for snapshot in loaded.values()})
    if len(kinds) > 1:
        raise UsageError(f"only runs of one phenomenon can be compared, got {' and '.join(kinds)}", "See: genlab runs")
    if not 2 <= len(loaded) <= 26:
        raise UsageError(f"comparing takes two different runs or more, at most 26, got {len(loaded)}", "See: genlab runs")
    if json:
        emit({"event": "compare", "runs": [{**result(snapshot), "run": name} for name, snapshot in loaded.items()]})
    else:
        print_comparison(loaded, height=height)


def export(
    run: Run,
    to: Annotated[str, typer.Option("--to", metavar="|".join(FORMATS), help="Format.", autocompletion=complete_format, show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to write to.")] = Path(),
    runs: Runs = None,
) -> None:
    """Write a run as files; prints their paths."""
    from engine.store import RunFolder, find_run, runs_root
    from lab.export import export_run

    for path in export_run(RunFolder.open(find_run(runs_root(runs), run)), to, out):
        print(path)


def remove(run: RunList, runs: Runs = None, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> int:
    """Delete runs; asks first."""
    import sys

    from engine.store import find_run, remove_run, runs_root
    from lab.output import say

    paths = [find_run(runs_root(runs), name) for name in run]
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"rm deletes {len(paths)} run{'s' if len(paths) > 1 else ''} for good and cannot ask here", "Add --yes.")
        if not typer.confirm(f"Delete {', '.join(path.name for path in paths)} for good?"):
            return Exit.DONE
    for path in paths:
        remove_run(path)
        say(f"deleted {path}")
    return Exit.DONE


def _load(run: str, runs: Path | None) -> tuple[RunFolder, Snapshot]:
    from engine.store import RunFolder, find_run, runs_root

    folder = RunFolder.open(find_run(runs_root(runs), run))
    return folder, folder.load_snapshot()
