"""A stored run on the screen of its phenomenon, in place of the run that the app itself has of it; and the way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract import Command, LabError, Session, Snapshot
from engine.errors import UsageError

if TYPE_CHECKING:
    from lab.app import LabApp
    from screens.base import PhenomenonScreen


class ShownRun:
    """At most one run that the app does not compute.

    Args:
        app: whose screens they are.
    """

    def __init__(self, app: LabApp) -> None:
        self._app = app
        self._over = ""  # the phenomenon whose screen shows it
        self._aside: tuple[Session | None, PhenomenonScreen | None] = (None, None)  # what stood there before
        self._back: Callable[[], None] = lambda: None
        self._led: tuple[Session, Callable[[], None]] | None = None  # a run of this app that was opened in a list, and the way back

    def show(self, path: Path, back: Callable[[], None]) -> None:
        """Show the run of a folder. back: shows what escape leads to.

        Raises:
            LabError: it cannot be read, or its phenomenon has no screen.
        """
        from engine.runner import FolderSession

        app = self._app
        session = FolderSession(path)
        spec = app.open_runs.spec(session.latest().phenomenon)
        kind = app.open_runs.screen(spec.name)
        self.give_back()
        self._over, self._back = spec.name, back
        self._aside = app.sessions.get(spec.name), app.put_aside(spec.name)
        app.show_session(kind, spec, session)

    def try_to_show(self, path: Path, back: Callable[[], None]) -> None:
        """Show the run of a folder, or say why not."""
        try:
            self.show(path, back)
        except LabError as error:
            self._app.tell(str(error), bad=True)

    def begin_anew(self, shown: Snapshot, command: Command) -> PhenomenonScreen:
        """Begin a run with the knobs and seeds of a stored one, changed as the command says, and return the screen that shows it.

        Raises:
            LabError: the app computes another run of the phenomenon, or a knob's value is no longer allowed.
        """
        app, own = self._app, self._aside[0]
        if own is not None and own.controllable and own.latest().phase.working:
            raise UsageError(f"{own.latest().run} is being computed in this app", "Open it and pause it (space) first.")
        session = app.open_runs.begin_from(shown, command)
        spec = app.open_runs.spec(shown.phenomenon)
        self.give_back()
        app.put_aside(spec.name)
        return app.show_session(app.open_runs.screen(spec.name), spec, session)

    def lead_back(self, session: Session, back: Callable[[], None]) -> None:
        """Let escape lead from a run of this app, which is shown now, to where it was opened, until another one is opened."""
        self._led = session, back

    def back(self) -> bool:
        """Go back to where the run was opened from; whether one was shown."""
        if self._led is not None and getattr(self._app.screen, "session", None) is self._led[0]:
            _, back = self._led
            self._led = None
            back()
            return True
        if not self._over:
            return False
        self._back()
        self.give_back()
        return True

    def give_back(self) -> None:
        """Let the phenomenon's screen show the run again that it showed before, once this one is no longer to be seen."""
        self._led = None
        if self._over:
            name, (session, screen) = self._over, self._aside
            self._over, self._aside = "", (None, None)
            self._app.put_aside(name)
            self._app.put_back(name, session, screen)
