"""The folder of a sweep beside its runs: what was asked, what became of each point, and who computes it now.

`sweep.json` and `table.json` are replaced as a whole, so a process that is killed leaves the old or the new. What the table lost is
found again among the runs, whose folders are the ordinary ones.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.contract import Phase
from engine.errors import NoRun, StoreError
from engine.store import Manifest, RunFolder, called, list_runs
from engine.store.files import disk_error, there, told
from engine.store.listing import SWEEP
from engine.store.lock import Lock, holder, is_held
from engine.store.making import LOCK, hidden, make_locked
from engine.sweeps.manifest import SweepManifest, Table

TABLE = "table.json"
FILES = (SWEEP, TABLE, LOCK)


class SweepFolder:
    """One sweep on disk.

    Attributes:
        manifest: what was asked.

    Raises:
        StoreError: every method that writes, when the disk refuses; every method that reads, when something is missing or damaged.
    """

    def __init__(self, path: Path, manifest: SweepManifest, lock: Lock | None = None) -> None:
        self.path, self.manifest = path, manifest
        self._lock = lock

    @classmethod
    def create(cls, root: Path, manifest: SweepManifest) -> SweepFolder:
        """Make a new folder under `root`, and take the right to write into it."""
        path, lock = make_locked(root, manifest.base, lambda beside: manifest.write(beside / SWEEP))
        return cls(path, manifest, lock)

    @classmethod
    def open(cls, path: Path) -> SweepFolder:
        """Open an existing one, to read.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        if not there(path / SWEEP):
            raise NoRun(f"{path} is no sweep of genlab", "See: genlab runs")
        return cls(path, SweepManifest.read(path / SWEEP))

    @classmethod
    def begin(cls, root: Path, manifest: SweepManifest) -> tuple[SweepFolder, bool]:
        """Take up the sweep that asks for the same runs, or make a new one; whether it was there.

        Raises:
            StoreError: another process computes it, or the disk refused.
        """
        found = [folder for folder in readable(root) if folder.manifest.identity == manifest.identity]
        return (found[-1]._taken_up(manifest), True) if found else (cls.create(root, manifest), False)

    def _taken_up(self, manifest: SweepManifest) -> SweepFolder:
        if self.live:
            found = holder(self.path / LOCK)
            who = f"process {found.number}" if found else "another process"
            raise Busy(f"the same sweep is being computed by {who}", f"watch it with genlab watch {called(self.path)}")
        self._lock = Lock(self.path / LOCK)
        kept = manifest.model_copy(update={"created": self.manifest.created})
        kept.write(self.path / SWEEP)
        self.manifest = kept
        return self

    @property
    def name(self) -> str:
        """The sweep's name: that of its folder."""
        return self.path.name

    @property
    def root(self) -> Path:
        """The folder of its runs, in which it lies."""
        return self.path.parent

    @property
    def live(self) -> bool:
        """Whether some process computes it now."""
        return is_held(self.path / LOCK)

    def save(self, table: Table, durable: bool = False) -> None:
        """Put the table where watchers look."""
        table.write(self.path / TABLE, durable)

    def load(self) -> Table:
        """Return the table.

        Raises:
            StoreError: it is damaged, or does not fit the points.
        """
        if not there(self.path / TABLE):
            raise StoreError(f"{self.path / TABLE} is missing", "the same command finds the runs again")
        found = Table.read(self.path / TABLE)
        if len(found.rows) != len(self.manifest.points):
            raise StoreError(
                f"{self.path / TABLE} has {len(found.rows)} rows for {len(self.manifest.points)} points",
                "the same command finds the runs again",
            )
        return found

    def close(self) -> None:
        """Give up the right to write; twice does no harm."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


class Busy(StoreError):
    """A sweep that another process computes."""


def sweep_paths(root: Path) -> Iterator[Path]:
    """The folders of sweeps under a folder of runs, by name.

    Raises:
        StoreError: the folder cannot be read.
    """
    if there(root):
        with told(root, "read"):
            entries = sorted(path for path in root.iterdir() if not path.name.startswith("."))
        yield from (path for path in entries if path.is_dir() and there(path / SWEEP))


def readable(root: Path) -> list[SweepFolder]:
    """The sweeps under a folder of runs whose `sweep.json` is sound, oldest first."""
    found = []
    for path in sweep_paths(root):
        with contextlib.suppress(StoreError):
            found.append(SweepFolder.open(path))
    return sorted(found, key=lambda folder: (folder.manifest.created, folder.name))


def find_sweep(root: Path, name_or_path: str | Path) -> Path | None:
    """Return the folder of a sweep given by name (in `root`) or by path; None where it is none."""
    text = str(name_or_path)
    with contextlib.suppress(StoreError, OSError):
        return next((path for path in (root / text, Path(text)) if text and there(path / SWEEP)), None)
    return None


def remove_sweep(path: Path) -> None:
    """Delete a sweep's folder; its runs stay.

    Raises:
        StoreError: it is being computed, holds what genlab did not write, or may not be deleted; then nothing is.
    """
    others = sorted(entry.name for entry in path.iterdir() if entry.name not in {*FILES, *(f".{name}.new" for name in FILES)})
    if others:
        raise StoreError(f"{path} also holds {', '.join(others[:3])}, which genlab did not write", "move them elsewhere first")
    if is_held(path / LOCK):
        raise StoreError(f"sweep {path.name} is being computed by a process", "end that process first")
    aside = hidden(path.parent, path.name, "removed")
    try:
        os.rename(path, aside)  # noqa: PTH104 (as of runs)
        for entry in aside.iterdir():
            entry.unlink()
        aside.rmdir()
    except OSError as error:
        raise disk_error(error, path, "remove") from error


@dataclass(frozen=True)
class Stored:
    """A run that gives a point's numbers. live: whether a process computes it; over: whether there is nothing left to compute."""

    folder: RunFolder
    phase: Phase | None
    live: bool
    over: bool


