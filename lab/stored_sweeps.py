"""Stored sweeps in a listing: how many points each has, and how far they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import StoreError
from engine.sweeps.folder import SweepFolder
from engine.sweeps.kept_runs import lost_runs
from lab.output import short

SWEEP_COLUMNS = ("run", "seeds>", "points>", "done>", "failed>", "state", "begun", "grid")
SWEEP_SPARED = ("grid", "seeds", "begun", "failed", "points", "done")


def sweep_record(path: Path) -> dict[str, Any]:
    """A sweep as `genlab runs --json` prints it."""
    known: dict[str, Any] = {"event": "sweep", "sweep": path.name, "folder": str(path)}
    try:
        folder = SweepFolder.open(path)
        rows = folder.load().rows
    except StoreError as error:
        return {**known, "problem": error.message}
    manifest, lost = folder.manifest, lost_runs(folder, rows)
    done = [row for index, row in enumerate(rows) if row.ended and index not in lost]
    return {
        **known, "phenomenon": manifest.phenomenon, "preset": manifest.preset, "seeds": list(manifest.seeds),
        "grid": {axis.knob: list(axis.values) for axis in manifest.axes}, "collect": [item.name for item in manifest.collect],
        "points": len(rows), "done": len(done), "failed": sum(row.code != 0 for row in done), "live": folder.live,
        "lost": dict(Counter(str(why) for why, _ in lost.values())), "created": manifest.created, "problem": "",
    }  # fmt: skip


def sweep_cells(path: Path) -> tuple[Any, ...]:
    """Cells of the listing's table."""
    record = sweep_record(path)
    if record["problem"]:
        return short(path.name), "", "", "", "", "damaged", "", ""
    whole = record["done"] == record["points"]
    state = "running" if record["live"] else "finished" if whole else lost_words(record) or "interrupted"
    begun = record["created"][:16].replace("T", " ")
    grid = " x ".join(f"{name} ({len(values)})" for name, values in record["grid"].items())
    counted = record["points"], record["done"], record["failed"]
    return short(path.name), len(record["seeds"]), *counted, state, begun, grid


def lost_words(record: Mapping[str, Any]) -> str:
    """How many points' runs do not count any more: `2 deleted, 1 damaged`; empty where all do."""
    return ", ".join(f"{count} {why}" for why, count in record["lost"].items())
