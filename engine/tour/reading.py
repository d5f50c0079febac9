"""What the stops read off a finished run: scalars, curves, verdicts and markers, each by name, or a sentence on why there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract.drawn import Series
from engine.contract.judged import Status, Verdict
from engine.contract.scalars import ScalarValue
from engine.contract.session import Snapshot
from engine.contract.tour import Found, Sketch, Undecided, written


def scalar(snapshot: Snapshot, name: str) -> ScalarValue:
    """Return a scalar of the run that has a value.

    Raises:
        Undecided: it has none, or only a bound.
    """
    found = next((item for item in snapshot.scalars if item.scalar.name == name), None)
    if found is None or found.reason:
        raise Undecided(f"the run gives no value of {name}: {found.reason if found else 'it was stored before there were values'}")
    if found.value_censored:
        raise Undecided(f"by {snapshot.unit} {snapshot.step:,} there is no {found.scalar.label}")
    return found


def value(snapshot: Snapshot, name: str) -> float:
    """Return a scalar's median over seeds.

    Raises:
        Undecided: it has none.
    """
    return scalar(snapshot, name).value


def number(snapshot: Snapshot, name: str, sentence: str) -> Found:
    """Return a scalar as the number that was asked for, with the range of its seeds.

    Raises:
        Undecided: it has none.
    """
    found = scalar(snapshot, name)
    return Found(found.value, sentence, found.lo, found.hi)


def curve(snapshot: Snapshot, name: str) -> Series:
    """Return a curve that has points.

    Raises:
        Undecided: there is none.
    """
    found = next((item for item in snapshot.series if item.name == name and len(item.x)), None)
    if found is None:
        raise Undecided(f"the run drew no curve {name}")
    return found


def height(series: Series, x: float) -> float:
    """Return the y of a curve's point that is nearest to an x."""
    return float(series.y[int(np.nanargmin(np.abs(series.x - x)))])


def last(series: Series) -> float:
    """Return the y of a curve's last point."""
    return float(series.y[-1])


def slope(series: Series) -> float:
    """Return the least-squares slope of log y over log x.

    Raises:
        Undecided: fewer than two points are positive.
    """
    there = (series.x > 0) & (series.y > 0)
    if there.sum() < 2:
        raise Undecided(f"the curve {series.name} has fewer than two points")
    return float(np.polyfit(np.log(series.x[there]), np.log(series.y[there]), 1)[0])


def at_handles(sketch: Sketch, curves: Sequence[Series], log_x: bool, sentence: str) -> Found:
    """Return the curve that a sketch is compared with: at each handle the first of some curves that reaches it."""
    heights = np.full(len(sketch.at), np.nan)
    for item in curves:
        heights = np.where(np.isfinite(heights), heights, sketch.truth(item, log_x))
    return Found(Series("found", "found", np.asarray(sketch.at, dtype=float), heights), sentence)


def verdict(snapshot: Snapshot, claim: str) -> Verdict:
    """Return what became of a claim.

    Raises:
        Undecided: the run does not judge it.
    """
    found = next((item for item in snapshot.verdicts if item.claim.id == claim), None)
    if found is None:
        raise Undecided(f"the run does not judge {claim}")
    return found


def holds(snapshot: Snapshot, claim: str) -> bool:
    """Whether a claim holds, of one that is decided.

    Raises:
        Undecided: it is not.
    """
    found = verdict(snapshot, claim)
    if found.status not in (Status.HOLDS, Status.FAILS):
        raise Undecided(f"{claim} is not decided: {found.status}{f', {found.reason}' if found.reason else ''}")
    return found.status is Status.HOLDS


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return f"{written(100 * share)} %"
