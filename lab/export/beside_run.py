"""A run's figures written beside it: `figures.txt` as a person sees them, `figures.json` with every point."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.contract import Figure, Series, Snapshot, Spec
from engine.store.files import replace as replace_file
from lab.output import detail_lines, strict
from screens.widgets.palette import Level, Theme, groups_of
from screens.widgets.plot_figure import draw_figure

WIDTH, HEIGHT = 100, 24


def write_beside(folder: Path, spec: Spec, snapshot: Snapshot) -> list[Path]:
    """Write both files into a run's folder and return them. A link of such a name is replaced, never followed.

    Raises:
        StoreError: the folder cannot be written.
    """
    texts = {"figures.txt": as_text(spec, snapshot), "figures.json": json.dumps(strict(as_data(spec, snapshot)), indent=1) + "\n"}
    written = []
    for name, text in texts.items():
        path = folder / name
        replace_file(path, text.encode(), durable=False)
        written.append(path)
    return written


def as_text(spec: Spec, snapshot: Snapshot) -> str:
    """Return every figure as text without colour, the claims, and quantities with their formulas."""
    theme = replace(Theme(), level=Level.NONE, groups=groups_of(snapshot))
    lines = [f"{snapshot.run}  {snapshot.unit} {snapshot.step}  {snapshot.sentence}", ""]
    for figure in spec.figures:
        drawn = draw_figure(figure, snapshot.series, snapshot.markers, width=WIDTH, height=HEIGHT, theme=theme)
        lines += [row.plain.rstrip() for row in drawn] + [""]
    for verdict in snapshot.verdicts:
        claim, remark = verdict.claim, f" ({verdict.remark})" if verdict.remark else ""
        lines.append(f"{verdict.mark:8} {claim.id:5} {claim.sentence}: predicted {verdict.predicted}, measured {verdict.measured}{remark}")
    lines += ["", *detail_lines(snapshot.details)] if snapshot.details else []
    return "\n".join(lines) + "\n"


def as_data(spec: Spec, snapshot: Snapshot) -> dict[str, Any]:
    """Return every figure with its axes and the points of its series, the claims, and quantities with their formulas."""
    return {
        "run": snapshot.run,
        "step": snapshot.step,
        "figures": [_figure(figure, snapshot) for figure in spec.figures],
        "claims": [verdict.row() for verdict in snapshot.verdicts],
        "details": [asdict(detail) for detail in snapshot.details],
    }


def _figure(figure: Figure, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": figure.name,
        "title": figure.title,
        "x": {"label": figure.x.label, "unit": figure.x.unit, "log": figure.x.log},
        "y": {"label": figure.y.label, "unit": figure.y.unit, "log": figure.y.log},
        "series": [_series(item) for item in figure.draws(snapshot.series)],
    }


def _series(item: Series) -> dict[str, Any]:
    return {
        "name": item.name, "label": item.label, "kind": item.kind, "basis": item.basis, "group": item.group, "band": item.band,
        "x": item.x, "y": item.y, "lo": item.lo, "hi": item.hi,
    }  # fmt: skip
