"""The claims about the edge of stability, and how each is judged.

Cohen et al. 2021, arXiv:2103.00065; Damian et al. 2023, arXiv:2209.15594.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Condition, one_of, within
from engine.judging import PENDING, Judgement, Judges, censored, decided, not_applicable
from engine.phenomena.edge_of_stability.config import BEYOND, SIGNALS
from engine.phenomena.edge_of_stability.excursion_figures import LAST, changes, growth, over_first

if TYPE_CHECKING:
    from engine.phenomena.edge_of_stability.experiment import EdgeOfStability

HOVERING, HOVERS = 400, 0.1  # steps at the end, and how far their mean of eta S may be from 2
JITTERS = 3  # least number of rising steps from arrival on
FROM_ROUNDING = -float(np.log(np.finfo(np.float64).eps))  # growth, in logarithms, that makes a rounding error as large as the weights
LEARNING, LEARNS = 600, 0.1  # steps from arrival to the end at least; largest loss at the end over that at arrival
SHARP, FLOWED, APART = 16.0, 20.0, 4  # what the control's sharpness rises above, in what time eta t, and how much smaller its step is
LINEAR, DENSE = 1e-10, 1e-8
TRAINED, EXACT = 0.01, 0.001  # chances of failing by luck; notes.md says what was measured

COHEN = "Cohen et al. 2021, arXiv:2103.00065"
GROWS, AGAIN = 1e-4, 0.5  # tolerance of the model's growth a step; share of its loss at the edge that a network may have left, on signals
FEWEST = 5  # displaced steps, at least, of which anything can be said

DAMIAN = "Damian et al. 2023, arXiv:2209.15594"
PRESETS, PAPERS = ("quick", "standard"), ("quick", "standard", "cohen", "cohen-small")


def _with(data: str, *conditions: Condition) -> tuple[Condition, ...]:
    """The conditions, of a run on these data alone."""

    def only(one: Condition) -> Condition:
        return Condition(f"{one.words} on {data}", lambda config: config.dataset != data or one.test(config))

    return tuple(map(only, conditions))


TANH = (one_of("activation", "tanh"), one_of("depth", 2), within("tol", hi=1e-3))
SIGNAL = (
    one_of("targets", "parity"), one_of("scaling", "all"), one_of("init", "normal"), one_of("precision", "float64"),
    within("width", 24, 64), within("n", 100, 400), within("every", hi=25),
)  # fmt: skip
IMAGE = (one_of("targets", "one-hot"), one_of("scaling", "columns"), one_of("init", "uniform"), within("every", hi=50))
NETWORK = (one_of("dataset", SIGNALS), *SIGNAL, *TANH)
EDGE = (*NETWORK, within("edges", 8, 32))
LONG = (*EDGE, within("steps", 1000))
WIDELY = (
    one_of("dataset", SIGNALS, "digits196", "cifar10"), *TANH, *_with(SIGNALS, *SIGNAL, within("edges", 8, 32)),
    *_with("digits196", *IMAGE, within("width", 50, 100), within("n", 400, 600), within("edges", 5, 8)), *_with("cifar10", *IMAGE),
)  # fmt: skip
FOLLOWED = (within("steps", 1000), *WIDELY, *_with("digits196", within("steps", 2000)))
BELOW = (
    *NETWORK, within("control", 100), within("n", 200),
    Condition(f"control at least {APART} times the largest edge: a much smaller step", lambda c: c.control >= APART * max(c.edges)),
    Condition(f"steps at least {FLOWED / 2:g} times control, to sharpen", lambda c: 2 * c.steps >= FLOWED * c.control),
)  # fmt: skip
CLAIMS = (
    Claim("EOS1", "The sharpness hovers at 2/eta: mean eta S over the last 400 steps", COHEN, "2", "within .1", PAPERS, FOLLOWED, TRAINED),
    Claim("EOS2", "On the way there the loss falls at every step: networks with a rising one before arrival", COHEN,
          "0", "no exception", PAPERS, WIDELY, TRAINED),
    Claim("EOS3", "At the edge the loss jitters, and yet falls: rising steps; loss at the end over that at arrival", COHEN,
          "rising > 0; loss < 1",
          "rising >= 3; loss <= .1", PRESETS, LONG, TRAINED),
    Claim("EOS4", "A far shorter step (control) meets no edge while S rises: readings with a rising step; S at its highest", COHEN,
          "0; S rises on", f"no exception; S > {SHARP:g}", PRESETS, BELOW, TRAINED),
    Claim("EOS5", "Past the edge the quadratic model's loss grows (eta S - 1)^2 times a step, the network's falls again: error of the "
          "growth; network's loss in the end, over its first", COHEN, "error 0; loss < 1",
          "error 1e-4; loss <= .5, of images < 1", PAPERS, FOLLOWED, TRAINED),
    Claim("EOS6", "A linear model diverges as (1 - eta lam)^t: relative error of its coefficients after 200 steps, eta S = 2.1",
          "linear algebra", "0", "1e-10", chance=EXACT),
    Claim("EOS7", "The sharpness is the Hessian's: relative difference", "dense Hessian of a 40-8-8-1 network", "0", "1e-8",
          chance=EXACT),
    Claim("EOS8", "Displacement lowers the sharpness: rank correlation of x^2, of two steps, and the change of S in them", DAMIAN, "< 0",
          "no exception", PAPERS, FOLLOWED, TRAINED),
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


def _too_late(found: AtEdge, needed: int) -> Judgement | None:
    """Why a run that arrived so late says nothing of the steps after it."""
    last = found.arrival.max()
    return censored(None, f"needs {needed} steps after the last arrival, at {last:,.0f}") if last > found.steps[-1] - needed else None


def _hovers(run: EdgeOfStability) -> Judgement:
    found, undecided = _arrived(run)
    if undecided:
        return undecided
    short = _too_late(found, HOVERING)
    if short:
        return short
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
    words = f"{int((before > 0).sum())} of {len(below)}"
    beyond = len(found.arrival) - len(below)
    note = f"S has grown {growth.min():.3g} times or more" + (f"; {beyond} began beyond their edge" if beyond else "")
    return decided(not before.any(), words, note,
                   values={"least_growth": growth.min(), "networks_rising": int((before > 0).sum()), "began_beyond": beyond})  # fmt: skip


def _jitters(run: EdgeOfStability) -> Judgement:
    found, undecided = _arrived(run)
    if undecided:
        return undecided
    short = _too_late(found, LEARNING)
    if short:
        return short
    after = found.steps[:, None] > found.arrival
    rises = np.rint(found.rising * np.diff(found.steps, prepend=0.0)[:, None])  # steps, (k, networks)
    count = np.where(after, rises, 0).sum(axis=0)
    calm = (count < JITTERS) & (_growth(found) < FROM_ROUNDING)
    if calm.any():
        least = f"{int(calm.sum())} of {len(calm)} networks without {JITTERS} rising steps"
        return censored(
            least, f"too short beyond the edge to grow from rounding (exp({_growth(found)[calm].min():.0f}) times): raise steps"
        )
    places = np.searchsorted(found.steps, found.arrival)
    left = found.loss[-1] / found.loss[places, np.arange(len(places))]
    words = f"{count.min():.0f} to {count.max():.0f} rising; loss {left.max():.3g} at most"
    return decided(bool(count.min() >= JITTERS and left.max() <= LEARNS), words, f"{len(count)} networks",
                   values={"least_rising": count.min(), "most_rising": count.max(), "largest_loss_left": left.max()})  # fmt: skip


def _growth(found: AtEdge) -> Floats:
    """How far a displacement along the top eigenvector may have grown since the arrival, as a logarithm, (networks,).

    A step multiplies it by 1 - eta S; what shrinks again begins anew, from rounding errors.
    """
    grown = most = np.zeros(found.arrival.size)
    for place, steps in enumerate(np.diff(found.steps)):
        factor = np.log(np.maximum(np.abs(1 - found.eta_sharpness[place]), 0.1))
        grown = np.where(found.steps[place] >= found.arrival, np.maximum(0.0, grown + steps * factor), 0.0)
        most = np.maximum(most, grown)
    return most


def _no_edge(run: EdgeOfStability) -> Judgement:
    if not run.done:
        return PENDING
    rising = run.readings.table("rising", run.control.name)[1]
    sharpest = run.readings.table("sharpness", run.control.name)[1].max(axis=0)
    words = f"{int((rising > 0).sum())}; S {sharpest.min():.3g}"
    note = f"its 2/eta is {run.config.control:g}" + (f"; S of the least of {len(sharpest)} networks" if len(sharpest) > 1 else "")
    return decided(bool(not rising.any() and sharpest.min() > SHARP), words, note,
                   values={"least": sharpest.min(), "largest": sharpest.max(), "rising": rising.sum()})  # fmt: skip


def _followed(run: EdgeOfStability) -> Judgement | None:
    """Why nothing can be said of what follows when eta S has passed 2.1."""
    if not run.done:
        return PENDING
    missing = len(run.seeds) - len(run.excursions)
    if missing:
        return censored(
            f"{missing} of {len(run.seeds)} networks never read at eta S >= {BEYOND:g}", "more steps are needed, or another edge"
        )
    return None


def _contrast(run: EdgeOfStability) -> Judgement:
    undecided = _followed(run)
    if undecided:
        return undecided
    found = list(run.excursions.values())
    networks = [one.network for one in found]
    grown = np.array([growth(one) for one in found])
    if np.isnan(grown).any():
        return censored(None, "the model overflows within 50 steps")
    off = float(np.abs(grown - [(one.eta_sharpness - 1) ** 2 for one in found]).max())
    over = np.array([over_first(losses) for losses in networks])  # (networks, STEPS + 1)
    left, peak = float(np.median(over[:, -LAST:], axis=1).max()), float(over.max())
    words = f"error {off:.1e}; loss {left:.3g}"
    note = (
        f"model {grown.min():.3g} to {grown.max():.3g} times a step; network up to {peak:.3g} times its first loss; "
        f"in the end: median of steps {len(over[0]) - LAST} to {len(over[0]) - 1}, largest of {len(over)} networks"
    )
    back = left <= AGAIN if run.config.dataset == SIGNALS else left < 1
    return decided(off <= GROWS and back, words, note,
                   values={"off": off, "largest_loss_left": left, "peak": peak})  # fmt: skip


def _displaced(run: EdgeOfStability) -> Judgement:
    undecided = _followed(run)
    if undecided:
        return undecided
    pairs = [changes(one) for one in run.excursions.values()]
    steps = np.array([len(squares) for squares, _ in pairs])
    if steps.min() < FEWEST:
        return censored(None, f"{steps.min()} displaced steps of a network, {FEWEST} are needed")
    found = np.array([rank_correlation(squares, change) for squares, change in pairs])
    words = f"{found.min():.2f} to {found.max():.2f}"
    return decided(bool(found.max() < 0), words, f"{steps.min()} to {steps.max()} displaced steps a network",
                   values={"least": found.min(), "largest": found.max()})  # fmt: skip


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's, of sequences without ties."""
    return float(np.corrcoef(np.argsort(np.argsort(a)), np.argsort(np.argsort(b)))[0, 1])


def _linear(run: EdgeOfStability) -> Judgement:
    return decided(run.checks.linear <= LINEAR, run.checks.linear) if run.checks else PENDING


def _dense(run: EdgeOfStability) -> Judgement:
    return decided(run.checks.lanczos <= DENSE, run.checks.lanczos, "residual 1e-6") if run.checks else PENDING


JUDGES: Judges[EdgeOfStability] = {
    "EOS1": _hovers, "EOS2": _sharpens, "EOS3": _jitters, "EOS4": _no_edge, "EOS5": _contrast,
    "EOS6": _linear, "EOS7": _dense, "EOS8": _displaced,
}  # fmt: skip
