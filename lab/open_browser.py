"""The run browser in the app: the listing of the runs' folder, and what can be done with runs of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine.contract import LabError
from engine.errors import StoreError, UsageError
from lab.compared_runs import compared_runs
from lab.open_runs import written
from lab.run_glimpses import RunGlimpses
from lab.run_index import RunIndex, declaration
from lab.shown_run import ShownRun
from screens.application import Application, ExportRequest
from screens.listed_run import Glimpses
from screens.run_browser import RunBrowser
from screens.run_list_page import BrowserState

if TYPE_CHECKING:
    from lab.app import LabApp

HOW_TO_COMPARE = "space marks the selected run; C compares what is marked"


class OpenBrowser:
    """Implements `screens.listed_run.Browsing`.

    Args:
        app: whose runs and screens they are.
        shown: where a run is shown.
    """

    def __init__(self, app: LabApp, shown: ShownRun) -> None:
        self._app = app
        self._shown = shown
        self.listing = RunIndex(app.open_runs.folder())
        self._glimpses = RunGlimpses(self.listing)
        self.state = BrowserState()

    def glimpses(self) -> Glimpses:
        """Return what home shows of the runs. Blocks."""
        return self._glimpses.look([entry.name for entry in self._app.phenomena() if not entry.problem])

    def _path(self, name: str) -> Path:
        return self.listing.root / name

    def offer(self, first: str = "", said: str = "") -> None:
        """Open the browser. first: words to filter by."""
        if first:
            self.state.filter = first
        self._app.screens.open(RunBrowser(self, cast(Application, self._app), self.state, said))

    # ------------------------------------------------------------ looking at a run

    def open(self, name: str) -> None:
        """Show a run: one of this app on its own screen, any other over it."""
        app = self._app
        own = next((of for of, session in app.sessions.items() if session.latest().folder == str(self._path(name))), "")
        if own and app.sessions[own].controllable:
            app.open_phenomenon(own)
            self._shown.lead_back(app.sessions[own], self._back)
        else:
            self._shown.show(self._path(name), self._back)

    def _back(self) -> None:
        self._app.screens.home()
        self.offer()

    def resume(self, name: str) -> None:
        """Let a stopped run go on in this app.

        Raises:
            LabError: it is over or damaged, another process writes it, or this app computes another run of its phenomenon.
        """
        app, path = self._app, self._path(name)
        run = self.listing.row(name)
        if run is not None and run.problem:
            raise StoreError(run.problem)
        phenomenon = run.phenomenon if run is not None else ""
        here = app.sessions.get(phenomenon)
        if here is not None and here.controllable and here.latest().phase.working:
            raise UsageError(f"{here.latest().run} is being computed in this app", "Open it and pause it (space) first.")
        session = app.open_runs.resume(path)
        spec = app.open_runs.spec(session.latest().phenomenon)
        kind = app.open_runs.screen(spec.name)
        self._shown.give_back()
        app.put_aside(spec.name)
        app.show_session(kind, spec, session)
        self._shown.lead_back(session, self._back)

    def compare(self, names: Sequence[str]) -> Callable[[], None]:
        """Load runs and return what shows them side by side."""
        from screens.comparison_screen import ComparisonScreen

        made = compared_runs([self._path(name) for name in names])
        app = self._app
        return lambda: app.screens.show(ComparisonScreen(made.comparison, cast(Application, app), made.command, made.export, self._back))

    # ------------------------------------------------------------ deleting and writing

    def require_deletable(self, names: Sequence[str]) -> None:
        """Make sure that none of these runs is open here or being written, and nothing but a run.

        Raises:
            StoreError: one of them may not be deleted; then none is.
        """
        from engine.store import find_removable, removable

        root = self.listing.root
        own = {session.latest().folder: session.latest().run for session in self._app.sessions.values() if session.controllable}
        for name in names:
            path = self._path(name)
            if str(path) in own:
                raise StoreError(f"{name} is open in this app, so it is left alone", "Leave the app, or begin another run there, first.")
            removable(find_removable(root, str(path)), root)

    def delete(self, names: Sequence[str]) -> str:
        """Delete runs, all or as many as the disk lets, and say which are gone."""
        from engine.store import remove_run

        self.require_deletable(names)
        for count, name in enumerate(names):
            try:
                remove_run(self._path(name), self.listing.root)
            except LabError as error:
                raise StoreError(f"{count} of {len(names)} runs are deleted; then: {error.message}", error.hint) from error
        return f"{names[0]} is deleted." if len(names) == 1 else f"{len(names)} runs are deleted."

    def command(self, name: str) -> str:
        """Return the command that computes a run anew."""
        from engine.store import RunFolder
        from engine.store.files import printable

        return str(printable(RunFolder.open(self._path(name)).manifest.again))

    def figures(self, names: Sequence[str]) -> Sequence[str]:
        """Return what an export of these runs may be confined to: of one run what has content, of several what is declared."""
        from engine.store import RunFolder

        if len(names) > 1:
            declared = [declaration(run.phenomenon) for name in names if (run := self.listing.row(name)) is not None]
            return list(dict.fromkeys(figure.name for spec in declared if spec is not None for figure in spec.figures))
        shown = RunFolder.open(self._path(names[0])).load_snapshot()
        declared = [declaration(shown.phenomenon)]
        figures = [
            figure.name for spec in declared if spec for figure in spec.figures if any(len(item.x) for item in figure.draws(shown.series))
        ]
        return [*figures, *(picture.name for picture in shown.pictures)]

    def export(self, names: Sequence[str], wanted: ExportRequest) -> str:
        """Write runs as files and say which."""
        from lab.export.formats import AlreadyThere, export_runs

        try:
            return written(export_runs([str(self._path(name)) for name in names], None, wanted))
        except AlreadyThere as error:
            raise UsageError(error.message, "Choose replace, or another folder.") from error
