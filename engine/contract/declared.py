"""What a phenomenon declares before anything is computed: presets, axes, figures, quantities, scalars, claims; a `Spec`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Literal

from engine.config import Config, build
from engine.contract.domain import Condition
from engine.contract.drawn import Series
from engine.contract.references import Reference
from engine.contract.scalars import Scalar
from engine.contract.work import WorkOf
from engine.errors import KnobError, echoed, nearest

STUDIES = ("study", "task", "param")  # knobs that choose an experiment among those of a phenomenon


@dataclass(frozen=True)
class Preset:
    """Named settings: `quick`, `standard`, or those of a paper's figure.

    question: of a study that asks something else than the phenomenon does; every run of that study asks it.
    """

    name: str
    why: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    seeds: int = 1
    needs: str = ""  # "GPU", "cifar10", ... ; empty when it runs anywhere
    question: str = ""


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
    domain: the settings that fill it; with others it stands after all that are filled, and takes no room on their pages.
    """

    name: str
    title: str
    x: Axis
    y: Axis
    series: tuple[str, ...]
    note: str = ""
    empty: str = ""
    domain: tuple[Condition, ...] = ()

    def draws(self, series: Iterable[Series]) -> list[Series]:
        """Return the series that this figure draws, each once, in the order of its patterns."""
        there = list(series)
        chosen = [item for pattern in self.series for item in there if fnmatchcase(item.name, pattern)]
        return list({item.name: item for item in chosen}.values())


@dataclass(frozen=True)
class PictureSpec:
    """A picture that the phenomenon will deliver; content comes in the snapshot under the same name.

    cursor: label of the x axis whose linked cursor turns the layers that have frames; empty where none does.
    domain: the settings that fill it; with others it stands after all that are filled, and takes no room on their pages.
    """

    name: str
    title: str
    cursor: str = ""
    domain: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Claim:
    """A statement the lab tests by itself. Tolerances are fixed before the run and live here alone.

    presets: those that decide it; empty: every preset does.
    domain: the settings it is meant for; outside them it is not applicable, and never fails.
    chance: how often a run may fail it by luck though it is true; 0 where no luck is in it.
    identity: it cannot come out otherwise (a definition, or the same thing computed twice): shown apart from the claims.
    """

    id: str
    sentence: str
    source: str
    prediction: str
    tolerance: str
    presets: tuple[str, ...] = ()
    domain: tuple[Condition, ...] = ()
    chance: float = 0.0
    identity: bool = False

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


def _never(config: Any) -> bool:
    return False


@dataclass(frozen=True)
class Spec:
    """What is known of a phenomenon before anything is computed.

    `instant` marks closed-form phenomena: a turned knob redraws at once, and the app stores their runs only on request. `trained` says
    with which knobs one of them trains networks all the same, on the device that is asked for.
    `notes` is Markdown: what to notice, formulas, references, where textbooks are imprecise.
    `experiment` names the class that computes, "module:Class"; it is imported when a run starts.
    `ensemble` names the knobs in which runs may differ and yet have networks and data of one shape, so that they can train as one
    ensemble; the class answers with `stretches`. Empty: every run trains on its own.
    `topics` are further words of the field, by the preset that shows what they mean: whoever looks for one of them is led there.
    `work` is what a run computes, from its knobs and the number of seeds; None where that is not declared.
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
    references: tuple[Reference, ...]
    instant: bool = False
    trained: Callable[[Any], bool] = _never
    quantities: tuple[Quantity, ...] = ()
    scalars: tuple[Scalar, ...] = ()
    experiment: str = ""
    ensemble: tuple[str, ...] = ()
    topics: Mapping[str, str] = field(default_factory=dict)
    work: WorkOf | None = None

    def trains(self, config: Config) -> bool:
        """Whether a run with these knobs trains networks with torch, on the device that is asked for; others use the processor."""
        return not self.instant or self.trained(config)

    def asked(self, config: Mapping[str, Any]) -> str:
        """Return the question that a run with these knobs answers: the phenomenon's, or that of the study that they choose."""
        for preset in self.presets:
            study = {name: value for name, value in preset.overrides.items() if name in STUDIES}
            if preset.question and study and all(config.get(name) == value for name, value in study.items()):
                return preset.question
        return self.question

    def preset(self, name: str) -> Preset:
        """Return a preset by name.

        Raises:
            KnobError: names the nearest and lists the valid ones.
        """
        for preset in self.presets:
            if preset.name == name:
                return preset
        names = [preset.name for preset in self.presets]
        raise KnobError(f"no preset {echoed(name)!r} of {self.name}{nearest(name, names)}", "presets: " + ", ".join(names))

    def configure(self, preset: str, overrides: Mapping[str, Any] | None = None) -> Config:
        """Return the config of a preset with further overrides (typed or textual) on top.

        Raises:
            KnobError: unknown preset or knob, value out of range.
        """
        return build(self.config, {**self.preset(preset).overrides, **(overrides or {})})
