"""The sweeps that the app shows: a list to choose one from, its screen, and the run of one of its points over that."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract import LabError
from lab.open_runs import written
from lab.shown_run import ShownRun
from screens.application import ExportRequest, StoredRun

if TYPE_CHECKING:
    from lab.app import LabApp
    from screens.sweep_screen import SweepScreen


class OpenSweeps:
    """Opens sweeps and their points' runs.

    Args:
        app: whose screens they are.
        run: where a point's run is shown.
    """

    def __init__(self, app: LabApp, run: ShownRun) -> None:
        self._app = app
        self._run = run
        self._shown: SweepScreen | None = None

    def offer(self) -> None:
        """Ask which sweep is to be opened."""
        from screens.sweeps_page import SweepsPage

        self._app.screens.open(SweepsPage(partial(stored_sweeps, self._app.open_runs.folder()), self.open))

    def open(self, path: Path) -> None:
        """Show a sweep, whoever computes it."""
        from engine.sweeps.view import SweepView
        from screens.sweep_screen import SweepScreen

        app = self._app
        try:
            screen = SweepScreen(SweepView(path), app, self.open_point, partial(_export, path))
        except LabError as error:
            app.tell(str(error), bad=True)
            return
        app.screens.home()
        self._run.give_back()
        if self._shown is not None:
            app.uninstall_screen(self._shown)
        self._shown = screen
        app.install_screen(screen, "a sweep")
        app.screens.show(screen)

    def open_point(self, path: Path) -> None:
        """Show the run of a point over its sweep."""
        self._run.try_to_show(path, self._back)

    def _back(self) -> None:
        if self._shown is not None:
            self._app.screens.show(self._shown)


def stored_sweeps(root: Path) -> list[StoredRun]:
    """The sweeps under a folder, newest first, with how far each is.

    Raises:
        StoreError: the folder cannot be read.
    """
    from engine.sweeps.folder import sweep_paths
    from lab.stored_sweeps import lost_words, sweep_record

    found = []
    for path in sweep_paths(root):
        record = sweep_record(path)
        if record["problem"]:
            found.append(("", StoredRun(path, path.name, "", "", record["problem"])))
            continue
        grid = " x ".join(f"{name} ({len(values)})" for name, values in record["grid"].items())
        lost = f", {words}" if (words := lost_words(record)) else ""
        words = f"{record['done']} of {record['points']} points{lost}  {'running  ' if record['live'] else ''}{grid}"
        found.append((record["created"], StoredRun(path, path.name, record["phenomenon"], words)))
    return [stored for _, stored in sorted(found, key=lambda item: item[0], reverse=True)]


def _export(path: Path, wanted: ExportRequest) -> str:
    from lab.export.sweep_files import export_sweeps

    return written(export_sweeps([path], wanted))
