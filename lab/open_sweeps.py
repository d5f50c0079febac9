"""The sweeps that the app shows: a list to choose one from, its screen, and the run of one of its points over that."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract import LabError, Session
from lab.open_runs import written
from screens.application import ExportRequest, StoredRun

if TYPE_CHECKING:
    from lab.app import LabApp
    from screens.base import PhenomenonScreen
    from screens.sweep_screen import SweepScreen


class OpenSweeps:
    """Opens sweeps and their points' runs.

    Args:
        app: whose screens they are.
    """

    def __init__(self, app: LabApp) -> None:
        self._app = app
        self._shown: SweepScreen | None = None
        self._over: str = ""  # the phenomenon whose screen shows a point's run
        self._aside: tuple[Session | None, PhenomenonScreen | None] = (None, None)  # what stood there before

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
            app.tell(str(error))
            return
        app.screens.home()
        self.give_back()
        if self._shown is not None:
            app.uninstall_screen(self._shown)
        self._shown = screen
        app.install_screen(screen, "a sweep")
        app.screens.show(screen)

    def open_point(self, path: Path) -> None:
        """Show the run of a point over its sweep."""
        from engine.runner import FolderSession

        app = self._app
        try:
            session = FolderSession(path)
            spec = app.open_runs.spec(session.latest().phenomenon)
            kind = app.open_runs.screen(spec.name)
        except LabError as error:
            app.tell(str(error))
            return
        self.give_back()
        self._over = spec.name
        self._aside = app.sessions.get(spec.name), app.put_aside(spec.name)
        app.show_session(kind, spec, session)

    def back(self) -> bool:
        """Go back from a point's run to its sweep; whether one was shown."""
        if not self._over or self._shown is None:
            return False
        self._app.screens.show(self._shown)
        self.give_back()
        return True

    def give_back(self) -> None:
        """Let a phenomenon's screen show the run again that it showed before a point's, which is no longer to be seen."""
        if self._over:
            name, (session, screen) = self._over, self._aside
            self._over, self._aside = "", (None, None)
            self._app.put_aside(name)
            self._app.put_back(name, session, screen)


def stored_sweeps(root: Path) -> list[StoredRun]:
    """The sweeps under a folder, newest first, with how far each is.

    Raises:
        StoreError: the folder cannot be read.
    """
    from engine.sweeps.folder import sweep_paths
    from lab.stored_sweeps import sweep_record

    found = []
    for path in sweep_paths(root):
        record = sweep_record(path)
        if record["problem"]:
            found.append(("", StoredRun(path, path.name, "", "", record["problem"])))
            continue
        grid = " x ".join(f"{name} ({len(values)})" for name, values in record["grid"].items())
        words = f"{record['done']} of {record['points']} points  {'running  ' if record['live'] else ''}{grid}"
        found.append((record["created"], StoredRun(path, path.name, record["phenomenon"], words)))
    return [stored for _, stored in sorted(found, key=lambda item: item[0], reverse=True)]


def _export(path: Path, wanted: ExportRequest) -> str:
    from lab.export.sweep_files import export_sweeps

    return written(export_sweeps([path], wanted))
