"""Runs of one phenomenon side by side: the knobs in which they differ, their verdicts, and their curves on common axes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lab.figures import draw_figure, select
from lab.output import plain, write_table

if TYPE_CHECKING:
    from engine.contract import Figure, Marker, Series, Snapshot

Runs = Mapping[str, "Snapshot"]


def print_comparison(runs: Runs, *, height: int) -> None:
    """Print differences, verdicts and overlaid figures."""
    from engine.registry import spec

    phenomenon = next(iter(runs.values())).phenomenon
    write_table(("", *runs), differences(runs), title=f"{phenomenon}: where the runs differ")
    for figure in spec(phenomenon).figures:
        joint, series, markers = overlay(figure, runs)
        if series:
            draw_figure(joint, series, markers, height)
    write_table(("id", "claim", *runs), verdicts(runs), title="Verdicts")


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


def overlay(figure: Figure, runs: Runs) -> tuple[Figure, list[Series], list[Marker]]:
    """The figure with every run's curves, named, labelled and grouped by run; theory that runs share is drawn once."""
    series: list[Series] = []
    markers: list[Marker] = []
    for name, run in runs.items():
        for item in select(figure, run.series):
            if not (item.kind == "theory" and any(_same(item, other) for other in series)):
                group = f"{name} {item.group or item.name}"
                series.append(dataclasses.replace(item, name=f"{name}/{item.name}", label=f"{name}: {item.label}", group=group))
        markers += [item for item in run.markers if item not in markers]
    return dataclasses.replace(figure, series=("*",)), series, markers


def _same(first: Series, second: Series) -> bool:
    return second.kind == "theory" and len(first.x) == len(second.x) and bool((first.y == second.y).all())


def _said(verdict: Any) -> str:
    if verdict is None:
        return ""
    return " ".join(filter(None, [plain(verdict.measured), verdict.mark]))
