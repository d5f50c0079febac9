"""What a screen may ask of the application around it, as plain data; tests give it a stand-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.contract import Command, Session, Snapshot, Spec
from engine.contract.tour import Stop, Visit

if TYPE_CHECKING:
    from textual.screen import Screen

    from screens.keys import Key
    from screens.listed_run import Glimpses, MainFigure
    from screens.widgets.palette import Theme


@dataclass(frozen=True)
class RunningPhenomenon:
    """A phenomenon that computes right now, for the top row of the other screens."""

    name: str
    progress: str


@dataclass(frozen=True)
class PhenomenonEntry:
    """What the home screen knows of a phenomenon before its module is imported; problem: why it cannot be opened, if it cannot."""

    name: str
    title: str
    question: str
    problem: str = ""


@dataclass(frozen=True)
class StoredRun:
    """A sweep in a list: its folder and name, words on its state, and what is wrong with it, if something is."""

    folder: Path
    name: str
    phenomenon: str
    words: str
    problem: str = ""


def nobody_watches(written: int, of: int) -> None:
    """Take what is told while files are written, where nobody wants to know."""


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written of a run, and where: what `genlab export` and the page of `e` both ask.

    to: a format's name. folder: None for the present one. figures: names of figures and pictures; all where none is named.
    width: of a drawing, in inches. force: whether files that are there are replaced.
    watch: told how many files are written, of how many (0: not known before), in the thread that writes; an error of it ends the export.
    """

    to: str
    folder: Path | None = None
    figures: tuple[str, ...] = ()
    width: float = 6.4
    force: bool = False
    watch: Callable[[int, int], None] = field(default=nobody_watches, compare=False, repr=False)


class Application(Protocol):
    """The application, as a screen sees it."""

    @property
    def drawing(self) -> Theme:
        """Colours and characters that the terminal can show."""

    @property
    def keys(self) -> Sequence[Key]:
        """The keys of a run's screen, with those that the person's settings choose."""

    @property
    def home_keys(self) -> Sequence[Key]:
        """The keys of home, likewise."""

    @property
    def tour_keys(self) -> Sequence[Key]:
        """The keys of the tour, likewise."""

    def phenomena(self) -> Sequence[PhenomenonEntry]:
        """Return every phenomenon there is."""

    def examine(self) -> Mapping[str, str]:
        """Return by name why phenomena cannot be opened that only an import shows to be broken. Blocks; called in a thread."""

    def open_phenomenon(self, name: str) -> None:
        """Show a phenomenon's screen; its run is started if there is none."""

    def declaration(self, name: str) -> Spec | None:
        """Return what a phenomenon declares; None until all are examined, so that nobody waits for its import."""

    def open_preset(self, name: str, preset: str) -> None:
        """Show a phenomenon's screen and begin with a preset; a run that computes there goes on instead, and that is said."""

    def run_from(self, shown: Snapshot, command: Command) -> None:
        """Begin a new run from the knobs and seeds of a stored one, changed as the command says, and show it; or say why not."""

    def running(self) -> Sequence[RunningPhenomenon]:
        """Return what computes right now."""

    def latest(self, name: str) -> Snapshot | None:
        """Return the present snapshot of a phenomenon that was opened, else None."""

    def main_figure(self, name: str) -> MainFigure | None:
        """Return the main figure of the present run of a phenomenon that was opened; one object as long as its curves are the same."""

    def offer_folder(self, name: str) -> None:
        """Ask for another folder for the run of a phenomenon, which is not stored."""

    def estimate(self, name: str, config: Mapping[str, Any], seeds: int) -> str:
        """Say how long a run with these knobs will take on this machine; empty where that is not known."""

    def offer_export(self, name: str) -> None:
        """Ask in which format and where the run of a phenomenon is to be written."""

    def show_picture(self, session: Session, figure: str, title: str) -> None:
        """Show a figure or picture of a run as it is exported, or write it and say where."""

    def offer_files(self, title: str, figures: Sequence[str], export: Callable[[ExportRequest], str]) -> None:
        """Ask in which format and where something else is to be written. export: writes it and says what; called in a thread."""

    def offer_runs(self) -> None:
        """Open the run browser."""

    def offer_comparison(self, first: str = "") -> None:
        """Open the run browser to compare runs; first: the phenomenon whose runs are listed."""

    def glimpses(self) -> Glimpses:
        """Return what home shows of the runs of every process. Blocks; called in a thread.

        Raises:
            LabError: the folder of the runs cannot be read.
        """

    def offer_sweeps(self) -> None:
        """Ask which stored sweep is to be opened."""

    def offer_import(self) -> None:
        """Ask for a file of the person's own data and its name."""

    def open_tour(self) -> None:
        """Show the tour, at the stop where it was left."""

    def open_page(self, page: Screen[None]) -> None:
        """Open a page over the present screen, unless that is a page or covered."""


class Tour(Protocol):
    """The tour, as its screen sees it."""

    @property
    def stops(self) -> Sequence[Stop]:
        """The stops in their order."""

    @property
    def visits(self) -> Mapping[str, Visit]:
        """What became of stops so far, by name."""

    @property
    def problem(self) -> str:
        """Why progress could not be read or is not kept, as a sentence; empty where it is."""

    def first(self) -> int:
        """Return the place of the stop to begin with."""

    def arrive(self, place: int) -> tuple[Spec, Session]:
        """Return what is known of a stop's phenomenon, and its run, which is begun if it was not; runs of other stops end.

        Raises:
            LabError: the system starts no further thread.
        """

    def prepare(self, place: int) -> None:
        """Begin the run of a stop that is likely to come next."""

    def record(self, place: int, visit: Visit) -> None:
        """Keep what became of a stop."""

    def store(self, place: int) -> str:
        """Store the run of a stop as any other run, and say where. Blocks; called in a thread.

        Raises:
            LabError: the disk refuses.
        """
