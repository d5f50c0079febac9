"""A run as text: every figure drawn in characters without colour, the claims, and quantities with their formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.contract import Snapshot, Spec
from lab.export.provenance import Provenance
from lab.export.text_figures import with_points
from lab.output import detail_lines
from screens.widgets.palette import Level, Theme, groups_of
from screens.widgets.picture_draw import draw_picture
from screens.widgets.plot_figure import draw_figure

WIDTH, HEIGHT = 100, 24


def write_text(declared: Spec, snapshot: Snapshot, about: Provenance, place: Path) -> Iterator[Path]:
    """Write `NAME.txt`."""
    path = place / f"{about.run}.txt"
    head = "\n".join(about.caption(snapshot.series))
    path.write_text(f"{head}\n\n{as_text(declared, snapshot)}", encoding="utf-8")
    yield path


def as_text(spec: Spec, snapshot: Snapshot) -> str:
    """Return every figure and picture that has content, the claims, and quantities with their formulas."""
    theme = replace(Theme(), level=Level.NONE, groups=groups_of(snapshot))
    lines = [f"{snapshot.run}  {snapshot.unit} {snapshot.step}  {snapshot.sentence}", ""]
    drawn = [
        draw_figure(figure, snapshot.series, snapshot.markers, width=WIDTH, height=HEIGHT, theme=theme)
        for figure in spec.figures if with_points(figure, snapshot.series)
    ]  # fmt: skip
    drawn += [draw_picture(picture, width=WIDTH, height=HEIGHT, theme=theme) for picture in snapshot.pictures]
    for rows in drawn:
        lines += [row.plain.rstrip() for row in rows] + [""]
    for verdict in snapshot.verdicts:
        claim, remark = verdict.claim, f" ({verdict.remark})" if verdict.remark else ""
        lines.append(f"{verdict.mark:8} {claim.id:5} {claim.sentence}: predicted {verdict.predicted}, measured {verdict.measured}{remark}")
    lines += ["", *detail_lines(snapshot.details)] if snapshot.details else []
    return "\n".join(lines) + "\n"
