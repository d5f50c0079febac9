"""What a stored run that is over counts for, in the words of a worker that has just computed it."""

from __future__ import annotations

from typing import Any

from engine.contract import Phase
from engine.errors import Exit, LabError
from engine.runner.rebuilding import shown
from engine.sweeps.folder import Stored
from lab.output import result_event


def stored_end(stored: Stored) -> tuple[int, str, dict[str, Any]]:
    """Return the exit code, the sentence (empty for a run that finished) and the result of a run that is over."""
    name, path = stored.folder.name, str(stored.folder.path)
    try:
        snapshot = shown(stored.folder.path)
    except LabError as error:
        return int(Exit.RUN_FAILED), error.message, {"run": name, "folder": path}
    kept = {"run": name, "folder": path, "stored": True, "problem": "", "unstored": ""}
    finished = stored.phase is Phase.FINISHED
    code = Exit.DONE if finished else Exit.RUN_FAILED
    return int(code), "" if finished else snapshot.sentence, {**result_event(snapshot), **kept}
