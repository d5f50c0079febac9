"""What a stored run shows: its last snapshot, or the same drawn anew from its measurements where that is older or damaged.

Nothing is computed but curves: a phenomenon is built, takes up the stored state and every stored measurement, and draws itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine import registry
from engine.config import build
from engine.contract import Phase, Snapshot
from engine.errors import LabError, StoreError
from engine.phenomenon import AnyPhenomenon
from engine.runner.building import drawn_groups
from engine.runner.snapshot_maker import Content
from engine.store import Position, RunFolder
from engine.store.endings import with_flaw
from engine.store.folder import Record


def shown(path: Path, phenomenon: type[AnyPhenomenon] | None = None) -> Snapshot:
    """Return everything that a stored run can show, for `show`, `export` and whoever has seconds.

    Args:
        path: the run's folder.
        phenomenon: the class that computes, where the registry does not know it.

    Raises:
        StoreError: no run, or its manifest is damaged.
    """
    folder = RunFolder.open(path)
    try:
        found = folder.load_snapshot() if folder.live or not behind(folder) else rebuilt(folder, phenomenon)
    except StoreError:
        found = rebuilt(folder, phenomenon)
    return with_flaw(folder, found)


def behind(folder: RunFolder) -> bool:
    """Whether the metrics go beyond the last snapshot, or there is none that can be read."""
    try:
        shows = folder.load_snapshot()
    except StoreError:
        return True
    try:
        records, _ = folder.records()
    except StoreError:
        return False
    return bool(records) and records[-1][0] > shows.step


def rebuilt(folder: RunFolder, phenomenon: type[AnyPhenomenon] | None = None) -> Snapshot:
    """Draw a stored run from its state and all of its measurements; what cannot be drawn is left out, and said."""
    base = unmeasured(folder)
    try:
        records, torn = folder.records()
    except StoreError as error:
        return replace(base, notes=(error.message,))
    notes = (torn,) if torn else ()
    try:
        content = _drawn(folder, records, phenomenon)
    except Exception as error:  # damage, another version, a package that is gone: the measurements are there all the same
        said = error.message if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
        return replace(base, step=records[-1][0] if records else 0, notes=(*notes, f"curves cannot be drawn: {said}"))
    groups = tuple(dict.fromkeys((*drawn_groups(folder), *content.groups())))
    return replace(base, **{**vars(content), "notes": (*content.notes, *notes)}, step=records[-1][0] if records else 0, groups=groups)


def unmeasured(folder: RunFolder) -> Snapshot:
    """What the manifest and the progress alone tell of a run."""
    manifest = folder.manifest
    known = Snapshot(
        phenomenon=manifest.phenomenon, run=folder.name, preset=manifest.preset, config=manifest.config, seeds=manifest.seeds,
        phase=Phase.READY, sentence="waiting for the first measurement", device=manifest.device, folder=str(folder.path),
    )  # fmt: skip
    try:
        progress = folder.load_progress()
    except StoreError as error:
        return replace(known, phase=Phase.STOPPED, sentence=error.message, hint=error.hint)
    if progress.phase is Phase.READY:
        return known
    return replace(known, phase=progress.phase, sentence=progress.sentence, hint=progress.hint, step=progress.step, total=progress.total)


def _drawn(folder: RunFolder, records: list[Record], kind: type[AnyPhenomenon] | None) -> Content:
    """Return what the phenomenon draws of the records; curves need no device, so this is on the CPU."""
    manifest = folder.manifest
    spec = kind.spec if kind else registry.spec(manifest.phenomenon)
    try:
        saved = folder.load_state()
    except StoreError:
        saved = None
    state, position = saved or (None, Position(0, 0, manifest.config))
    made = (kind or registry.experiment(spec))(build(spec.config, position.config), manifest.seeds, "cpu", manifest.preset)
    for step, values in records:
        made.history.append(step, values)
    if state is not None:
        made.step = position.step
        made.restore(state)
    return Content.of(made)