class StoredRuns:
    """The runs under a folder that a sweep's points can be: read once, and again where asked."""

    def __init__(self, root: Path, manifest: SweepManifest) -> None:
        self.root, self.manifest = root, manifest
        self._by_config: dict[str, list[tuple[RunFolder, Phase | None, bool]]] = {}
        self.read()

    def read(self) -> None:
        """Look at the folder again."""
        self._by_config = {}
        for run in list_runs(self.root):  # oldest first
            if run.phenomenon != self.manifest.phenomenon:  # of one whose manifest is damaged nobody knows
                continue
            with contextlib.suppress(StoreError):
                folder = RunFolder.open(run.path)
                self._by_config.setdefault(_key(folder.manifest.config), []).append((folder, run.phase, run.live))

    def of(self, index: int) -> Stored | None:
        """Return the run that counts for a point: one that is over, else the newest that can go on; None where there is none."""
        fitting = [
            (folder, phase, live)
            for folder, phase, live in self._by_config.get(_key(self.manifest.points[index].config), ())
            if phase is not None and phase is not Phase.FAILED and self.manifest.matches(index, folder.manifest)
        ]
        made = [Stored(folder, phase, live, _over(folder, phase, live)) for folder, phase, live in reversed(fitting)]
        return next((one for one in made if one.over), made[0] if made else None)

    def unreadable(self, index: int) -> str:
        """Return the run of a point of which nobody knows how far it is, by name; empty where there is none."""
        found = self._by_config.get(_key(self.manifest.points[index].config), ())
        names = [folder.name for folder, phase, _ in found if phase is None and self.manifest.matches(index, folder.manifest)]
        return names[-1] if names else ""

    def named(self, name: str) -> Manifest | None:
        """Return the manifest of a run, where it can be read."""
        with contextlib.suppress(StoreError):
            return RunFolder.open(self.root / name).manifest
        return None


def _key(config: object) -> str:
    return repr(sorted(config.items())) if isinstance(config, dict) else ""


def _over(folder: RunFolder, phase: Phase | None, live: bool) -> bool:
    return phase in (Phase.FINISHED, Phase.DIVERGED) and not live and folder.whole()
