"""The vocabulary that engine, screens and lab share: what a phenomenon declares, what a screen shows, what a person asks for.

Everything here is frozen and holds arrays, numbers and strings only, so a `Snapshot` can cross threads, processes and
disks. Screens import this module and nothing else of the engine. No torch, no scipy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.config import Config, Knob, build, knob
from engine.errors import KnobError, LabError, nearest

__all__ = [
    "Axis", "Basis", "Claim", "Command", "Config", "Detail", "DetailRow", "Figure", "Grade", "Knob", "KnobError", "LabError", "Layer",
    "Marker", "Pause", "Phase", "Picture", "PictureSpec", "Preset", "Quantity", "Reseed", "Resume", "Rewind", "Series", "Session",
    "SetKnob", "Snapshot", "Spec", "Start", "Status", "Step", "Stop", "Summary", "Verdict", "build", "knob",
]  # fmt: skip

Floats = NDArray[np.float64]
Basis = Literal["training", "simulation", "exact", "flow", "asymptotic", "bound"]


# ---------------------------------------------------------------- what a phenomenon declares


@dataclass(frozen=True)
class Preset:
    """Named settings: `quick`, `standard`, or those of a paper's figure."""

    name: str
    why: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    seeds: int = 1
    needs: str = ""  # "GPU", "cifar10", ... ; empty when it runs anywhere


@dataclass(frozen=True)
class Axis:
    """One axis of a figure. The unit is shown with the label; lo and hi fix the range where it should not follow the data.

    `ticks` names positions of the x axis instead of numbers, for bars: ((0, "VC"), (1, "PAC-Bayes")).
    """

    label: str
    log: bool = False
    lo: float | None = None
    hi: float | None = None
    unit: str = ""
    ticks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Figure:
    """A plot: which series it draws, by name or glob (`train-accuracy/*`), in order. Declared once per phenomenon.

    empty: what fills it ("fills with preset standard, or the knob follow"), said in its place while there is nothing to draw.
    """

    name: str
    title: str
    x: Axis
    y: Axis
    series: tuple[str, ...]
    note: str = ""
    empty: str = ""

    def draws(self, series: Iterable[Series]) -> list[Series]:
        """Return the series that this figure draws, each once, in the order of its patterns."""
        there = list(series)
        chosen = [item for pattern in self.series for item in there if fnmatchcase(item.name, pattern)]
        return list({item.name: item for item in chosen}.values())


@dataclass(frozen=True)
class PictureSpec:
    """A picture that the phenomenon will deliver; content comes in the snapshot under the same name.

    cursor: label of the x axis whose linked cursor turns the layers that have frames; empty where none does.
    """

    name: str
    title: str
    cursor: str = ""


@dataclass(frozen=True)
class Claim:
    """A statement the lab tests by itself. Tolerances are fixed before the run and live here alone."""

    id: str
    sentence: str
    source: str
    prediction: str
    tolerance: str
    presets: tuple[str, ...] = ()  # empty: every preset decides it

    def applies(self, preset: str) -> bool:
        """Whether a run of this preset must decide the claim. A changed preset ("custom") tries every claim."""
        return not self.presets or preset in self.presets or preset == "custom"


class Summary(StrEnum):
    """How replicates (seeds, draws) become one curve and its band; the value is what the band is called, `{n}` their number and kind."""

    MEAN_RANGE = "mean, range of {n}"
    MEAN_ERROR = "mean, standard error of {n}"
    MEDIAN_RANGE = "median, range of {n}"
    MEDIAN_QUARTILES = "median, quartiles of {n}"


@dataclass(frozen=True)
class Quantity:
    """Something that is measured, declared once: it becomes an entry of every record, and a curve with its band in `figure`.

    name: its key in the records; a figure shows it as series `name/setting`.
    label: what a legend calls it where its figure shows several quantities; with one alone, the setting's label is enough.
    per: whether a record holds one number, one per seed, or one per network (setting and seed).
    figure: which figure draws it against the step; empty if none does.
    finite: whether the run has diverged as soon as no network has a finite value.
    """

    name: str
    label: str = ""
    unit: str = ""
    per: Literal["run", "seed", "network"] = "network"
    summary: Summary = Summary.MEAN_RANGE
    figure: str = ""
    finite: bool = False


