"""A stored run as a list shows it, and what the run browser asks of the application; plain data, nothing is read here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.contract import Figure, Phase, Series, Snapshot, Spec
from screens.application import ExportRequest


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One row. Until the run was read, only its name and date are known.

    changed: when it was last written into, in nanoseconds; it is dated by that.
    base: the preset that `knobs` count from, which `preset` names too unless that is "custom".
    knobs: those that differ from the base, as text.
    size: bytes on the disk. live: whether a process writes it now.
    claims: how many came to each status; None until that was read. values: its scalars that have a value.
    problem: why it cannot be read, or is no run, as a sentence.
    flaw: what is missing or cut off among the files of its end, as a sentence.
    label: how the name is written, where it has what no terminal may get.
    """

    name: str
    changed: int
    known: bool = False
    phenomenon: str = ""
    preset: str = ""
    base: str = ""
    seeds: tuple[int, ...] = ()
    phase: Phase | None = None
    step: int = 0
    total: int | None = None
    live: bool = False
    knobs: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    claims: Mapping[str, int] | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""
    flaw: str = ""
    label: str = ""

    @property
    def called(self) -> str:
        """The name as it is shown."""
        return self.label or self.name

    @property
    def working(self) -> bool:
        """Whether somebody computes it now."""
        return self.live and self.phase is not None and not self.phase.over


@dataclass(frozen=True)
class Preview:
    """What is shown of one run beside the list: its declaration and what a screen shows of it; or why nothing is."""

    run: ListedRun
    spec: Spec | None = None
    snapshot: Snapshot | None = None
    problem: str = ""


@dataclass(frozen=True)
class MainFigure:
    """A run's main figure with its curves; groups: those of the run, whose order decides the colours. asked: what the run answers."""

    figure: Figure
    series: tuple[Series, ...]
    groups: tuple[str, ...]
    asked: str = ""


@dataclass(frozen=True)
class Glimpse:
    """What home shows of a phenomenon's newest run; no figure where nothing was measured."""

    run: ListedRun
    main: MainFigure | None = None


@dataclass(frozen=True)
class Glimpses:
    """What home shows of the runs.

    newest: by phenomenon. latest: the runs that were last written into, those that are computed now first.
    count: how many runs there are. working: how many are computed now, as far as they were read.
    """

    newest: Mapping[str, Glimpse] = field(default_factory=dict)
    latest: Sequence[ListedRun] = ()
    count: int = 0
    working: int = 0


class RunListing(Protocol):
    """The runs of every process in one folder. What blocks is called in a thread; the rest answers at once."""

    def rows(self) -> Sequence[ListedRun]:
        """Return what is known of every run, the one that was last written into first; one object as long as nothing changes."""

    def row(self, name: str) -> ListedRun | None:
        """Return what is known of one; None where it is gone."""

    def look(self) -> None:
        """Note which runs came, went or were written into since the last time. Blocks.

        Raises:
            LabError: the folder cannot be read.
        """

    def read(self, names: Sequence[str]) -> None:
        """Read these runs with their claims, unless that was done since they were last written into. Blocks."""

    def read_on(self, seconds: float, claims: bool) -> bool:
        """Read further ones for about so long, perhaps with their claims; return whether all are read. Blocks."""

    def keep(self) -> None:
        """Keep what was read for the next time, as far as the disk lets. Blocks."""

    def knobs(self, run: ListedRun) -> Mapping[str, str]:
        """Return every knob of a run that was read, as text."""

    def names(self) -> Mapping[str, str]:
        """Return which names a filter may use, each with what it is: "knob" or "value". Blocks the first time."""

    def preview(self, name: str) -> Preview:
        """Return what is shown of one run. Blocks."""


class Browsing(Protocol):
    """What can be done with runs of a listing, by their names. What blocks is called in a thread and raises `LabError`."""

    @property
    def listing(self) -> RunListing:
        """The runs."""

    def open(self, name: str) -> None:
        """Show a run on the screen of its phenomenon; from there, escape leads back to the browser."""

    def resume(self, name: str) -> None:
        """Let a run that was stopped go on in this app, and show it."""

    def require_deletable(self, names: Sequence[str]) -> None:
        """Make sure that these runs may be deleted, all of them. Blocks."""

    def delete(self, names: Sequence[str]) -> str:
        """Delete runs for good and say so. Blocks."""

    def command(self, name: str) -> str:
        """Return the command that computes a run anew. Blocks."""

    def figures(self, names: Sequence[str]) -> Sequence[str]:
        """Return the names of figures and pictures that an export of these runs may be confined to. Blocks."""

    def export(self, names: Sequence[str], wanted: ExportRequest) -> str:
        """Write runs as files and say which. Blocks."""

    def compare(self, names: Sequence[str]) -> Callable[[], None]:
        """Load runs and return what shows them side by side. Blocks."""
