"""Whether the runs that a sweep's table names are still there, and still those that its points asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.contract import Phase
from engine.contract.sweep import Lost
from engine.errors import StoreError
from engine.store import RunFolder
from engine.store.endings import LEFT, fault
from engine.store.files import there
from engine.store.folder import MANIFEST
from engine.sweeps.folder import SweepFolder
from engine.sweeps.manifest import Row

Stamp = tuple[int, int] | None
Verdict = tuple[Lost | None, str]
SOUND: Verdict = (None, "")


class KeptRuns:
    """Looks at the runs of a sweep's points; again only at those whose folder was written into.

    Args:
        folder: the sweep's.
    """

    def __init__(self, folder: SweepFolder) -> None:
        self._folder = folder
        self._seen: dict[tuple[int, str, bool], tuple[Stamp, Verdict]] = {}

    def judged(self, index: int, row: Row) -> Verdict:
        """Return why the run of a point does not count any more, as a word and as a sentence; (None, "") where it does."""
        if not row.run:
            return SOUND
        path, key = self._folder.root / row.run, (index, row.run, row.ended)
        stamp = stamp_of(path if row.ended else path / MANIFEST)
        if key not in self._seen or self._seen[key][0] != stamp:
            self._seen[key] = stamp, self._looked(index, path, row)
        return self._seen[key][1]

    def unended(self, path: Path, phase: Phase) -> Verdict:
        """Return the same of a run that says it is over, of which the table does not know that."""
        if phase not in LEFT or self._folder.live:
            return SOUND
        error = fault(path, phase)
        if error is None and RunFolder.open(path).whole():
            return SOUND
        return damaged(path, error.message if error else "what it left at its end cannot be read")

    def _looked(self, index: int, path: Path, row: Row) -> Verdict:
        try:
            if not there(path):
                return Lost.DELETED, f"run {row.run} was deleted"
            run = RunFolder.open(path)
            if not self._folder.manifest.matches(index, run.manifest):
                return Lost.REPLACED, f"run {row.run} has other knobs, seeds or versions by now"
            if not row.ended:
                return SOUND
            progress = run.load_progress()
            found = None if run.live else fault(path, progress.phase)
        except StoreError as error:
            found = error
        return damaged(path, found.message) if found else SOUND


def damaged(path: Path, why: str) -> Verdict:
    """What is said of a run that cannot be read, or lacks what it should have left."""
    return Lost.DAMAGED, f"run {path.name} is damaged: {why}"


def lost_runs(folder: SweepFolder, rows: Sequence[Row]) -> Mapping[int, Verdict]:
    """Return the points whose runs do not count any more."""
    runs = KeptRuns(folder)
    judged = {index: runs.judged(index, row) for index, row in enumerate(rows)}
    return {index: verdict for index, verdict in judged.items() if verdict[0] is not None}


def stamp_of(path: Path) -> Stamp:
    """When a file or folder was last changed, and which it is; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