@dataclass(frozen=True)
class Spec:
    """What is known of a phenomenon before anything is computed.

    `instant` marks closed-form phenomena: a turned knob redraws at once, and the app stores their runs only on request.
    `notes` is Markdown: what to notice, formulas, references, where textbooks are imprecise.
    `experiment` names the class that computes, "module:Class"; it is imported when a run starts.
    """

    name: str
    title: str
    question: str
    config: type[Config]
    presets: tuple[Preset, ...]
    figures: tuple[Figure, ...]
    pictures: tuple[PictureSpec, ...]
    claims: tuple[Claim, ...]
    notes: str
    references: tuple[str, ...]
    instant: bool = False
    quantities: tuple[Quantity, ...] = ()
    experiment: str = ""

    def preset(self, name: str) -> Preset:
        """Return a preset by name.

        Raises:
            KnobError: names the nearest and lists the valid ones.
        """
        for preset in self.presets:
            if preset.name == name:
                return preset
        names = [preset.name for preset in self.presets]
        raise KnobError(f"no preset {name!r} of {self.name}{nearest(name, names)}", "presets: " + ", ".join(names))

    def configure(self, preset: str, overrides: Mapping[str, Any] | None = None) -> Config:
        """Return the config of a preset with further overrides (typed or textual) on top.

        Raises:
            KnobError: unknown preset or knob, value out of range.
        """
        return build(self.config, {**self.preset(preset).overrides, **(overrides or {})})


# ---------------------------------------------------------------- what a screen shows


@dataclass(frozen=True)
class Series:
    """One curve. `group` (an arm, an optimiser) decides colour and marker, alike in every figure.

    x, y: (k,) float64; lo, hi: (k,) or None; `band` says what they are ("quartiles of 50 draws").
    """

    name: str
    label: str
    x: Floats
    y: Floats
    lo: Floats | None = None
    hi: Floats | None = None
    band: str = ""
    kind: Literal["measured", "theory"] = "measured"
    basis: Basis = "training"
    style: Literal["line", "points", "bars"] = "line"
    group: str = ""


@dataclass(frozen=True)
class Marker:
    """An event or a constant: on axis x (a step, a threshold) or y (chance), in figures that match `figure` (a glob)."""

    figure: str
    axis: Literal["x", "y"]
    at: float
    label: str
    group: str = ""


@dataclass(frozen=True)
class Layer:
    """Something drawn over a picture's plane in data coordinates. xy: (k, 2).

    What turns with the linked cursor has frames: `frames` (f, k, 2) at the cursor's positions `at` (f,) ascending, each with its
    entry of `labels`; xy and label are shown while the cursor is elsewhere.
    """

    kind: Literal["path", "line", "points", "rings"]
    xy: Floats
    label: str
    group: str = ""
    at: Floats | None = None
    frames: Floats | None = None
    labels: tuple[str, ...] = ()

    def under(self, cursor: float | None) -> Layer:
        """Return the layer as it is drawn with the cursor at this place (nearest frame in the logarithm)."""
        if cursor is None or cursor <= 0 or self.at is None or self.frames is None:
            return self
        place = int(np.argmin(np.abs(np.log(self.at) - np.log(cursor))))
        return replace(self, xy=self.frames[place], label=self.labels[place])


@dataclass(frozen=True)
class Picture:
    """A 2-D array drawn as cells, or a plane with layers (or both).

    values: (rows, columns), row 0 on top; integers index `legend` when the palette is "classes".
    extent: (x0, x1, y0, y1) data coordinates of the plane, needed with layers; row 0 lies at y1.
    log: both axes of the plane are logarithmic: the cells are evenly spaced in the logarithm, extent and layers positive data.
    """

    name: str
    title: str
    values: NDArray[Any] | None = None
    layers: tuple[Layer, ...] = ()
    extent: tuple[float, float, float, float] | None = None
    palette: Literal["sequential", "diverging", "classes", "grey"] = "sequential"
    lo: float | None = None
    hi: float | None = None
    legend: tuple[str, ...] = ()
    x: str = ""
    y: str = ""
    equal: bool = False
    note: str = ""
    log: bool = False


