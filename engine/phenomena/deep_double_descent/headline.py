"""The headline of deep double descent: test error, then test loss, at their first minimum, their peak and the largest width.

Nakkiran et al. 2020, arXiv:1912.02292.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, number, percent, pooled
from engine.phenomena.deep_double_descent.sweeps import down_up_down

if TYPE_CHECKING:
    from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent


def clauses(run: DeepDoubleDescent, known: Known) -> Iterator[str]:
    """The networks as they are at the last measured step."""
    yield over_width(run, "test-error", "test error", percent)
    wrong = float(np.mean([problem.flipped for problem in run.problems]))
    if wrong:
        yield f"{percent([wrong])} of train labels wrong"
    yield over_width(run, "test-loss", "test loss", number)
    yield f"nK parameters at h = {run.threshold:,.0f}"
    yield f"train error {known.percent('train_error_widest')} at h = {int(run.sweeps.widths[-1]):,}"
    yield f"step {run.history.last:,}"
    yield from pooled(run.seeds)


def over_width(run: DeepDoubleDescent, quantity: str, what: str, write: Callable[[Iterable[float]], str]) -> str:
    """Say a quantity at its first minimum, its peak and the largest width, of the seeds whose curves over width rise at all."""
    widths, curves = run.sweeps.widths, run.sweeps.latest(quantity).T
    end = f"{write(curves[:, -1])} at {{at}}{widths[-1]:,}"
    rising = [(curve, low, top) for curve in curves for low, top, _ in [down_up_down(curve)] if top > low]
    if not rising:
        return f"{what} never rises with the width, {end.format(at='h = ')}"
    lows, tops = (middle([int(widths[one[place]]) for one in rising]) for place in (1, 2))
    first = f"{what} {write([float(curve[low]) for curve, low, _ in rising])} at h = {lows:,}"
    if any(top == len(widths) - 1 for _, _, top in rising):
        return f"{first}, highest at the widest"
    return f"{first}, {write([float(curve[top]) for curve, _, top in rising])} at {tops:,}, {end.format(at='')}"


def middle(widths: list[int]) -> int:
    """Return the median of the seeds' widths, the lower one of two: a width that was trained."""
    return sorted(widths)[(len(widths) - 1) // 2]
