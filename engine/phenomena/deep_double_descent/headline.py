"""The headline of deep double descent: at which width the test loss peaks, and where the test error ends.

Nakkiran et al. 2020, arXiv:1912.02292.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import LEAST, Known, percent, pooled, step
from engine.phenomena.deep_double_descent.sweeps import down_up_down

if TYPE_CHECKING:
    from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent


RISE = 1.02  # times the first minimum of test loss from which a peak is one: less is noise of the first steps


def highest(run: DeepDoubleDescent) -> list[float]:
    """Return the trained width at which each seed's test loss peaks; a curve that never rises has none."""
    places = [down_up_down(curve) for curve in run.sweeps.latest("test-loss").T]
    return [float(run.sweeps.widths[top]) for low, top, _ in places if top > low]


def clauses(run: DeepDoubleDescent, known: Known) -> Iterator[str]:
    """The networks as they are at the last measured step."""
    widest = int(run.sweeps.widths[-1])
    if not known.has("loss_peak_h"):
        yield f"test loss never rises with the width at step {run.history.last:,}"
    elif known.value("loss_peak") < RISE * known.value("loss_first_minimum"):
        yield f"test loss rises by less than {percent([RISE - 1])} with the width at step {run.history.last:,}"
    else:
        low = f"{known.number('loss_first_minimum')} at h = {known.count('loss_first_minimum_h')}"
        top = "the widest" if known.bounded("loss_peak_h") else f"h = {step(highest(run))}"
        yield f"test loss rises from {low} to {known.number('loss_peak').removeprefix(LEAST)} at {top}"
        fitted = "" if known.bounded("loss_peak_h") else f"fitted peak at h = {known.count('loss_peak_h')}, "
        yield f"{fitted}nK parameters at h = {run.threshold:,.0f}"
    first = f", {known.percent('error_first_minimum')} at its first minimum" if known.has("error_first_minimum") else ""
    yield f"test error {known.percent('error_widest')} at h = {widest:,}{first}"
    yield f"training error there {known.percent('train_error_widest')}"
    yield f"step {run.history.last:,}"
    yield from pooled(run.seeds)
