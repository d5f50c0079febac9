"""The folder of all runs: where it is, what is in it, finding one by name, removing one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.contract import Phase
from engine.errors import NoRun, StoreError, UsageError, echoed, nearest
from engine.paths import expanded
from engine.store.endings import flaw
from engine.store.files import disk_error, there, told
from engine.store.folder import DEFECT, FILES, MANIFEST, RunFolder
from engine.store.lock import is_held
from engine.store.making import LOCK, hidden, is_left, tidy
from engine.store.manifest import OlderFormat
from engine.store.place import called, removal

SWEEP = "sweep.json"  # in the folder of a sweep, which lies among the runs and is none


@dataclass(frozen=True)
class RunSummary:
    """One entry of the runs folder. `problem` says so if it is damaged, of an older format, or no run; the rest may be empty then.

    flaw: what is missing or cut off among the files of its end, as a sentence.
    """

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
    flaw: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)


def list_runs(root: Path) -> list[RunSummary]:
    """Return every entry of the runs folder but the sweeps, oldest first; a missing folder has none.

    Raises:
        StoreError: the folder cannot be read.
    """
    if not there(root):
        return []
    entries = [root / name for name in dates(root)]
    return sorted((summary(path) for path in entries if not is_sweep(path)), key=lambda run: (run.created, run.name))


def dates(root: Path) -> dict[str, int]:
    """Return when each entry of the runs folder was last written into, in nanoseconds, without opening any; sweeps are among them.

    Genlab replaces files and never changes them, but for lines that it appends, so that whatever it writes into a run changes its
    date. What has none (a link to nowhere) is 0; a missing folder has no entries.

    Raises:
        StoreError: the folder cannot be read.
    """
    if not there(root):
        return {}
    with told(root, "read"), os.scandir(root) as found:
        return {entry.name: _date(entry) for entry in found if not entry.name.startswith(".") and entry.name != DEFECT}


def _date(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_mtime_ns
    except OSError:
        return 0


def is_sweep(path: Path) -> bool:
    """Whether this entry of the runs folder is a sweep."""
    return there(path / SWEEP)


def size(path: Path) -> int:
    """Return how many bytes the files of a run have; 0 where nobody may look."""
    try:
        with os.scandir(path) as found:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in found)
    except OSError:
        return 0


def summary(path: Path) -> RunSummary:
    """Return what is known of one entry; damage becomes its `problem`."""
    try:
        run = RunFolder.open(path)
    except OlderFormat:
        return RunSummary(path.name, path, problem="older format")
    except StoreError as error:
        return RunSummary(path.name, path, problem=error.message)
    manifest = run.manifest
    known = RunSummary(
        path.name, path, manifest.phenomenon, manifest.preset, manifest.seeds, created=manifest.created, config=manifest.config
    )
    try:
        progress = run.load_progress()
    except StoreError as error:
        return replace(known, problem=error.message)
    live = run.live
    return replace(
        known, phase=progress.phase, sentence=progress.sentence, step=progress.step, total=progress.total, live=live,
        flaw="" if live else flaw(path, progress.phase),
    )  # fmt: skip


def find_run(root: Path, name_or_path: str | Path) -> Path:
    """Return the folder of a run given by name (in `root`) or by path.

    Raises:
        NoRun: there is none; names the nearest.
        StoreError: nobody may look.
    """
    text = str(name_or_path)
    candidates = [path for path in (root / text, _typed(text)) if there(path)]
    for path in candidates:
        if there(path / MANIFEST):
            return path
    if candidates and text and there(candidates[0] / SWEEP):
        raise NoRun(f"{candidates[0].name} is a sweep and no run", f"its runs are named by: genlab show {called(candidates[0])}")
    if candidates and text:
        raise NoRun(f"{candidates[0]} is not a run of genlab", "See: genlab runs")
    raise NoRun(f"no run {echoed(text)!r} in {root}{nearest(text, _names(root))}", "See: genlab runs")


def find_removable(root: Path, name_or_path: str | Path) -> Path:
    """Return the folder of a run as `find_run` does, or what is left of one whose process was killed while it was made or deleted.

    Raises:
        NoRun: there is none; names the nearest.
        StoreError: nobody may look.
    """
    text = str(name_or_path)
    left = [path for path in (root / text, _typed(text)) if text and there(path) and (is_left(path) or _begun(path))]
    return left[0] if left else find_run(root, text)


def remove_run(path: Path, root: Path | None = None) -> None:
    """Delete a run: decided first, then put aside under another name in one move, then deleted. No link is followed.

    Args:
        path: the run's folder, or what is left of one.
        root: the folder of the runs; only what lies directly in it is removed. What else was left in it is deleted too.

    Raises:
        StoreError: no run, not in `root`, still being written, holding what genlab did not write, or not permitted; then nothing
            is deleted. Or, said so, put aside but not deleted.
    """
    target = removable(path, root)
    parent, name = target.parent, target.name
    aside = hidden(parent, name, "removed")
    with told(path, "remove"):
        os.rename(target, aside)  # noqa: PTH104 (Path.rename is the same call; tests count this one)
    try:
        for entry in sorted(aside.iterdir(), key=lambda entry: entry.name == MANIFEST):
            entry.unlink()
        aside.rmdir()
    except OSError as error:
        why = disk_error(error, aside, "delete").message
        raise StoreError(f"run {name} is removed, but some of it is left: {why}", f"{removal(aside)} deletes the rest") from error
    tidy(parent)


def removable(path: Path, root: Path | None = None) -> Path:
    """Return the real folder of a run that `remove_run` may delete; nothing is changed.

    Raises:
        StoreError: it may not; says why.
    """
    with told(path, "remove"):
        return _removable(path, root)


def _removable(path: Path, root: Path | None) -> Path:
    if path.is_symlink():
        raise StoreError(f"{path} is a link, and links are not followed", "name the run itself")
    full = path.resolve(strict=True)
    if root is not None and full.parent != root.resolve():
        raise StoreError(f"{path} does not lie in {root}, so it is left alone", f"remove it with --runs {full.parent}")
    if not (there(full / MANIFEST) or is_left(full) or _begun(full)):
        raise StoreError(f"{path} is not a run of genlab, so it is left alone", "See: genlab runs")
    others = sorted(entry.name for entry in full.iterdir() if not _ours(entry))
    if others:
        raise StoreError(f"{path} also holds {', '.join(others[:3])}, which genlab did not write", "move them elsewhere first")
    if is_held(full / LOCK):
        raise StoreError(f"run {full.name} is being written by a process", "end that process first")
    for folder in (full, full.parent):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StoreError(f"cannot remove {path}: permission denied in {folder}", "change its permissions first")
    return full


def _typed(text: str) -> Path:
    """The path that a person typed for a run; `~nobody` is an ordinary name here."""
    try:
        return expanded(text, "")
    except UsageError:
        return Path(text)


def _begun(path: Path) -> bool:
    """Whether this is a run's folder that got no further than its lock: nothing else is in it, of a manifest a part perhaps."""
    try:
        names = {entry.name for entry in path.iterdir()}
    except OSError:
        return False
    return LOCK in names and names <= {LOCK, f".{MANIFEST}.new"}


def _ours(entry: Path) -> bool:
    """Whether this is a file (or a link, which alone is removed) under a name that genlab uses."""
    if not (entry.is_symlink() or entry.is_file()):
        return False
    return entry.name in FILES or entry.name in {f".{name}.new" for name in FILES}


def _names(root: Path) -> Iterable[str]:
    try:
        return [path.name for path in root.iterdir() if not path.name.startswith(".") and there(path / MANIFEST)]
    except (OSError, StoreError):
        return []
