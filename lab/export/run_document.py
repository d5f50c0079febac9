"""Everything that is stored of a run for others to read, as one JSON object: `genlab show --json` and `export --to json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.contract import Snapshot
from engine.store import RunFolder
from lab.output import result_event


def run_document(folder: RunFolder, snapshot: Snapshot) -> dict[str, Any]:
    """Everything a snapshot shows, as JSON types (numbers may still be NaN; `strict` makes them null)."""
    manifest = folder.manifest.model_dump(mode="json")
    return {
        **{name: value for name, value in result_event(snapshot).items() if name != "event"},
        "run": folder.name,
        "manifest": manifest,
        "latest": dict(snapshot.values),
        "notes": list(snapshot.notes),
        "details": [asdict(detail) for detail in snapshot.details],
        "series": [vars(series) for series in snapshot.series],
        "markers": [vars(marker) for marker in snapshot.markers],
        "pictures": [{**vars(picture), "layers": [vars(layer) for layer in picture.layers]} for picture in snapshot.pictures],
    }