class Status(StrEnum):
    """What became of a claim.

    PENDING: not decided yet. CENSORED: decided by what did not happen before the run's end, which says neither yes nor no.
    NOT_RUN: another preset decides it. NOT_APPLICABLE: these settings are outside the claim's domain.
    """

    HOLDS = "holds"
    FAILS = "fails"
    PENDING = "pending"
    CENSORED = "censored"
    NOT_RUN = "not run"
    NOT_APPLICABLE = "not applicable"

    @property
    def holds(self) -> bool | None:
        """True or False of a decided claim, else None."""
        return {Status.HOLDS: True, Status.FAILS: False}.get(self)

    @property
    def mark(self) -> str:
        """The word beside a claim in tables."""
        return {Status.HOLDS: "yes", Status.FAILS: "no", Status.PENDING: "not yet", Status.NOT_APPLICABLE: "n/a"}.get(self, self.value)


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    predicted, measured: as a person reads them; values: the same and what led to them, as numbers by name, for scripts.
    note: how it was measured; reason: why it is not decided, where it is not.
    """

    claim: Claim
    predicted: float | str
    measured: float | str | None
    status: Status
    note: str = ""
    reason: str = ""
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool | None:
        """Whether the claim holds; None while, or where, that is not decided."""
        return self.status.holds

    @property
    def mark(self) -> str:
        """The word beside the claim in tables."""
        return self.status.mark

    @property
    def remark(self) -> str:
        """Reason and note in one line."""
        return "; ".join(filter(None, (self.reason, self.note)))

    def row(self) -> dict[str, Any]:
        """The claim as the JSON of `genlab run` and `genlab verify` prints it."""
        return {
            "id": self.claim.id, "sentence": self.claim.sentence, "source": self.claim.source, "predicted": self.predicted,
            "measured": self.measured, "values": dict(self.values), "tolerance": self.claim.tolerance, "status": str(self.status),
            "reason": self.reason, "note": self.note,
        }  # fmt: skip


Grade = Literal["", "good", "poor", "bad"]


@dataclass(frozen=True)
class DetailRow:
    """One line of a `Detail`: whose value it is, the value, a word of judgement with its grade, a remark, the numbers behind it."""

    subject: str
    value: float
    word: str = ""
    grade: Grade = ""
    remark: str = ""
    constants: Mapping[str, float] = field(default_factory=dict)

    @property
    def numbers(self) -> str:
        """The constants as text."""
        return f"{self.subject}: " + ", ".join(f"{name}={_brief(value)}" for name, value in self.constants.items())


@dataclass(frozen=True)
class Detail:
    """A quantity with its formula and every constant, printed as a table beside the notes ("Bound PAC-Bayes")."""

    name: str
    formula: str
    rows: tuple[DetailRow, ...]
    caveat: str = ""

    def lines(self) -> tuple[str, ...]:
        """Return the head (values and words), the formula, and each row's constants, as lines of text."""
        words = "; ".join(f"{row.subject} {_brief(row.value)} {row.word}{row.remark}".rstrip() for row in self.rows)
        caveat = f" ({self.caveat})" if self.caveat else ""
        constants = (
            f"{row.subject}: " + ", ".join(f"{name}={_brief(value)}" for name, value in row.constants.items()) for row in self.rows
        )
        return (f"{self.name}{caveat}: {words}", self.formula, *constants)


def _brief(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) and value == int(value) and abs(value) < 1e6 else f"{value:.3g}"


class Phase(StrEnum):
    """Where a run stands."""

    READY = "ready"
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


@dataclass(frozen=True)
class Snapshot:
    """Everything a screen may show of a run at one moment.

    `revision` grows when something drawn changes: curves, pictures, markers, verdicts, notes, phase, sentence, knobs. Step,
    rate, eta, elapsed and memory move between revisions too, about five times a second, each time in a new object.
    rate: steps per second; eta: seconds left or None; memory: bytes of this process; values: the latest scalars.
    groups: every group that was drawn so far, in the order of first appearance: a curve's place in it decides colour and marker for good.
    unstored: why what was computed last is not on disk, as a sentence (among the notes too); empty when it is, or is not meant to be.
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
    values: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    groups: tuple[str, ...] = ()
    rate: float = 0.0
    eta: float | None = None
    elapsed: float = 0.0
    device: str = "cpu"
    memory: int = 0
    folder: str = ""
    unstored: str = ""


# ---------------------------------------------------------------- what a person asks for


@dataclass(frozen=True)
class Start:
    """Begin, or begin again after the end."""


@dataclass(frozen=True)
class Pause:
    """Hold after the present chunk of work."""


@dataclass(frozen=True)
class Resume:
    """Go on from a pause."""


@dataclass(frozen=True)
class Step:
    """Advance to the next measurement, then pause."""


@dataclass(frozen=True)
class Stop:
    """End the run, saving its state."""


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


class Session(Protocol):
    """What a screen holds: a run in this process, or a run folder written by another."""

    @property
    def controllable(self) -> bool:
        """Whether commands have an effect (False for a watched folder)."""

    def latest(self) -> Snapshot:
        """Return the present snapshot; cheap, never blocks on training."""

    def post(self, command: Command) -> None:
        """Queue a command; returns at once."""
