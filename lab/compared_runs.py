"""Stored runs side by side for the app: read when they are asked for, in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.errors import UsageError
from engine.store import called
from lab.export.comparison import compared, export_comparison, load_named
from lab.export.formats import AlreadyThere
from lab.open_runs import written
from screens.application import ExportRequest
from screens.comparison import Comparison


@dataclass(frozen=True)
class Compared:
    """A comparison, the command that prints it, and what writes it as files and says which."""

    comparison: Comparison
    command: str
    export: Callable[[ExportRequest], str]


def compared_runs(folders: Sequence[Path]) -> Compared:
    """Load runs by their folders and put them side by side.

    Raises:
        LabError: damaged, of different phenomena, or of other data under one name.
    """
    names = [str(folder) for folder in folders]
    loaded = load_named(names, None)
    command = " ".join(["genlab compare", *(called(folder.path) for folder, _ in loaded.values())])
    return Compared(compared(loaded), command, partial(_export, names))


def _export(names: Sequence[str], wanted: ExportRequest) -> str:
    try:
        return written(export_comparison(names, None, wanted))
    except AlreadyThere as error:
        raise UsageError(error.message, "Choose replace, or another folder.") from error
