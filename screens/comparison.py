"""Runs of one phenomenon side by side: one figure after another with every run's curves in it, told apart by colour, marker and name.

A figure with one or two measured curves a run holds those of all runs. One with more becomes several, each with one curve a run, so
that a run keeps its colour and marker from figure to figure. Theory that the runs share is drawn once. First stands what most runs
have, and of that, once they are over, where they differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import TypeVar

import numpy as np

from engine.contract import Figure, Knob, Marker, Phase, Scalar, ScalarValue, Series, Snapshot, Spec, Verdict
from screens import formatting
from screens.run_names import JOIN, differing, run_names
from screens.widgets.palette import group_name
from screens.widgets.plot_reduce import Floats, drawable

Item = TypeVar("Item", Series, Marker)
TOGETHER, MOST_TOGETHER = 2, 8  # measured curves of a run, and of all runs, that stand in one figure
NEAR = 0.04  # of a figure's height: curves that are nowhere farther apart are seen as one
TINY = 1e-12  # of what is drawn: the height of a figure of level curves
ALIKE = 1e-9  # relative difference below which two curves of theory are one
SHORT = 18  # letters of what a line marks that has no room whole
FEW = 3  # runs whose own events are marked
SHARED = "theory "  # before the group of theory that all runs have
CROWDED = f"of more than {MOST_TOGETHER} runs only the theory that they share is drawn; genlab show RUN draws each one's own"
APART = "no figure has curves of two of these runs: each shows one run alone"


@dataclass(frozen=True)
class Comparison:
    """Runs of one phenomenon.

    Attributes:
        spec: the phenomenon's, with the figures of the comparison in place of its own.
        snapshot: every curve and marker of these figures.
        runs, stored, names: the runs, their own names, and what legends call them.
        origins: by the name of a figure that of the phenomenon's figure which it is made of.
    """

    spec: Spec
    snapshot: Snapshot
    runs: tuple[Snapshot, ...]
    stored: tuple[str, ...]
    names: tuple[str, ...]
    origins: Mapping[str, str]

    def differences(self) -> list[tuple[str, ...]]:
        """Rows of what is not the same in all runs: knobs, preset, seeds, phase, step; what legends call each comes first."""
        knobs = differing(self.spec.config, self.runs)
        rows = [(knob.word, *(_written(knob, run) for run in self.runs)) for knob in knobs]
        rows += [("preset", *(run.preset for run in self.runs)), ("seeds", *(" ".join(map(str, run.seeds)) for run in self.runs))]
        rows += [("phase", *(str(run.phase) for run in self.runs)), ("reached", *(formatting.progress(run) for run in self.runs))]
        return [("called", *self.names), *(row for row in rows if len(set(row[1:])) > 1)]

    def values(self) -> list[tuple[str, ...]]:
        """Rows of the scalars that some run has: name, what it is with its unit, and each run's value with its range over seeds."""
        columns = [{item.scalar.name: item for item in run.scalars} for run in self.runs]
        there = {name: item.scalar for column in columns for name, item in column.items() if not item.reason}
        names = [name for name in dict.fromkeys(name for column in columns for name in column) if name in there]
        return [(name, _with_unit(there[name]), *_numbers([column.get(name) for column in columns])) for name in names]

    def verdicts(self) -> list[tuple[str, ...]]:
        """Rows of the claims: id, sentence, and each run's measured value and mark."""
        columns = [{item.claim.id: item for item in run.verdicts} for run in self.runs]
        claims = {item.claim.id: item.claim for run in self.runs for item in run.verdicts}
        return [(claim.id, claim.sentence, *(_verdict(column.get(claim.id)) for column in columns)) for claim in claims.values()]


