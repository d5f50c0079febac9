"""A sweep as text: a table of its values, one of its claims, its figures; and all of it as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.contract import Figure, values_record
from engine.contract.sweep import SweepPoint, SweepSnapshot
from engine.errors import UsageError, echoed, nearest
from engine.sweeps.view import SweepView
from lab.export.text_figures import print_figure, print_picture, theme_of
from lab.output import emit, plain, write, write_table
from screens import formatting
from screens.sweep_words import cell, standing
from screens.widgets.palette import groups_of


def show_sweep(path: Path, figure: str | None, height: int, *, json: bool) -> None:
    """Print a sweep: its head, tables and figures, or as one JSON object.

    Raises:
        StoreError: damaged.
        UsageError: no figure of that name.
    """
    sweep = SweepView(path).latest()
    if json:
        emit({"event": "show", **sweep_document(sweep)})
        return
    names = [item.name for item in sweep.declared.figures] + [picture.name for picture in sweep.declared.pictures]
    if figure is not None and figure not in names:
        raise UsageError(f"no figure {echoed(figure)!r} of {sweep.name}{nearest(figure, names)}", "figures: " + ", ".join(names))
    if figure is None:
        for line in head(sweep):
            write(plain(line))
    theme = theme_of(groups_of(sweep.drawn))
    for item in sweep.declared.figures:
        if figure in (None, item.name) and has_points(item, sweep):
            print_figure(item, sweep.drawn.series, (), height, theme)
    for picture in sweep.drawn.pictures:
        if figure in (None, picture.name):
            print_picture(picture, height, theme)
    if figure is None:
        print_tables(sweep)


def head(sweep: SweepSnapshot) -> Iterator[str]:
    """What it is, and where it stands."""
    given = "".join(f", {name} {value}" for name, value in sweep.given_texts.items())
    yield f"{sweep.name}: {sweep.phenomenon}, preset {sweep.preset}{given}, {formatting.seeds(sweep.seeds)} a point"
    yield standing(sweep)


def print_tables(sweep: SweepSnapshot) -> None:
    """Print the values of every point, and the claims beside each other."""
    knobs = list(sweep.knobs)
    shown = [scalar for scalar in sweep.scalars if any(_there(point, scalar.name) for point in sweep.points)]
    columns = [*knobs, "run", "phase", *(f"{scalar.name}>" for scalar in shown)]
    lines = [[*_head(point, knobs), *(cell(point.values.get(scalar.name)) for scalar in shown)] for point in sweep.points]
    write_table(columns, lines, title="Values" + (f": median [range] of {len(sweep.seeds)} seeds" if len(sweep.seeds) > 1 else ""))
    for line in remarks(sweep):
        write(plain(line))
    if sweep.claims:
        claims = [[*_head(point, knobs), *(_mark(point, claim) for claim in sweep.claims)] for point in sweep.points]
        write_table([*knobs, "run", "phase", *sweep.claims], claims, title="Claims")


def remarks(sweep: SweepSnapshot) -> Iterator[str]:
    """What the tables cannot say: what marks mean, why values are missing, what failed, what is damaged."""
    if any(value.any_censored for point in sweep.points for value in point.values.values()):
        yield ">= a lower bound: the run ended before the event"
    for scalar in sweep.scalars:
        reasons = dict.fromkeys(
            value.reason for point in sweep.points if (value := point.values.get(scalar.name)) is not None and value.reason
        )
        if reasons:
            yield f"no {scalar.name} where: {'; '.join(reasons)}"
    for point in sweep.points:
        if point.sentence and point.failed:
            yield f"{', '.join(f'{name}={text}' for name, text in point.texts.items())}: {point.sentence}"
    yield from (f"note: {note}" for note in sweep.notes)


def _head(point: SweepPoint, knobs: Sequence[str]) -> list[str]:
    return [*(point.texts.get(name, "") for name in knobs), point.run, point.state]


def _mark(point: SweepPoint, claim: str) -> str:
    return point.claims[claim].mark if claim in point.claims else ""


def has_points(figure: Figure, sweep: SweepSnapshot) -> bool:
    """Whether a figure of a sweep has something to draw."""
    return any(math.isfinite(y) for series in figure.draws(sweep.drawn.series) for y in series.y)


def _there(point: SweepPoint, name: str) -> bool:
    return name in point.values and not math.isnan(point.values[name].value)


def sweep_document(sweep: SweepSnapshot) -> dict[str, Any]:
    """Everything of a sweep as JSON types."""
    return {
        "sweep": sweep.name, "folder": sweep.folder, "phenomenon": sweep.phenomenon, "preset": sweep.preset, "given": dict(sweep.given),
        "seeds": list(sweep.seeds), "command_line": sweep.command_line, "live": sweep.live, "notes": list(sweep.notes),
        "knobs": list(sweep.knobs), "collect": [vars(scalar) for scalar in sweep.scalars],
        "points": [
            {
                "knobs": dict(point.knobs), "run": point.run, "phase": point.state, "sentence": point.sentence,
                "lost": point.lost and str(point.lost), "missing": point.missing,
                "values": values_record(point.values.values()), "claims": {name: str(status) for name, status in point.claims.items()},
            }
            for point in sweep.points
        ],
        "series": [vars(item) for item in sweep.drawn.series],
    }  # fmt: skip
