"""When each arm grokked, against its data fraction and weight decay; runs that did not are shown as censored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series
from engine.phenomena.grokking.arms import P53, Arm
from engine.phenomena.grokking.readings import Readings, banded

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Delay:
    """An arm's grok steps, (seeds,), nan where it has not grokked."""

    arm: Arm
    steps: Floats


def delays(readings: Readings) -> list[Delay]:
    """Return the delays of all arms without intervention on the run's own modulus."""
    arms = (arm for arm in readings.arms.values() if arm.name != P53 and arm.speedup == "none")
    return [Delay(arm, readings.grokked(arm.name)) for arm in arms]


def against(readings: Readings, knob: str) -> list[Series]:
    """Return `delay-vs-fraction/*` or `delay-vs-decay/*`: a curve per value of the other knob, and censored runs.

    knob: "fraction" or "decay".
    """
    found = delays(readings)
    curves = []
    for other in sorted({_other(item.arm, knob) for item in found}):
        mine = sorted((item for item in found if _other(item.arm, knob) == other), key=lambda item: _own(item.arm, knob))
        label = f"decay {other:g}" if knob == "fraction" else f"fraction {other:g}"
        seen = [item for item in mine if np.isfinite(item.steps).all()]
        if seen:
            x = np.array([_own(item.arm, knob) for item in seen])
            curves.append(banded(f"delay-vs-{knob}/{other:g}", label, x, np.stack([item.steps for item in seen]), label))
    return [*curves, *_censored(readings, found, knob)]


def _censored(readings: Readings, found: Sequence[Delay], knob: str) -> list[Series]:
    late = [item for item in found if not np.isfinite(item.steps).all() and readings.over(item.arm.name)]
    if not late:
        return []
    x, y = (np.array(column) for column in zip(*((_own(item.arm, knob), float(item.arm.steps)) for item in late), strict=True))
    order = np.argsort(x, kind="stable")
    return [Series(f"delay-vs-{knob}/censored", "^ not by this step", x[order], y[order], style="points", group="censored")]


def _own(arm: Arm, knob: str) -> float:
    return arm.fraction if knob == "fraction" else arm.wd


def _other(arm: Arm, knob: str) -> float:
    return arm.wd if knob == "fraction" else arm.fraction