def compare(spec: Spec, runs: Sequence[Snapshot], stored: Sequence[str]) -> Comparison:
    """Put runs of one phenomenon side by side; stored: their own names."""
    names = run_names(spec.config, runs, stored)
    panels = [panel for figure in spec.figures for panel in _panels(figure, runs, names)]
    over = all(run.phase.over for run in runs)  # before, what comes first would change while it is looked at
    panels.sort(key=lambda panel: (-len({item.group for item in panel.series} & set(names)), over and _one_curve(panel)))
    together = max((len({item.group for item in panel.series} & set(names)) for panel in panels), default=len(runs))
    notes = (*((CROWDED,) if _crowded(runs) else ()), *((APART,) if together < 2 <= len(runs) else ()))
    figures, series, markers = [], [], []
    for number, (panel, called) in enumerate(zip(panels, _panel_names(panels), strict=True)):
        figures.append(replace(panel.figure, name=called, series=(f"{number + 1:03d}/*",)))
        series += [replace(item, name=f"{number + 1:03d}/{place}/{item.name}") for place, item in enumerate(panel.series)]
        markers += [replace(item, figure=figures[-1].name) for item in panel.markers]
    groups = tuple(dict.fromkeys((*names, *map(group_name, series))))
    snapshot = Snapshot(
        phenomenon=spec.name, run=f"{spec.name}, {len(runs)} runs", preset="", config={}, seeds=(), groups=groups,
        phase=Phase.FINISHED if over else Phase.RUNNING, sentence="compared: " + "; ".join(names), series=tuple(series),
        markers=tuple(markers), notes=notes, revision=1,
    )  # fmt: skip
    origins = {figure.name: panel.figure.name for figure, panel in zip(figures, panels, strict=True)}
    joint = replace(spec, figures=tuple(figures), pictures=())
    return Comparison(joint, snapshot, tuple(runs), tuple(stored), tuple(names), origins)


@dataclass(frozen=True)
class _Panel:
    """One figure of a comparison with what stands in it; group: of whose curves, where a figure became several."""

    figure: Figure
    series: tuple[Series, ...]
    markers: tuple[Marker, ...]
    group: str = ""


def _panel_names(panels: Sequence[_Panel]) -> Iterator[str]:
    """Call each as its figure is called, and one of several by its group too, in letters that a file's name may have."""
    taken: set[str] = set()
    for panel in panels:
        group = re.sub(r"[^\w.=+-]+", "-", panel.group).strip("-")
        name = first = "/".join(filter(None, (panel.figure.name, group)))
        number = 1
        while name in taken:
            number += 1
            name = f"{first}-{number}"
        taken.add(name)
        yield name


def _panels(figure: Figure, runs: Sequence[Snapshot], names: Sequence[str]) -> Iterator[_Panel]:
    drawn = [[item for item in figure.draws(run.series) if len(item.x)] for run in runs]
    measured = [[item for item in curves if item.kind == "measured"] for curves in drawn]
    theory = _theory([[item for item in curves if item.kind == "theory"] for curves in drawn], names)
    markers = _markers(figure, runs, names)
    if any(measured) and _crowded(runs):
        theory = [(of, item) for of, item in theory if item.group.startswith(SHARED)]
    if not any(measured):
        if theory:
            yield _Panel(figure, _all(theory), _all(markers))
        return
    if max(map(len, measured)) <= TOGETHER and sum(map(len, measured)) <= MOST_TOGETHER:
        labels = {item.label for curves in measured for item in curves}
        titled = _titled(figure, labels.pop()) if len(labels) == 1 else figure
        yield _Panel(titled, (*_named(measured, names), *_all(theory)), _all(markers))
        return
    groups = Counter(group for curves in measured for group in dict.fromkeys(map(group_name, curves)))
    alone = [group for group, count in groups.items() if count == 1] if len(runs) > 1 else []
    for group in (group for group in groups if len(alone) < 2 or group not in alone):
        chosen = [[item for item in curves if group_name(item) == group] for curves in measured]
        label = _common([item.label for curves in chosen for item in curves]) or group
        beside = tuple(item for of, item in theory if of == group or of not in groups)
        own = tuple(item for of, item in markers if of == group or of not in groups)
        one = max(map(len, chosen)) == 1  # then the title says what it is, and the name whose
        yield _Panel(_titled(figure, label), (*_named(chosen, names, one), *beside), own, group)
    if len(alone) > 1:
        yield from _of_one_run(figure, measured, names, alone)


