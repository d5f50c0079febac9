"""The folder of all runs: where it is, what is in it, finding one by name, removing one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engine.contract import Phase
from engine.errors import StoreError, nearest
from engine.store.files import told
from engine.store.folder import FILES, LOCK, MANIFEST, RunFolder
from engine.store.lock import is_held
from engine.store.manifest import OlderFormat


@dataclass(frozen=True)
class RunSummary:
    """One entry of the runs folder. `problem` says so if it is damaged, of an older format, or no run; the rest may be empty then."""

    name: str
    path: Path
    phenomenon: str = ""
    preset: str = ""
    seeds: tuple[int, ...] = ()
    phase: Phase | None = None
    sentence: str = ""
    step: int = 0
    total: int | None = None
    created: str = ""
    live: bool = False
    problem: str = ""


def runs_root(explicit: Path | None = None) -> Path:
    """Return where runs lie: `explicit`, else the variable GENLAB_RUNS, else the platform's user data folder."""
    if explicit is not None:
        return explicit.expanduser()
    given = os.environ.get("GENLAB_RUNS", "")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("genlab", appauthor=False)) / "runs"


def list_runs(root: Path) -> list[RunSummary]:
    """Return every entry of the runs folder, oldest first; a missing folder has none.

    Raises:
        StoreError: the folder cannot be read.
    """
    with told(root, "read"):
        if not root.exists():
            return []
        found = [summary(path) for path in root.iterdir() if not path.name.startswith(".")]
    return sorted(found, key=lambda run: (run.created, run.name))


def summary(path: Path) -> RunSummary:
    """Return what is known of one entry; damage becomes its `problem`."""
    try:
        run = RunFolder.open(path)
    except OlderFormat:
        return RunSummary(path.name, path, problem="older format")
    except StoreError as error:
        return RunSummary(path.name, path, problem=error.message)
    manifest = run.manifest
    known = RunSummary(path.name, path, manifest.phenomenon, manifest.preset, manifest.seeds, created=manifest.created)
    try:
        progress = run.load_progress()
    except StoreError as error:
        return replace(known, problem=error.message)
    return replace(known, phase=progress.phase, sentence=progress.sentence, step=progress.step, total=progress.total, live=run.live)


def find_run(root: Path, name_or_path: str | Path) -> Path:
    """Return the folder of a run given by name (in `root`) or by path.

    Raises:
        StoreError: there is none; names the nearest.
    """
    text = str(name_or_path)
    here, direct = root / text, Path(text).expanduser()
    for path in (here, direct):
        if (path / MANIFEST).exists():
            return path
    existing = next((path for path in (here, direct) if path.exists()), None)
    if existing is not None and text:
        raise StoreError(f"{existing} is not a run of genlab", "See: genlab runs")
    raise StoreError(f"no run {text!r} in {root}{nearest(text, _names(root))}", "See: genlab runs")


def remove_run(path: Path) -> None:
    """Delete a run: the files that genlab wrote, then the folder.

    Raises:
        StoreError: no run, still being written, holding files of others, or not permitted; then nothing is deleted.
    """
    with told(path, "remove"):
        if path.is_symlink() or not (path / MANIFEST).exists():
            raise StoreError(f"{path} is not a run of genlab, so it is left alone", "See: genlab runs")
        others = sorted(entry.name for entry in path.iterdir() if not _ours(entry))
        if others:
            raise StoreError(f"{path} also holds {', '.join(others[:3])}, which genlab did not write", "move them elsewhere first")
        if is_held(path / LOCK):
            raise StoreError(f"run {path.name} is being written by a process", "end that process first")
        for name in sorted((entry.name for entry in path.iterdir()), key=MANIFEST.__eq__):
            (path / name).unlink()
        path.rmdir()


def _ours(entry: Path) -> bool:
    return entry.name in FILES or entry.name in {f".{name}.new" for name in FILES}


def _names(root: Path) -> Iterable[str]:
    try:
        return [path.name for path in root.iterdir() if (path / MANIFEST).exists()]
    except OSError:
        return []
