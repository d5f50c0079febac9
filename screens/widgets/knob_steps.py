"""How the left and right arrows move a knob: 1-2-5 on log knobs, round steps on linear ones, the next choice otherwise."""

from __future__ import annotations

import math
from typing import Any

from engine.contract import Knob

DECADE = (1.0, 2.0, 5.0)
STEPS_ACROSS = 20  # a linear knob's range is about this many steps wide
FLOOR = 1e-6  # smallest positive stop of a log knob whose range starts at 0, relative to its upper bound


def stepped(knob: Knob, value: Any, direction: int) -> Any:
    """Return the value one step up (direction 1) or down (-1), kept in bounds; unchanged where a knob has no steps."""
    if knob.kind == "choice":
        place = knob.choices.index(str(value)) if str(value) in knob.choices else 0
        return knob.choices[(place + direction) % len(knob.choices)]
    if knob.kind == "bool":
        return not value
    if knob.kind not in ("int", "float"):
        return value
    moved = _log_step(knob, float(value), direction) if knob.log else _linear_step(knob, float(value), direction)
    bounded = min(max(moved, -math.inf if knob.lo is None else knob.lo), math.inf if knob.hi is None else knob.hi)
    if knob.kind == "int":
        return round(bounded)
    return float(f"{bounded:.12g}")


def linear_step(knob: Knob) -> float:
    """Return the round step (1, 2 or 5 times a power of ten) that crosses a linear knob's range in about 20."""
    lo = 0.0 if knob.lo is None else knob.lo
    width = (knob.hi if knob.hi is not None else max(abs(float(knob.default)), 1.0) * 2) - lo
    raw = max(width, 1e-12) / STEPS_ACROSS
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * min((*DECADE, 10.0), key=lambda factor: abs(math.log(factor * power / raw)))
    return max(1.0, step) if knob.kind == "int" else step


def _linear_step(knob: Knob, value: float, direction: int) -> float:
    step = linear_step(knob)
    place = value / step
    near = round(place)
    if math.isclose(place, near, abs_tol=1e-9):
        return (near + direction) * step
    return (math.ceil(place) if direction > 0 else math.floor(place)) * step


def _log_step(knob: Knob, value: float, direction: int) -> float:
    floor = _smallest(knob)
    if value <= 0:
        return floor if direction > 0 else 0.0
    exponent = math.floor(math.log10(value))
    stops = sorted({factor * 10.0**power for power in range(exponent - 1, exponent + 2) for factor in DECADE})
    if knob.kind == "int":
        stops = sorted({round(stop) for stop in stops})
    tolerance = value * 1e-9
    if direction > 0:
        return next(stop for stop in stops if stop > value + tolerance)
    below = next(stop for stop in reversed(stops) if stop < value - tolerance)
    return 0.0 if below < floor * (1 - 1e-9) and knob.lo == 0 else below


def _smallest(knob: Knob) -> float:
    if knob.lo is not None and knob.lo > 0:
        return knob.lo
    if knob.kind == "int":
        return 1.0
    return FLOOR * (knob.hi if knob.hi is not None else 1.0)