def _of_one_run(figure: Figure, measured: Sequence[Sequence[Series]], names: Sequence[str], alone: Sequence[str]) -> Iterator[_Panel]:
    """Curves that one run alone has, such as those of widths that no other trained: few enough in a figure to be told apart."""
    found = [replace(item, label=f"{name}{JOIN}{item.label}", group=f"{name}{JOIN}{group_name(item)}")
             for curves, name in zip(measured, names, strict=True) for item in curves if group_name(item) in alone]  # fmt: skip
    for first in range(0, len(found), MOST_TOGETHER):
        yield _Panel(_titled(figure, "of one run alone"), tuple(found[first : first + MOST_TOGETHER]), (), "one-run")


def _titled(figure: Figure, label: str) -> Figure:
    """Say in the title what every curve shows, which legends leave out then."""
    return figure if label.casefold() in figure.title.casefold() else replace(figure, title=f"{figure.title}: {label}")


def _common(labels: Sequence[str]) -> str:
    """Return the words that stand in all labels, in their order: `train, decay` of `train, decay .5` and `train, decay 2`."""
    words = labels[0].split()
    for other in labels[1:]:
        blocks = SequenceMatcher(None, words, other.split(), autojunk=False).get_matching_blocks()
        words = [word for block in blocks for word in words[block.a : block.a + block.size]]
    return " ".join(words).rstrip(",;:=")


def _crowded(runs: Sequence[Snapshot]) -> bool:
    """Whether a curve of theory for each run would hide what they measured."""
    return len(runs) > MOST_TOGETHER


def _all(found: Sequence[tuple[str, Item]]) -> tuple[Item, ...]:
    return tuple(item for _, item in found)


def _one_curve(panel: _Panel) -> bool:
    """Whether what the runs measured lies on one another, so that the figure says nothing of what sets them apart."""
    log_x, log_y = panel.figure.x.log, panel.figure.y.log
    alike: dict[str, list[tuple[Floats, Floats]]] = {}  # by what is measured, the curves of all runs
    for item in panel.series:
        if item.kind == "measured":
            good = drawable(item.x, log_x) & drawable(item.y, log_y)
            x, y = item.x[good], item.y[good]
            alike.setdefault(item.name, []).append((np.log(x) if log_x else x, np.log(y) if log_y else y))
    drawn = [curve for curves in alike.values() for curve in curves]
    if any(len(curves) < 2 for curves in alike.values()) or any(x.size < 2 or (np.diff(x) <= 0).any() for x, _ in drawn):
        return False
    height = max(float(np.ptp(np.concatenate([y for _, y in drawn]))), TINY) if drawn else TINY
    return bool(alike) and all(_beside(first, other) <= NEAR * height for first, *others in alike.values() for other in others)


