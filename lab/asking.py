"""The app as far as it asks before it writes or reads: pages for an export, a comparison of stored runs, a file of own data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from engine.contract import Session
from lab.open_runs import OpenRuns
from lab.open_screens import OpenScreens
from lab.surviving import SurvivingApp
from screens.application import Application, ExportRequest


class AskingApp(SurvivingApp, inherit_bindings=False):
    """Opens the pages; what is chosen there, others do."""

    open_runs: OpenRuns
    screens: OpenScreens
    sessions: dict[str, Session]

    def tell(self, sentence: str) -> None:
        """Show a sentence on the present screen."""
        raise NotImplementedError

    def offer_export(self, name: str) -> None:
        """Ask in which format and where a run is to be written."""
        session = self.sessions[name]
        snapshot, spec = session.latest(), self.open_runs.spec(name)
        figures = [figure.name for figure in spec.figures if any(len(item.x) for item in figure.draws(snapshot.series))]
        figures += [picture.name for picture in snapshot.pictures]
        self.offer_files(snapshot.run, figures, partial(self.open_runs.export, session))

    def offer_files(self, title: str, figures: Sequence[str], export: Callable[[ExportRequest], str]) -> None:
        """Ask in which format and where something is to be written."""
        from screens.export_page import ExportPage

        self.screens.open(ExportPage(title, figures, export, self.tell))

    def offer_comparison(self, first: str = "") -> None:
        """Ask which stored runs are to be compared."""
        from lab.compared_runs import stored_runs
        from screens.runs_page import RunsPage

        self.screens.open(RunsPage(partial(stored_runs, self.open_runs.folder()), self._comparison_of, first))

    def _comparison_of(self, folders: Sequence[Path]) -> Callable[[], None]:
        """Load runs, and return what shows them side by side."""
        from lab.compared_runs import compared_runs
        from screens.comparison_screen import ComparisonScreen

        made = compared_runs(folders)
        return lambda: self.screens.show(ComparisonScreen(made.comparison, cast(Application, self), made.command, made.export))

    def offer_import(self) -> None:
        """Ask for a file of the person's own data and its name."""
        from lab.importing import import_typed
        from screens.import_page import ImportPage

        self.screens.open(ImportPage(import_typed, self.tell))
