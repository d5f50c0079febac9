"""The claims of deep double descent: what each says, its tolerance, and how the trained networks and the simulations decide it.

Nakkiran et al. 2020, arXiv:1912.02292. With several seeds, errors and losses are means over them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Verdict
from engine.phenomena.deep_double_descent.exact import Simulated, landmarks
from engine.phenomena.deep_double_descent.members import CLEAN
from engine.phenomena.deep_double_descent.readings import Floats, Readings, interior_peak
from engine.transition import old_verdict

LOSS_TIMES, ERROR_MORE = 1.5, 0.03  # by how much a peak in width stands above both sides
FACTOR = 2.0  # within which the peak lies at nK parameters
PLATEAU, SES = 0.01, 2.0  # how much worse than narrower a clean network may be, and standard errors added to it
LATE_RISE = 0.02  # by how much a peak in time stands above both minima
SIMULATED = 4.0  # standard errors between simulation and formula
NAKKIRAN, HECKEL, GREYDANUS = "arXiv:1912.02292", "arXiv:2007.10099", "arXiv:2011.14439"
WIDE = ("quick", "standard", "digits5k")

CLAIMS = (
    Claim("DDD1", "Down-up-down in width: test MSE; error", NAKKIRAN, "interior peak", "above both sides x1.5; +.03", WIDE),
    Claim("DDD2", "MSE peak at nK parameters", NAKKIRAN, "argmax h = nK/51", "factor 2", WIDE),
    Claim("DDD3", "Second descent beats first minimum", NAKKIRAN, "error at largest h minus it < 0", "none", WIDE),
    Claim("DDD4", "Clean arm has no peak", GREYDANUS, "error at noisy peak width minus best narrower 0", "<= .01 + 2 SE",
          ("mnist1d-notebook",)),
    Claim("DDD5", "Noise raises the peak", NAKKIRAN, "peak MSE, noisy minus clean > 0", "none", ("standard",)),
    Claim("DDD6", "Epoch-wise, exact", HECKEL, "simulated two-scale risk = formula", "4 SE"),
    Claim("DDD7", "Epoch-wise, network", NAKKIRAN, "peak over both minima > 0", "+.02", ("nakkiran-resnet",)),
    Claim("DDD8", "More data can hurt: linear risk, d=100, sigma=.5, n=50 and 90", "arXiv:1912.07242", "higher at 90, formula", "4 SE"),
    Claim("DDD9", "Complexity is effective: EMC in h and in steps", NAKKIRAN, "rising", "one grid step", ("standard",)),
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What there is to decide by. over: whether training has ended; threshold: the width with nK parameters; tests: test examples."""

    readings: Readings
    scales: Simulated
    linear: Simulated
    threshold: float
    eps: float
    tests: int
    clean: bool
    over: bool


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Decide a claim; undecided, with the reason, while it cannot be."""
    if claim.id in EXACT:
        return EXACT[claim.id](claim, evidence)
    if not evidence.over:
        return _open(claim, "when training has ended")
    if len(evidence.readings.widths) < 3:
        return _open(claim, "needs three widths")
    return TRAINED[claim.id](claim, evidence)


def _open(claim: Claim, why: str) -> Verdict:
    return old_verdict(claim, claim.prediction, None, None, why)


def _mean(evidence: Evidence, name: str, arm: str = "noisy") -> Floats:
    return np.asarray(evidence.readings.last(name, arm).mean(1))


def _width(claim: Claim, evidence: Evidence) -> Verdict:
    loss, error = _mean(evidence, "test-loss"), _mean(evidence, "test-error")
    top, high = interior_peak(loss), interior_peak(error)
    times = float(loss[top] / max(loss[:top].min(), loss[top + 1 :].min()))
    more = float(error[high] - max(error[:high].min(), error[high + 1 :].min()))
    at = f"peaks at h={evidence.readings.widths[top]}; {evidence.readings.widths[high]}"
    return old_verdict(claim, "x1.5; +.03", f"x{times:.2f}; {more:+.3f}", times >= LOSS_TIMES and more >= ERROR_MORE, at)


def _threshold(claim: Claim, evidence: Evidence) -> Verdict:
    found = float(evidence.readings.widths[int(np.argmax(_mean(evidence, "test-loss")))])
    holds = evidence.threshold / FACTOR <= found <= evidence.threshold * FACTOR
    return old_verdict(claim, round(evidence.threshold, 1), found, holds, "widths trained are a coarse grid")


def _second(claim: Claim, evidence: Evidence) -> Verdict:
    error = _mean(evidence, "test-error")
    first = float(error[: interior_peak(error)].min())
    return old_verdict(claim, "< 0", float(error[-1] - first), bool(error[-1] < first), f"{error[-1]:.3f} against {first:.3f}")


def _plateau(claim: Claim, evidence: Evidence) -> Verdict:
    if not evidence.clean:
        return _open(claim, "needs the clean arm")
    top, clean = interior_peak(_mean(evidence, "test-error")), _mean(evidence, "test-error", CLEAN)
    best = float(clean[:top].min())
    spread = np.sqrt((clean[top] * (1 - clean[top]) + best * (1 - best)) / (evidence.tests * evidence.readings.seeds))
    more, allowed = float(clean[top] - best), PLATEAU + SES * float(spread)
    return old_verdict(
        claim, 0.0, more, more <= allowed, f"at h={evidence.readings.widths[top]}, allowed {allowed:.3f}; SE of the test sets"
    )


def _raises(claim: Claim, evidence: Evidence) -> Verdict:
    if not evidence.clean:
        return _open(claim, "needs the clean arm")
    noisy, clean = (float(_mean(evidence, "test-loss", arm)[1:-1].max()) for arm in ("noisy", CLEAN))
    return old_verdict(claim, "> 0", noisy - clean, noisy > clean, f"{noisy:.2f} against {clean:.2f}")


def _in_time(claim: Claim, evidence: Evidence) -> Verdict:
    widest = int(evidence.readings.widths[-1])
    error = evidence.readings.curve("test-error", widest).mean(1)
    first, peak, _ = landmarks(error, evidence.readings.fitting(widest))
    rise = float(error[peak] - max(error[first], error[peak:].min()))
    return old_verdict(claim, "> .02", rise, rise >= LATE_RISE, f"h={widest}, step {evidence.readings.steps[peak]:g}")


def _effective(claim: Claim, evidence: Evidence) -> Verdict:
    readings = evidence.readings
    if len(readings.swept) < 2 or len(readings.sizes) < 3:
        return _open(claim, "needs two widths at three sample sizes")
    places = np.stack([readings.complexity(int(h), evidence.eps) for h in readings.swept])  # (s, k)
    sizes = readings.sizes
    falls = [f"in steps at h={h}" for h, row in zip(readings.swept, places, strict=True) if not rises(row, sizes)]
    falls += [] if rises(places[:, -1], sizes) else ["in h"]
    ends = [f"{place_of(readings, row[-1])} at h={h}" for h, row in zip(readings.swept, places, strict=True)]
    note = f"grid of n {', '.join(map(str, sizes))}" + (f"; not rising {', '.join(falls)}" if falls else "")
    return old_verdict(claim, "rising", ", ".join(ends), not falls, note)


def rises(places: NDArray[np.int64], sizes: NDArray[np.int64]) -> bool:
    """Whether a sequence of places in a grid of sizes ends above its start and never falls more than one place below an earlier one.

    Both ends of the grid are limits: -1 is less than the first size, the last place that size or more. A fall from or to a
    limit may be of any depth, so it is one too many, unless the first size is 1 and below it is only 0.
    """
    highest = np.maximum.accumulate(places)
    falls = highest - places
    limit = (highest == len(sizes) - 1) | ((places < 0) & (sizes[0] > 1))
    return bool(places[-1] > places[0]) and bool(np.all((falls == 0) | ((falls == 1) & ~limit)))


def place_of(readings: Readings, place: int) -> str:
    """An EMC in words, with the ends of the grid shown as such."""
    if place < 0:
        return f"< {readings.sizes[0]}"
    return f"{readings.sizes[place]}" + ("+" if place == len(readings.sizes) - 1 else "")


def _two_scales(claim: Claim, evidence: Evidence) -> Verdict:
    marks = landmarks(evidence.scales.exact)
    worst = float(np.abs(evidence.scales.z[1:]).max())
    exact, mean = ("; ".join(f"{values[mark]:.3g}" for mark in marks) for values in (evidence.scales.exact, evidence.scales.mean))
    return old_verdict(claim, exact, mean, worst <= SIMULATED, f"valley; peak; end; farthest step {worst:.1f} SE")


def _hurts(claim: Claim, evidence: Evidence) -> Verdict:
    linear, worst = evidence.linear, float(np.abs(evidence.linear.z).max())
    exact, mean = ("; ".join(f"{value:.3g}" for value in values) for values in (linear.exact, linear.mean))
    return old_verdict(
        claim, exact, mean, bool(linear.mean[1] > linear.mean[0]) and worst <= SIMULATED, f"n=50; 90; farthest {worst:.1f} SE"
    )


Judge = Callable[[Claim, Evidence], Verdict]
EXACT: dict[str, Judge] = {"DDD6": _two_scales, "DDD8": _hurts}
TRAINED: dict[str, Judge] = {
    "DDD1": _width, "DDD2": _threshold, "DDD3": _second, "DDD4": _plateau, "DDD5": _raises, "DDD7": _in_time, "DDD9": _effective,
}  # fmt: skip
