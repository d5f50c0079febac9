"""The app as far as it asks before it writes or reads: pages for an export, the run browser, a file of own data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from engine.contract import Series, Session
from lab.open_runs import OpenRuns
from lab.open_screens import OpenScreens
from lab.ordered_keys import OrderedKeysApp
from screens.application import ExportRequest

if TYPE_CHECKING:
    from lab.app import LabApp
    from lab.open_browser import OpenBrowser
    from lab.shown_run import ShownRun
    from screens.listed_run import Glimpses, MainFigure


class AskingApp(OrderedKeysApp, inherit_bindings=False):
    """Opens the pages; what is chosen there, others do."""

    open_runs: OpenRuns
    screens: OpenScreens
    sessions: dict[str, Session]
    shown_run: ShownRun
    _browser: OpenBrowser | None = None
    _main_figures: dict[str, tuple[tuple[Series, ...], MainFigure | None]]

    def tell(self, sentence: str, bad: bool = False) -> None:
        """Show a sentence on the present screen; bad: that something failed."""
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

    @property
    def browser(self) -> OpenBrowser:
        """The run browser over the folder of the runs, which may change while the app is open."""
        from lab.open_browser import OpenBrowser

        if self._browser is None or self._browser.listing.root != self.open_runs.folder():
            self._browser = OpenBrowser(cast("LabApp", self), self.shown_run)
        return self._browser

    def offer_runs(self) -> None:
        """Open the run browser."""
        self.browser.offer()

    def offer_comparison(self, first: str = "") -> None:
        """Open the run browser on the runs of a phenomenon, to mark some and compare them."""
        from lab.open_browser import HOW_TO_COMPARE

        self.browser.offer(f"phenomenon={first}" if first else "", HOW_TO_COMPARE)

    def main_figure(self, name: str) -> MainFigure | None:
        """Return the main figure of the present run of a phenomenon."""
        from screens.widgets.mini_plot import main_figure

        snapshot = self.sessions[name].latest()
        series, found = self._main_figures.get(name, (None, None))
        if series is not snapshot.series:
            found = main_figure(self.open_runs.spec(name), snapshot)
            self._main_figures[name] = snapshot.series, found
        return found

    def glimpses(self) -> Glimpses:
        """Return what home shows of the runs. Blocks."""
        return self.browser.glimpses()

    def offer_import(self) -> None:
        """Ask for a file of the person's own data and its name."""
        from lab.importing import import_typed
        from screens.import_page import ImportPage

        self.screens.open(ImportPage(import_typed, self.tell))
