"""The claims about the edge of stability, and how each is judged.

Cohen et al. 2021, arXiv:2103.00065; Damian et al. 2023, arXiv:2209.15594.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim
from engine.judging import PENDING, Judgement, Judges, censored, decided, not_applicable

if TYPE_CHECKING:
    from engine.phenomena.edge_of_stability.experiment import EdgeOfStability

HOVERING, HOVERS = 400, 0.1  # steps at the end, and how far their mean of eta S may be from 2
JITTERING, JITTERS, LEARNS = 300, 0.01, 0.1  # steps from arrival; least share of rising ones; largest loss at the end over that at arrival
SHARP, SHARPENED, APART = 16.0, 1000, 4  # what the control's sharpness rises above, in how many steps, and how much smaller its step is
LINEAR, DENSE = 1e-10, 1e-8

COHEN = "Cohen et al. 2021, arXiv:2103.00065"
CLAIMS = (
    Claim("EOS1", "The sharpness hovers at 2/eta", COHEN, "mean eta S, last 400 steps: 2", ".1", ("quick", "standard")),
    Claim("EOS2", "It rises there first, while the loss falls at every step", COHEN, "S at arrival/start > 1; rising steps before: 0",
          "none", ("quick", "standard")),
    Claim("EOS3", "At the edge the loss jitters, and yet falls", COHEN, "rising share > 0, end/arrival < 1, 300 steps from arrival",
          ">= .01; <= .1", ("quick", "standard")),
    Claim("EOS4", "A small step meets no edge", COHEN, "control: rising steps 0; S rises above 16", "none", ("quick", "standard")),
    Claim("EOS6", "A linear model diverges as computed", "linear algebra", "eta S = 2.1, 200 steps: coefficients (1 - eta lam)^t",
          "1e-10 relative"),
    Claim("EOS7", "The sharpness is the Hessian's", "dense Hessian of a 40-8-8-1 network", "difference 0", "1e-8 relative"),
)  # fmt: skip
Floats = NDArray[np.float64]


class AtEdge(NamedTuple):
    """Readings of all networks that are to reach their edge, (k, networks), and when each arrived, (networks,), nan if it did not."""

    steps: Floats
    eta_sharpness: Floats
    loss: Floats
    rising: Floats
    arrival: Floats


def at_edge(run: EdgeOfStability) -> AtEdge:
    """Return what was measured of the runs other than the control."""
    names = [setting.name for setting in run.edges]

    def every(quantity: str) -> Floats:
        return np.hstack([run.readings.table(quantity, name)[1] for name in names])

    arrival = np.concatenate([run.readings.first_step("eta-sharpness", name, 2.0) for name in names])
    return AtEdge(run.readings.table("loss", names[0])[0], every("eta-sharpness"), every("loss"), every("rising"), arrival)


def _arrived(run: EdgeOfStability) -> tuple[AtEdge, Judgement | None]:
    """The readings, or why nothing can be said of them."""
    found = at_edge(run)
    if not run.done:
        return found, PENDING
    late = int(np.isnan(found.arrival).sum())
    if late:
        return found, censored(f"{late} of {len(found.arrival)} not at their edge by step {run.step:,}", "more steps are needed")
    return found, None


def _hovers(run: EdgeOfStability) -> Judgement:
    found, undecided = _arrived(run)
    if undecided:
        return undecided
    if found.arrival.max() > found.steps[-1] - HOVERING:
        return censored(None, f"needs {HOVERING} steps after the last arrival, at {found.arrival.max():,.0f}")
    mean = found.eta_sharpness[found.steps > found.steps[-1] - HOVERING].mean(axis=0)
    off = float(np.abs(mean - 2).max())
    words = f"{mean.min():.3f} to {mean.max():.3f}"
    return decided(off <= HOVERS, words, f"{len(mean)} networks", values={"least": mean.min(), "largest": mean.max()})


def _sharpens(run: EdgeOfStability) -> Judgement:
    found, undecided = _arrived(run)
    if undecided:
        return undecided
    below = np.flatnonzero(found.arrival > 0)  # a network that begins beyond its edge cannot rise there: it is catapulted back
    if not below.size:
        return not_applicable("needs networks that begin below their edge: raise edges")
    places = np.searchsorted(found.steps, found.arrival[below])
    growth = found.eta_sharpness[places, below] / found.eta_sharpness[0, below]
    before = np.array([found.rising[:place, column].sum() for column, place in zip(below, places, strict=True)])
    words = f"at least {growth.min():.3g}; {int((before > 0).sum())} networks with a rising step"
    beyond = len(found.arrival) - len(below)
    note = "readings before the one of arrival" + (f"; {beyond} began beyond their edge" if beyond else "")
    return decided(bool(growth.min() > 1 and not before.any()), words, note,
                   values={"least_growth": growth.min(), "networks_rising": int((before > 0).sum()), "began_beyond": beyond})  # fmt: skip


def _jitters(run: EdgeOfStability) -> Judgement:
    found, undecided = _arrived(run)
    if undecided:
        return undecided
    after = (found.steps[:, None] > found.arrival) & (found.steps[:, None] <= found.arrival + JITTERING)
    share = np.array([found.rising[after[:, column], column].mean() for column in range(len(found.arrival))])
    places = np.searchsorted(found.steps, found.arrival)
    left = found.loss[-1] / found.loss[places, np.arange(len(places))]
    words = f"{share.min():.3f} to {share.max():.3f}; at most {left.max():.3g}"
    return decided(bool(share.min() >= JITTERS and left.max() <= LEARNS), words, f"{len(share)} networks",
                   values={"least_share": share.min(), "largest_share": share.max(), "largest_loss_left": left.max()})  # fmt: skip


def _no_edge(run: EdgeOfStability) -> Judgement:
    if run.config.control < APART * max(run.config.edges):
        return not_applicable(f"needs a control of at least {APART} times the largest edge: a much smaller step")
    if run.config.steps < SHARPENED:
        return not_applicable(f"needs {SHARPENED:,} steps, in which so small a step sharpens")
    if not run.done:
        return PENDING
    rising = run.readings.table("rising", run.control.name)[1]
    sharpest = run.readings.table("sharpness", run.control.name)[1].max(axis=0)
    words = f"{int((rising > 0).sum())} readings with a rising step; S {sharpest.min():.3g} to {sharpest.max():.3g}"
    return decided(bool(not rising.any() and sharpest.min() > SHARP), words, f"2/eta = {run.config.control:g}",
                   values={"least": sharpest.min(), "largest": sharpest.max(), "rising": rising.sum()})  # fmt: skip


def _linear(run: EdgeOfStability) -> Judgement:
    return decided(run.checks.linear <= LINEAR, run.checks.linear) if run.checks else PENDING


def _dense(run: EdgeOfStability) -> Judgement:
    return decided(run.checks.lanczos <= DENSE, run.checks.lanczos, "residual 1e-6") if run.checks else PENDING


JUDGES: Judges[EdgeOfStability] = {
    "EOS1": _hovers, "EOS2": _sharpens, "EOS3": _jitters, "EOS4": _no_edge, "EOS6": _linear, "EOS7": _dense,
}  # fmt: skip
