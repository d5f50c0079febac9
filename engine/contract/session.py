"""A run as the outside sees it: its phase and snapshot, what a person may ask of it, and who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, get_args

from engine.contract.drawn import Marker, Picture, Series
from engine.contract.judged import Detail, Verdict
from engine.contract.scalars import ScalarValue


class Phase(StrEnum):
    """Where a run stands."""

    READY = "ready"
    LOADING = "loading"
    BUILDING = "building"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether nothing more will be computed unless asked."""
        return self in (Phase.FINISHED, Phase.STOPPED, Phase.DIVERGED, Phase.FAILED)

    @property
    def preparing(self) -> bool:
        """Whether a run is on its way to its first step: its code is being imported, its data and networks are being made."""
        return self in (Phase.LOADING, Phase.BUILDING)

    @property
    def working(self) -> bool:
        """Whether something is being computed."""
        return self is Phase.RUNNING or self.preparing


@dataclass(frozen=True)
class Gpu:
    """A GPU at one moment.

    name: its own. used, total: bytes of its memory, of all processes. busy: share of the time in which it computes; None: unknown.
    """

    name: str
    used: int
    total: int
    busy: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """Everything a screen may show of a run at one moment.

    `revision` grows when something drawn changes: curves, pictures, markers, verdicts, notes, phase, sentence, knobs. Step,
    rate, eta, elapsed and memory move between revisions too, about five times a second, each time in a new object.
    rate: steps per second; eta: seconds left or None; memory: bytes of this process; gpu: the one that it computes on;
    values: the numbers of the latest measurement.
    scalars: one per declared scalar, none in a run that was stored before there were any.
    headline: what is being seen right now, as clauses, what matters most first; empty before the first measurement.
    groups: every group of curves that was drawn so far, in the order of first appearance: its place decides colour and marker for good.
    unstored: why what was computed last is not on disk, as a sentence (among the notes too); empty when it is, or is not meant to be.
    flaw: of a stored run, what is missing or cut off among the files of its end, as a sentence (the last of the notes too).
    """

    phenomenon: str
    run: str
    preset: str
    config: Mapping[str, Any]
    seeds: tuple[int, ...]
    phase: Phase
    sentence: str
    hint: str = ""
    step: int = 0
    total: int | None = None
    unit: str = "step"
    revision: int = 0
    series: tuple[Series, ...] = ()
    pictures: tuple[Picture, ...] = ()
    markers: tuple[Marker, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    scalars: tuple[ScalarValue, ...] = ()
    headline: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    groups: tuple[str, ...] = ()
    rate: float = 0.0
    eta: float | None = None
    elapsed: float = 0.0
    device: str = "cpu"
    memory: int = 0
    gpu: Gpu | None = None
    folder: str = ""
    unstored: str = ""
    flaw: str = field(default="", metadata={"stored": False})

    @property
    def headline_sentence(self) -> str:
        """The whole headline."""
        return "; ".join(self.headline)


# ---------------------------------------------------------------- what a person asks for


@dataclass(frozen=True)
class Start:
    """Begin, or begin again after the end."""


@dataclass(frozen=True)
class Pause:
    """Hold after the present chunk of work. elsewhere: another process asks for it."""

    elsewhere: bool = False


@dataclass(frozen=True)
class Resume:
    """Go on from a pause. elsewhere: another process asks for it."""

    elsewhere: bool = False


@dataclass(frozen=True)
class Step:
    """Advance to the next measurement, then pause."""


@dataclass(frozen=True)
class Stop:
    """End the run, saving its state. elsewhere: another process asks for it."""

    elsewhere: bool = False


@dataclass(frozen=True)
class SetKnob:
    """Change one knob: in place if it is live, otherwise restarting from the same seeds."""

    name: str
    value: Any


@dataclass(frozen=True)
class Rewind:
    """Begin again from the same seeds and knobs, or from another preset's."""

    preset: str = ""


@dataclass(frozen=True)
class Reseed:
    """Begin again from the next seeds, or from `seed`."""

    seed: int | None = None


Command = Start | Pause | Resume | Step | Stop | SetKnob | Rewind | Reseed
COMMANDS: frozenset[type[Command]] = frozenset(get_args(Command))


class Session(Protocol):
    """What a screen holds: a run in this process, or a run folder written by another."""

    @property
    def controllable(self) -> bool:
        """Whether every command has an effect (False for a watched folder)."""

    @property
    def obeyed(self) -> frozenset[type[Command]]:
        """The commands that have an effect now."""

    @property
    def refusal(self) -> str:
        """Why the others have none, as a sentence; empty where all have."""

    def latest(self) -> Snapshot:
        """Return the present snapshot; cheap, never blocks on training."""

    def post(self, command: Command) -> None:
        """Queue a command; returns at once."""