def _beside(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    """How far two curves are apart at most where both are; infinite where they nowhere are."""
    (x, y), (there, values) = one, other
    both = (x >= there[0]) & (x <= there[-1])
    return float(np.abs(np.interp(x[both], there, values) - y[both]).max(initial=0.0)) if both.any() else np.inf


def _named(curves: Sequence[Sequence[Series]], names: Sequence[str], one: bool = False) -> Iterator[Series]:
    """Every run's curves in the run's colour; the name alone where each run has one, and the label behind it where it has more.

    one: that the name alone is enough, though the labels of the runs' curves differ.
    """
    alone = one or (max(map(len, curves)) == 1 and len({item.label for found in curves for item in found}) == 1)
    for found, name in zip(curves, names, strict=True):
        for item in found:
            yield replace(item, label=name if alone else f"{name}{JOIN}{item.label}", group=name)


def _theory(curves: Sequence[Sequence[Series]], names: Sequence[str]) -> list[tuple[str, Series]]:
    """Curves of theory, each with the group that it belongs to: once where all runs have the same, else in each run's colour."""
    found: list[tuple[str, Series]] = []
    for item in {item.name: item for run in curves for item in run}.values():
        these = [next((other for other in run if other.name == item.name), None) for run in curves]
        group = group_name(item)
        there = [other for other in these if other is not None]
        widest = max(there, key=_reach)
        if len(there) == len(these) and all(_along(other, widest) for other in there):
            found.append((group, replace(widest, group=f"{SHARED}{group}")))
        else:
            pairs = [(other, name) for other, name in zip(these, names, strict=True) if other is not None]
            found += [(group, replace(other, label=f"{name}{JOIN}{other.label}", group=name)) for other, name in pairs]
    return found


def _reach(curve: Series) -> float:
    """How far a curve goes along x."""
    return float(np.ptp(curve.x)) if np.isfinite(curve.x).all() else 0.0


def _along(curve: Series, widest: Series) -> bool:
    """Whether a curve says the same as another one as far as it goes, be it shorter, as that of a run with fewer steps."""
    if curve.label != widest.label or curve.kind != widest.kind:
        return False
    if curve.x.shape == widest.x.shape and all(np.array_equal(a, b, equal_nan=True) for a, b in ((curve.x, widest.x), (curve.y, widest.y))):
        return True
    if not all(np.isfinite(part).all() for part in (curve.x, curve.y, widest.x, widest.y)) or (np.diff(widest.x) <= 0).any():
        return False
    inside = (curve.x >= widest.x[0]) & (curve.x <= widest.x[-1])
    return bool(inside.all() and np.allclose(np.interp(curve.x, widest.x, widest.y), curve.y, rtol=ALIKE, atol=0))


def _markers(figure: Figure, runs: Sequence[Snapshot], names: Sequence[str]) -> list[tuple[str, Marker]]:
    """Lines that all runs share, as they are; of a few runs, each one's own with its name, in its colour. Each with its own group."""
    own = [[item for item in run.markers if fnmatchcase(figure.name, item.figure)] for run in runs]
    keys = [{(item.axis, item.at, item.label) for item in items} for items in own]
    everywhere = set.intersection(*keys) if keys else set()
    shared = [(item.group, replace(item, group="")) for item in own[0] if (item.axis, item.at, item.label) in everywhere]
    if len(runs) > FEW:
        return shared
    rest = [(item, name) for items, name in zip(own, names, strict=True) for item in items
            if (item.axis, item.at, item.label) not in everywhere]  # fmt: skip
    return shared + [
        (item.group, replace(item, label=item.label and f"{name}{JOIN}{item.label}", group=name, brief=_event(item))) for item, name in rest
    ]


def _event(marker: Marker) -> str:
    """What a line marks and where, before the first comma; whose it is, its colour says."""
    words = marker.label.partition(",")[0]
    return words if len(words) <= SHORT else marker.brief or words.partition(" ")[0]


def _written(knob: Knob, run: Snapshot) -> str:
    value = run.config.get(knob.name)
    return "" if value is None else knob.format(value)


def _with_unit(scalar: Scalar) -> str:
    """`relaxation time [step]`; a label that says its unit, such as `first step with all fitted`, alone."""
    return scalar.label if not scalar.unit or scalar.unit in re.findall(r"\w+", scalar.label) else f"{scalar.label} [{scalar.unit}]"


def _numbers(row: Sequence[ScalarValue | None]) -> Iterator[str]:
    """Each run's value with its range over seeds."""
    for item in row:
        if item is None or item.reason:
            yield "" if item is None else item.reason
            continue
        spread = formatting.scalar_range(item)
        bound = ">= " if item.value_censored else ""
        yield f"{bound}{formatting.number(item.value)}" + (f" ({spread})" if spread else "")


def _verdict(item: Verdict | None) -> str:
    return "" if item is None else " ".join(filter(None, ("" if item.measured is None else formatting.number(item.measured), item.mark)))
