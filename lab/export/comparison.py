"""Runs of one phenomenon side by side: the knobs in which they differ, their verdicts, and their curves on common axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from engine.contract import Figure, Series, Snapshot
from engine.errors import UsageError
from engine.registry import spec
from lab.export.text_figures import print_figure, theme_of, with_points
from lab.output import emit, plain, result_event, write_table
from lab.stored import load_run
from screens.widgets.palette import groups_of

Runs = Mapping[str, Snapshot]
FEW = 2  # measured curves of a run in one figure up to which every run gets colours of its own
MOST = len(ascii_lowercase)  # each run is called by a letter


def compare_runs(names: Sequence[str], runs: Path | None, height: int, *, json: bool) -> None:
    """Print runs side by side, or as one JSON object.

    Raises:
        UsageError: a single run, or runs of different phenomena.
    """
    loaded = load_named(names, runs)
    kinds = sorted({snapshot.phenomenon for snapshot in loaded.values()})
    if len(kinds) > 1:
        raise UsageError(f"only runs of one phenomenon can be compared, got {' and '.join(kinds)}", "See: genlab runs")
    if not 2 <= len(loaded) <= MOST:
        raise UsageError(f"comparing takes two different runs or more, at most {MOST}, got {len(loaded)}", "See: genlab runs")
    if json:
        emit({"event": "compare", "runs": [{**result_event(snapshot), "run": name} for name, snapshot in loaded.items()]})
    else:
        print_comparison(loaded, height=height)


def load_named(names: Sequence[str], runs: Path | None) -> Runs:
    """Load runs, each by its name; those whose names are equal, in different folders, by their paths. The same run counts once."""
    found = {folder.path.resolve(): (folder, snapshot) for folder, snapshot in (load_run(name, runs) for name in names)}
    count = Counter(folder.name for folder, _ in found.values())
    return {folder.name if count[folder.name] == 1 else f"{folder.path}": snapshot for folder, snapshot in found.values()}


def print_comparison(runs: Runs, *, height: int) -> None:
    """Print differences, figures and verdicts; runs are called a, b, c, ... in the order given."""
    phenomenon = next(iter(runs.values())).phenomenon
    headings = [f"{letter} {name}" for letter, name in zip(ascii_lowercase, runs, strict=False)]
    write_table(("", *headings), differences(runs), title=f"{phenomenon}: where the runs differ")
    for figure in spec(phenomenon).figures:
        _draw(figure, runs, height)
    write_table(("id", "claim", *headings), verdicts(runs), title="Verdicts")


def _draw(figure: Figure, runs: Runs, height: int) -> None:
    chosen = [with_points(figure, run.series) for run in runs.values()]
    if not any(chosen):
        return
    if max(sum(item.kind == "measured" for item in curves) for curves in chosen) <= FEW:
        joint, series = overlay(figure, runs)
        print_figure(joint, series, [marker for run in runs.values() for marker in run.markers if marker.axis == "y"], height)
    else:
        first = next(iter(runs.values()))
        faint = [item for curves in chosen[1:] for item in curves]
        noted, theme = replace(figure, note="a in full, the others faint"), theme_of(groups_of(first))
        print_figure(noted, first.series, first.markers, height, theme, pinned=faint)


def differences(runs: Runs) -> list[list[Any]]:
    """Rows of what is not the same in all runs: preset, seeds, phase, step, and every knob."""
    facts = [
        {"preset": run.preset, "seeds": " ".join(map(str, run.seeds)), "phase": f"{run.phase}", run.unit: run.step, **run.config}
        for run in runs.values()
    ]
    names = dict.fromkeys(name for fact in facts for name in fact)
    found = [[name, *(plain(fact.get(name)) for fact in facts)] for name in names]
    return [line for line in found if len(set(line[1:])) > 1] or [["", *("the same" for _ in runs)]]


def verdicts(runs: Runs) -> list[list[Any]]:
    """Rows of claims with each run's measured value and mark."""
    columns = [{item.claim.id: item for item in run.verdicts} for run in runs.values()]
    claims = {item.claim.id: item.claim for run in runs.values() for item in run.verdicts}
    return [[claim.id, claim.sentence, *(_said(column.get(claim.id)) for column in columns)] for claim in claims.values()]


def overlay(figure: Figure, runs: Runs) -> tuple[Figure, list[Series]]:
    """The figure with every run's curves, named, labelled and grouped by the run's letter; theory that runs share only once."""
    series: list[Series] = []
    for letter, run in zip(ascii_lowercase, runs.values(), strict=False):
        for item in with_points(figure, run.series):
            if not (item.kind == "theory" and any(_same(item, other) for other in series)):
                group = f"{letter} {item.group or item.name}"
                series.append(replace(item, name=f"{letter}/{item.name}", label=f"{letter}: {item.label}", group=group))
    return replace(figure, series=("*",)), series


def _same(first: Series, second: Series) -> bool:
    return second.kind == "theory" and len(first.x) == len(second.x) and bool((first.y == second.y).all())


def _said(verdict: Any) -> str:
    if verdict is None:
        return ""
    return " ".join(filter(None, [plain(verdict.measured), verdict.mark]))
