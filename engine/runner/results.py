"""`result.json`: every claim with what was predicted and measured, the scalars, and the numbers behind each figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from engine.contract import Figure, Series, Snapshot, Spec, values_record


def result_of(snapshot: Snapshot, spec: Spec) -> dict[str, Any]:
    """Return scalars, claims, figures (axes, and which series each draws) and series as plain JSON values."""
    return {
        "phenomenon": snapshot.phenomenon,
        "run": snapshot.run,
        "preset": snapshot.preset,
        "config": dict(snapshot.config),
        "seeds": list(snapshot.seeds),
        "phase": str(snapshot.phase),
        "sentence": snapshot.sentence,
        "headline": snapshot.headline_sentence,
        "step": snapshot.step,
        "unit": snapshot.unit,
        "elapsed": snapshot.elapsed,
        "device": snapshot.device,
        "notes": list(snapshot.notes),
        "details": [asdict(detail) for detail in snapshot.details],
        "values": values_record(snapshot.scalars),
        "claims": [verdict.row() for verdict in snapshot.verdicts],
        "figures": [_figure(figure, snapshot.series) for figure in spec.figures],
        "series": [vars(item) for item in snapshot.series],
        "markers": [vars(marker) for marker in snapshot.markers],
    }


def as_stored(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without the words of a disk that refused: whoever reads it back has it from a disk that did not.

    It is written after everything else, so nothing that it shows is missing then.
    """
    return replace(snapshot, unstored="", notes=tuple(note for note in snapshot.notes if note != snapshot.unstored))


def _figure(figure: Figure, series: Sequence[Series]) -> dict[str, Any]:
    names = [item.name for item in figure.draws(series)]
    return {"name": figure.name, "title": figure.title, "x": asdict(figure.x), "y": asdict(figure.y), "series": names, "note": figure.note}
