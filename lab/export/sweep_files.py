"""A sweep as files: tables of its points, values and claims, one JSON document, and its figures with their provenance."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.contract.sweep import SweepSnapshot
from engine.errors import UsageError, echoed, nearest
from engine.store import called
from engine.store.place import told_root
from engine.sweeps.view import SweepView
from lab.export.formats import DRAWN, put, require_drawings
from lab.export.provenance import Provenance
from lab.export.sweep_text import has_points, sweep_document
from lab.output import strict
from screens.application import ExportRequest

VALUES = ("value", "label", "unit", "seed", "number", "censored", "reason")


def export_sweeps(paths: Sequence[Path], wanted: ExportRequest) -> list[Path]:
    """Write sweeps in one format into a folder and return the files written; either all of them or none.

    Raises:
        UsageError: no such format or figure, a writer that is not installed, or a file is there and is not to be replaced.
        StoreError: a sweep is damaged, or the folder cannot be written.
    """
    if wanted.to not in (*WRITERS, *DRAWN):
        formats = (*WRITERS, *DRAWN)
        raise UsageError(f"no format {echoed(wanted.to)!r} of a sweep{nearest(wanted.to, formats)}", "formats: " + ", ".join(formats))
    views = [SweepView(path) for path in paths]
    sweeps = [(_only(view.latest(), wanted.figures), about(view)) for view in views]
    counts = [_require_content(sweep, wanted) for sweep, _ in sweeps]
    return put(wanted, sum(counts), lambda place: (path for sweep, known in sweeps for path in _written(sweep, known, place, wanted)))


def _require_content(sweep: SweepSnapshot, wanted: ExportRequest) -> int:
    """Return how many figures and pictures there are to draw.

    Raises:
        UsageError: nothing of the sweep was computed, or none of it can be drawn.
    """
    name = called(Path(sweep.folder))
    if not any(point.ended or point.values for point in sweep.points):
        command = f"{sweep.command_line}{told_root(Path(sweep.folder).parent)}"
        goes_on = f"genlab watch {name} shows how far they are" if sweep.live else f"Compute them: {command}"
        raise UsageError(f"no point of {sweep.name} is finished, so there is nothing to write", goes_on)
    count = len(sweep.drawn.pictures) + sum(has_points(figure, sweep) for figure in sweep.declared.figures)
    require_drawings(sweep.name, count, wanted, f"genlab show {name} says why; --to csv and --to json write what there is")
    return count


def about(view: SweepView) -> Provenance:
    """Where a sweep's numbers come from."""
    manifest = view.folder.manifest
    return Provenance(view.folder.name, manifest.command_line, manifest.versions, manifest.seeds, manifest.identity, kind="sweep")


def _only(sweep: SweepSnapshot, figures: Sequence[str]) -> SweepSnapshot:
    """A sweep with some of its figures and pictures alone."""
    names = [item.name for item in sweep.declared.figures] + [item.name for item in sweep.declared.pictures]
    for name in figures:
        if name not in names:
            raise UsageError(f"no figure {echoed(name)!r} of {sweep.name}{nearest(name, names)}", "figures: " + ", ".join(names))
    if not figures:
        return sweep
    kept = replace(sweep.declared, figures=tuple(item for item in sweep.declared.figures if item.name in figures))
    drawn = replace(sweep.drawn, pictures=tuple(item for item in sweep.drawn.pictures if item.name in figures))
    return replace(sweep, declared=kept, drawn=drawn)


def _written(sweep: SweepSnapshot, known: Provenance, place: Path, wanted: ExportRequest) -> Iterator[Path]:
    if wanted.to in WRITERS:
        return WRITERS[wanted.to](sweep, known, place)
    try:
        from lab.export.sweep_images import write_figures  # here, since matplotlib may be missing
    except ImportError:
        sentence = f"drawing {wanted.to} files takes matplotlib, which is not installed"
        raise UsageError(sentence, "pip install 'genlab[plot]', or pip install matplotlib") from None
    return write_figures(sweep, known, place, wanted.to, wanted.width)


def write_csv(sweep: SweepSnapshot, known: Provenance, place: Path) -> Iterator[Path]:
    """Three tables: a line a point; a line a point, value and seed; a line a point and claim. Beside them, where they come from."""
    knobs = list(sweep.points[0].knobs)
    names = [scalar.name for scalar in sweep.scalars]
    columns = [f"{name}{part}" for name in names for part in ("", "_lo", "_hi", "_lower_bound")]
    lines = (
        [*_head(point, knobs), point.state, *(part for name in names for part in _median(point.values.get(name)))] for point in sweep.points
    )
    yield _table(place / f"{sweep.name}-points.csv", [*knobs, "run", "phase", *columns], lines)
    values = (
        [*_head(point, knobs), name, value.scalar.label, value.scalar.unit, seed, _number(number), censored, value.reason]
        for point in sweep.points
        for name, value in point.values.items()
        for seed, number, censored in zip(
            sweep.seeds if len(value.seeds) == len(sweep.seeds) else [""] * len(value.seeds), value.seeds, value.censored, strict=True
        )
    )
    yield _table(place / f"{sweep.name}-values.csv", [*knobs, "run", *VALUES], values)
    claims = ([*_head(point, knobs), claim, status] for point in sweep.points for claim, status in point.claims.items())
    yield _table(place / f"{sweep.name}-claims.csv", [*knobs, "run", "claim", "status"], claims)
    path = place / f"{sweep.name}-about.json"
    path.write_text(json.dumps(known.record, indent=1) + "\n", encoding="utf-8")
    yield path


def write_json(sweep: SweepSnapshot, known: Provenance, place: Path) -> Iterator[Path]:
    """One document: what was asked, every point with its values and claims, the curves, where it comes from."""
    path = place / f"{sweep.name}.json"
    whole = {**sweep_document(sweep), "about": known.record}
    path.write_text(json.dumps(strict(whole), allow_nan=False, indent=1) + "\n", encoding="utf-8")
    yield path


def _head(point: Any, knobs: Sequence[str]) -> list[Any]:
    return [*(point.texts.get(name, "") for name in knobs), point.run]


def _median(value: Any) -> list[Any]:
    if value is None or math.isnan(value.value):
        return ["", "", "", ""]
    return [value.value, value.lo, value.hi, value.value_censored]


def _number(value: float) -> Any:
    return "" if math.isnan(value) else value


def _table(path: Path, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(lines)
    return path


WRITERS: dict[str, Callable[[SweepSnapshot, Provenance, Path], Iterator[Path]]] = {"csv": write_csv, "json": write_json}
