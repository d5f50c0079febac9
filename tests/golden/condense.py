"""What a run shows, stores and prints, condensed: exact hashes for the processor at hand, and numbers to hold against tolerances."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from engine import registry
from engine.phenomenon import AnyPhenomenon
from tests.golden.cases import Case

ROUNDING = 1e-9  # of the largest value of a curve: below it six digits are not told in double precision


def run(case: Case, measured: Callable[[AnyPhenomenon], None] = lambda made: None) -> AnyPhenomenon:
    """Run a case to its end, as the runner does, without a thread; measured: called after every measurement."""
    kind = registry.load(case.phenomenon)
    made: AnyPhenomenon = kind(kind.spec.configure("quick", case.knobs), case.seeds, "cpu", "custom" if case.knobs else "quick")
    while not made.done or made.due():
        if not made.due():
            made.advance(0.5)
        if made.due():
            made.history.append(made.step, made.measure())
            measured(made)
    return made


def contents(made: AnyPhenomenon) -> dict[str, Any]:
    """Everything that a run gives, as plain values: records, series, pictures, markers, verdicts, arrays, notes."""
    series, pictures = made.series(), made.pictures()
    markers, verdicts = made.markers(), made.verdicts()
    return {
        "records": [[step, dict(record)] for step, record in zip(made.history.steps, made.history.records, strict=True)],
        "series": {
            item.name: {key: getattr(item, key) for key in ("label", "x", "y", "lo", "hi", "kind", "basis", "style", "group")}
            for item in series
        },
        "bands": {item.name: item.band for item in series},
        "pictures": {
            item.name: {key: getattr(item, key) for key in ("title", "values", "extent", "palette", "lo", "hi", "legend", "x", "y", "note")}
            | {"layers": [[layer.kind, layer.xy, layer.label, layer.group] for layer in item.layers]}
            for item in pictures
        },
        "markers": [[item.figure, item.axis, item.at, item.label, item.group] for item in markers],
        "verdicts": {item.claim.id: [item.predicted, item.measured, item.holds, item.remark, item.claim.tolerance] for item in verdicts},
        "arrays": made.arrays(),
        "notes": sorted([*made.notes, *(" | ".join(detail.lines()) for detail in made.details())]),
        "end": [made.step, made.total, made.unit],
    }


def digest(value: Any) -> str:
    """A hash of exact values: bits of arrays and floats, text as it is."""
    found = hashlib.sha256()
    _feed(found, value)
    return found.hexdigest()[:16]


def _feed(found: Any, value: Any) -> None:
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            found.update(f"{{{key}".encode())
            _feed(found, value[key])
    elif isinstance(value, list | tuple):
        found.update(f"[{len(value)}".encode())
        for item in value:
            _feed(found, item)
    elif isinstance(value, np.ndarray):
        plain = value if value.dtype.kind in "US" else np.ascontiguousarray(value)
        found.update(f"<{plain.shape}{plain.dtype.kind}".encode())
        found.update(json.dumps(plain.tolist()).encode() if plain.dtype.kind in "US" else plain.tobytes())
    elif isinstance(value, bool | np.bool_):
        found.update(str(bool(value)).encode())
    elif isinstance(value, int | np.integer):
        found.update(str(int(value)).encode())
    elif isinstance(value, float | np.floating):
        found.update(float(value).hex().encode())
    else:
        found.update(repr(value).encode())


def hashes(found: dict[str, Any]) -> dict[str, str]:
    """One hash a part, without the words for bands."""
    return {name: digest(part) for name, part in found.items() if name != "bands"}


def numbers(found: dict[str, Any]) -> dict[str, list[float]]:
    """What is kept for good of every curve and array: how many values, their median, mean size and the last."""
    kept: dict[str, list[float]] = {}
    for name, item in found["series"].items():
        kept[f"series {name}"] = _brief(item["y"])
    for name, values in found["arrays"].items():
        plain = np.asarray(values)
        if plain.dtype.kind in "fiub":
            kept[f"array {name}"] = _brief(plain)
    return kept


def _brief(values: Any) -> list[float]:
    """Count, median, mean size and last of the values that are more than rounding beside the largest: what has come down to that
    differs from processor to processor, and so does how often it is exactly 0."""
    plain = np.asarray(values, dtype=np.float64).ravel()
    finite = plain[np.isfinite(plain)]
    told = finite[np.abs(finite) > ROUNDING * np.abs(finite).max(initial=0.0)]
    if not told.size:
        return [float(finite.size)]
    return [float(told.size), float(np.median(told)), float(np.abs(told).mean()), float(told[-1])]
