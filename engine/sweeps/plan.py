"""What a sweep computes: a phenomenon with a preset, on every point of a grid, each with the same seeds."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.config import Config
from engine.contract import Knob, Scalar, Spec
from engine.errors import KnobError, UsageError, echoed, nearest
from engine.runner.setup import checked, preset_of
from engine.seeds import seed_range

MOST_POINTS = 10_000
FEW = 4  # scalars that are collected where nobody says which


@dataclass(frozen=True)
class Point:
    """One point of the grid. knobs: those of the grid, typed; preset: the one that its config equals, or "custom"."""

    index: int
    knobs: Mapping[str, Any]
    config: Config
    preset: str


@dataclass(frozen=True)
class Plan:
    """A sweep before it is begun.

    given: knobs that differ from the preset's in all points; axes: the values of each knob on the grid; collect: what is read of a run.
    """

    spec: Spec
    preset: str
    given: Mapping[str, Any]
    axes: Mapping[str, tuple[Any, ...]]
    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    collect: tuple[Scalar, ...]

    @classmethod
    def of(
        cls, spec: Spec, preset: str, given: Mapping[str, Any], axes: Mapping[str, tuple[Any, ...]], *, seed: int = 0,
        seeds: int | None = None, collect: Iterable[str] = (),
    ) -> Plan:  # fmt: skip
        """Return the plan of every combination of the axes' values, each checked and once.

        Raises:
            UsageError: too many points, a value out of range or a combination that the phenomenon refuses, no such preset or scalar.
        """
        count = 1
        for values in axes.values():
            count *= len(values)
        if count > MOST_POINTS:
            raise UsageError(f"a sweep has at most {MOST_POINTS:,} points, got {count:,}", "name fewer values")
        typed = {spec.config.knob(name).name: spec.config.knob(name).parse(value) for name, value in given.items()}
        points: dict[str, Point] = {}
        for chosen in itertools.product(*axes.values()):
            knobs = dict(zip(axes, chosen, strict=True))
            config = _configured(spec, preset, {**typed, **knobs}, knobs)
            points.setdefault(repr(config), Point(len(points), knobs, config, preset_of(spec, config, preset)))
        replicates = checked(seed_range(seed, seeds or spec.preset(preset).seeds))
        return cls(spec, preset, typed, dict(axes), tuple(points.values()), replicates, chosen_scalars(spec, collect))

    def require_contents(self) -> None:
        """Refuse a sweep some of whose points need a data set that is not here.

        Raises:
            LabError: it is not; how it is got is said.
        """
        names = [item.name for item in self.spec.config.knobs() if item.offer]
        for config in {tuple(getattr(point.config, name) for name in names): point.config for point in self.points}.values():
            config.require_contents()

    @property
    def varied(self) -> list[Knob]:
        """The knobs in which the points differ; all of the grid where there is one point."""
        names = [name for name, values in self.axes.items() if len(values) > 1] or list(self.axes)
        return [self.spec.config.knob(name) for name in names]

    def collecting(self, names: Iterable[str]) -> Plan:
        """Return the plan with other scalars collected.

        Raises:
            UsageError: no such scalar.
        """
        return replace(self, collect=chosen_scalars(self.spec, names))

    @property
    def command_line(self) -> str:
        """The whole command that computes the same points, wherever they are stored."""
        knob = self.spec.config.knob
        words = ["genlab", "sweep", self.spec.name, "--preset", self.preset]
        words += [word for name, value in self.given.items() for word in (knob(name).option, knob(name).format(value))]
        for name, values in self.axes.items():
            item = knob(name)
            joint = ";" if item.kind in ("ints", "floats") else ","
            words += ["--grid", f"{name}={joint.join(map(item.format, values))}"]
        words += ["--seed", str(self.seeds[0]), "--seeds", str(len(self.seeds))]
        words += ["--collect", ",".join(scalar.name for scalar in self.collect)] if self.collect else []
        return shlex.join(words)

    def shape(self, point: Point) -> str:
        """What points have in common whose runs can train as one ensemble; empty where none of the phenomenon's can."""
        if not self.spec.ensemble:
            return ""
        return repr({name: value for name, value in point.config.values().items() if name not in self.spec.ensemble})


def _configured(spec: Spec, preset: str, knobs: Mapping[str, Any], here: Mapping[str, Any]) -> Config:
    try:
        return spec.configure(preset, knobs)
    except KnobError as error:
        where = ", ".join(f"{name}={spec.config.knob(name).format(value)}" for name, value in here.items())
        raise KnobError(f"{error.message} (at {where})" if where else error.message, error.hint) from None


def chosen_scalars(spec: Spec, names: Iterable[str]) -> tuple[Scalar, ...]:
    """Return the scalars of these names; the phenomenon's first few where there are none.

    Raises:
        UsageError: no such scalar; names the nearest and lists the valid ones.
    """
    known = {scalar.name: scalar for scalar in spec.scalars}
    asked = [name for name in dict.fromkeys(name.strip() for name in names) if name]
    for name in asked:
        if name not in known:
            listed = "values: " + ", ".join(known) if known else f"{spec.name} declares no values"
            raise UsageError(f"no value {echoed(name)!r} of {spec.name}{nearest(name, known)}", listed)
    return tuple(known[name] for name in asked) if asked else spec.scalars[:FEW]


def labelled(knobs: Sequence[Knob], values: Mapping[str, Any]) -> str:
    """Return a point's knobs as a person reads them: `weight decay 0.3, fraction 0.2`."""
    return ", ".join(f"{knob.label} {knob.format(values[knob.name])}" for knob in knobs if knob.name in values)
