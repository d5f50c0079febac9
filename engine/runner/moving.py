"""Moves a run that its disk refuses: everything so far is written anew elsewhere, and what lay there before is taken away."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.errors import StoreError
from engine.runner.run import Run
from engine.store import RunFolder, Writer, remove_run
from engine.store.files import read_bytes, replace
from engine.store.folder import ARRAYS, CRASH, EXPORTED, LOG, STATE

TAKEN_ALONG = (STATE, ARRAYS, CRASH, LOG, *EXPORTED)  # as they are; after an error neither state nor arrays can be made again


def move(run: Run, root: Path, store: Callable[[], None]) -> None:
    """Let a run go on in a new folder under `root`.

    Args:
        run: its writer's disk refuses.
        root: the folder that takes it; everything that was measured is written there, from memory.
        store: writes the rest of the run into the folder of its writer.

    Raises:
        StoreError: this place refuses, too; then the run writes where it did before, and nothing is left here.
    """
    before = run.writer
    run.writer = Writer()
    try:
        run.writer.create(root, run.manifest)
        if before.path is not None and run.writer.path is not None and _take_along(before.path, run.writer.path):
            run.writer.saved = before.saved
        for line in run.lines:
            run.writer.line(line.step, partial(RunFolder.append_line, line=line))
        run.writer.take_over(before)
        store()
        if run.writer.problem:
            raise StoreError(run.writer.problem, "choose another folder")
    except BaseException:
        run.writer.give_up()
        _take_away(run.writer.path, run)
        run.writer = before
        raise
    run.root = root
    before.give_up()
    _take_away(before.path, run)


def _take_along(before: Path, now: Path) -> bool:
    """Copy what cannot be made again, as far as it can be read; whether the state was."""
    copied = []
    for name in TAKEN_ALONG:
        with contextlib.suppress(StoreError):
            content = read_bytes(before / name)
            replace(now / name, content)
            copied.append(name)
    return STATE in copied


def _take_away(path: Path | None, run: Run) -> None:
    """Remove a folder of this very run, if it is there and may be removed; what is left can be removed by a person."""
    if path is None:
        return
    with contextlib.suppress(StoreError):
        if RunFolder.open(path).manifest.identity == run.manifest.identity:
            remove_run(path, path.parent)
