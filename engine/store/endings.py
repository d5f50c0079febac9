"""What a run leaves at its end: whether it is all there and none of it cut off, told without reading it, for lists of many runs."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

from engine.contract import Phase, Snapshot
from engine.errors import StoreError
from engine.store.files import absent, damaged, opened, printable, there, told
from engine.store.folder import ARRAYS, LATEST, METRICS, RESULT, RunFolder

LEFT = {Phase.FINISHED: (RESULT, LATEST, ARRAYS), Phase.DIVERGED: (RESULT, LATEST)}
CLAIMED = {Phase.FINISHED: "though the run says that it is finished", Phase.DIVERGED: "though the run says that it diverged"}


def fault(run: Path, phase: Phase | None) -> StoreError | None:
    """Return what of a run's last files is missing or cut off, and what makes it anew; None where nothing is.

    phase: what the run says of itself; one that is not at its end has left nothing yet.
    """
    if phase not in LEFT:
        return None
    try:
        for name in LEFT[phase]:
            _require(run / name, CLAIMED[phase])
    except StoreError as error:
        return error
    return None


def flaw(run: Path, phase: Phase | None) -> str:
    """Return the same as one sentence; empty where nothing is missing."""
    error = fault(run, phase)
    return f"{error.message}; {error.hint}" if error else ""


def with_flaw(folder: RunFolder, snapshot: Snapshot, thorough: bool = False) -> Snapshot:
    """Return what a stored run shows with what is missing or cut off among its last files, where nobody writes it.

    thorough: read what scripts read and all measurements, too, which takes as long as drawing a screen.
    """
    said = "" if folder.live else flaw(folder.path, snapshot.phase)
    if thorough and not folder.live:
        said = said or folder.result_problem() or _lost_measurements(folder, snapshot)
    return replace(snapshot, flaw=said, notes=(*snapshot.notes, said)) if said else snapshot


def _lost_measurements(folder: RunFolder, snapshot: Snapshot) -> str:
    """Whether a finished run has every measurement to its last step; says so where it has not."""
    if snapshot.phase is not Phase.FINISHED:
        return ""
    try:
        lines, _ = folder.lines()
    except StoreError as error:
        return f"{error.message}; {error.hint}"
    if lines and lines[-1].step >= snapshot.step:
        return ""
    ends = f"ends at {snapshot.unit} {lines[-1].step:,}" if lines else "holds no measurement"
    again = printable(folder.manifest.again)
    return f"{folder.path / METRICS} {ends}, though the run finished at {snapshot.unit} {snapshot.step:,}; to compute it anew: {again}"


def _require(path: Path, claimed: str) -> None:
    if not there(path):
        raise absent(path, claimed)
    with told(path, "read"), os.fdopen(opened(path, os.O_RDONLY), "rb") as file:
        if path.suffix == ".npz":
            try:
                zipfile.ZipFile(file).close()  # its directory stands at its end
            except Exception as error:  # of zipfile, for bytes that make no sense
                raise damaged(path, "it is cut off, or no archive") from error
            return
        first = file.read(1)
        file.seek(max(0, os.fstat(file.fileno()).st_size - 2))
        if first != b"{" or not file.read(2).rstrip().endswith(b"}"):
            raise damaged(path, "it is cut off, or no JSON")
