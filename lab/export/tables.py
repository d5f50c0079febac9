"""A run as numbers for other programs: csv, json, npz; each says where it comes from."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series, Snapshot
from engine.store import RunFolder
from engine.store.folder import ARRAYS
from lab.export.provenance import Provenance
from lab.export.run_document import run_document
from lab.output import strict

POINTS = ("series", "label", "kind", "basis", "group", "x", "y", "lo", "hi", "band")
VALUES = ("name", "label", "unit", "seed", "value", "censored", "reason")
CLAIMS = ("id", "sentence", "source", "predicted", "measured", "tolerance", "status", "reason", "note")


def write_csv(folder: RunFolder, snapshot: Snapshot, about: Provenance, place: Path) -> Iterator[Path]:
    """Tables, and beside them `NAME-about.json`: where they come from.

    `metrics`: a line a measurement, a column per quantity (of each network or seed). `series`: a line a point, as the figures show
    them. `values`: the run's scalars, a line a seed. `claims`: a line a claim.
    """
    records, _ = folder.records()
    flat = [{"step": step, **columns(values)} for step, values in records]
    names = list(dict.fromkeys(name for row in flat for name in row))
    yield write_table_file(place / f"{folder.name}-metrics.csv", names, ([row.get(name, "") for name in names] for row in flat))
    lines = (line for series in snapshot.series for line in points(series))
    yield write_table_file(place / f"{folder.name}-series.csv", POINTS, lines)
    yield write_table_file(place / f"{folder.name}-values.csv", VALUES, value_lines(snapshot))
    rows = (verdict.row() for verdict in snapshot.verdicts)
    yield write_table_file(place / f"{folder.name}-claims.csv", CLAIMS, ([row[name] for name in CLAIMS] for row in rows))
    yield write_document(place / f"{folder.name}-about.json", about.record)


def write_json(folder: RunFolder, snapshot: Snapshot, about: Provenance, place: Path) -> Iterator[Path]:
    """One document: where it comes from, manifest, values, claims, curves, markers, pictures, measurements."""
    records, note = folder.records()
    measured = [{"step": step, "values": values} for step, values in records]
    whole = {"about": about.record, **run_document(folder, snapshot), "measurements": measured, "note": note}
    yield write_document(place / f"{folder.name}.json", whole)


def write_npz(folder: RunFolder, snapshot: Snapshot, about: Provenance, place: Path) -> Iterator[Path]:
    """The problem and its solution under the field's letters, every curve as `series/NAME/x`, `/y`, `/lo`, `/hi`, and `about`.

    `about` is one text: where the numbers come from, as JSON.
    """
    arrays: dict[str, NDArray[Any]] = {"about": np.array(about.text), **curve_arrays(snapshot)}
    arrays |= {f"picture/{picture.name}": picture.values for picture in snapshot.pictures if picture.values is not None}
    if (folder.path / ARRAYS).exists():
        arrays |= folder.load_arrays()
    path = place / f"{folder.name}.npz"
    np.savez_compressed(path, allow_pickle=False, **arrays)
    yield path


def curve_arrays(snapshot: Snapshot) -> dict[str, NDArray[Any]]:
    """Return every curve as `series/NAME/x`, `/y`, `/lo`, `/hi`, and the scalars by seed as `values/NAME`."""
    arrays: dict[str, NDArray[Any]] = {}
    for series in snapshot.series:
        parts = {"x": series.x, "y": series.y, "lo": series.lo, "hi": series.hi}
        arrays |= {f"series/{series.name}/{part}": values for part, values in parts.items() if values is not None}
    return arrays | {f"values/{item.scalar.name}": np.array(item.seeds) for item in snapshot.scalars if item.seeds}


def columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """A record with lists spread: `loss` of two networks becomes `loss/0`, `loss/1`."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= {f"{name}/{index}": item for index, item in enumerate(value)} if isinstance(value, list | tuple) else {name: value}
    return flat


def points(series: Series) -> Iterator[list[Any]]:
    """Return a line a point, in the order of `POINTS`."""
    head = [series.name, series.label, series.kind, series.basis, series.group]
    for index in range(len(series.x)):
        band = [float(edge[index]) if edge is not None else "" for edge in (series.lo, series.hi)]
        yield [*head, float(series.x[index]), float(series.y[index]), *band, series.band]


def value_lines(snapshot: Snapshot) -> Iterator[list[Any]]:
    """A line a seed; one for the run where its seeds make one answer or there is none."""
    for item in snapshot.scalars:
        head = [item.scalar.name, item.scalar.label, item.scalar.unit]
        names = snapshot.seeds if len(item.seeds) == len(snapshot.seeds) else ("",) * len(item.seeds)
        for seed, value, bound in zip(names, item.seeds, item.censored, strict=True):
            yield [*head, seed, value, "yes" if bound else "no", item.reason]
        if not item.seeds:
            yield [*head, "", "", "", item.reason]


def write_document(path: Path, whole: Mapping[str, Any]) -> Path:
    """Write one JSON object, in which what is not finite is null."""
    path.write_text(json.dumps(strict(whole), allow_nan=False, indent=1) + "\n", encoding="utf-8")
    return path


def write_table_file(path: Path, names: Iterable[str], lines: Iterable[Iterable[Any]]) -> Path:
    """Write a heading and lines as csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(lines)
    return path
