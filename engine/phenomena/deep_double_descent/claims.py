"""The claims of deep double descent: what each says, its tolerance, and how the trained networks and the simulations decide it.

Nakkiran et al. 2020, arXiv:1912.02292. With several seeds, errors and losses are means over them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim
from engine.judging import Judgement, Judges, decided, not_applicable, pending
from engine.phenomena.deep_double_descent.exact import Simulated, landmarks, sample_wise, two_scales
from engine.phenomena.deep_double_descent.networks import LabelKind
from engine.phenomena.deep_double_descent.sweeps import interior_peak
from engine.readings import Floats

if TYPE_CHECKING:
    from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent

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
    Claim("DDD4", "Clean labels give no peak", GREYDANUS, "error at noisy peak width minus best narrower 0", "<= .01 + 2 SE",
          ("mnist1d-notebook",)),
    Claim("DDD5", "Noise raises the peak", NAKKIRAN, "peak MSE, noisy minus clean > 0", "none", ("standard",)),
    Claim("DDD6", "Epoch-wise, exact", HECKEL, "simulated two-scale risk = formula", "4 SE"),
    Claim("DDD7", "Epoch-wise, network", NAKKIRAN, "peak over both minima > 0", "+.02", ("nakkiran-resnet",)),
    Claim("DDD8", "More data can hurt: linear risk, d=100, sigma=.5, n=50 and 90", "arXiv:1912.07242", "higher at 90, formula", "4 SE"),
    Claim("DDD9", "Complexity is effective: EMC in h and in steps", NAKKIRAN, "rising", "one grid step", ("standard",)),
)  # fmt: skip
UNTRAINED = not_applicable("needs labels without noise too: knob clean")


def _means(run: DeepDoubleDescent, quantity: str, labels: LabelKind = "noisy") -> Floats:
    return np.asarray(run.sweeps.latest(quantity, labels).mean(1))


def _width(run: DeepDoubleDescent) -> Judgement:
    loss, error, widths = _means(run, "test-loss"), _means(run, "test-error"), run.sweeps.widths
    top, high = interior_peak(loss), interior_peak(error)
    times = float(loss[top] / max(loss[:top].min(), loss[top + 1 :].min()))
    more = float(error[high] - max(error[:high].min(), error[high + 1 :].min()))
    return decided(
        times >= LOSS_TIMES and more >= ERROR_MORE, f"x{times:.2f}; {more:+.3f}", f"peaks at h={widths[top]}; {widths[high]}",
        predicted="x1.5; +.03",
        values={"loss_ratio": times, "error_rise": more, "loss_peak_h": float(widths[top]), "error_peak_h": float(widths[high])},
    )  # fmt: skip


def _threshold(run: DeepDoubleDescent) -> Judgement:
    found = float(run.sweeps.widths[int(np.argmax(_means(run, "test-loss")))])
    holds = run.threshold / FACTOR <= found <= run.threshold * FACTOR
    return decided(holds, found, "widths trained are a coarse grid", predicted=round(run.threshold, 1))


def _second(run: DeepDoubleDescent) -> Judgement:
    error = _means(run, "test-error")
    first, last = float(error[: interior_peak(error)].min()), float(error[-1])
    values = {"first_minimum": first, "largest_h": last}
    return decided(last < first, last - first, f"{last:.3f} against {first:.3f}", predicted="< 0", values=values)


def _plateau(run: DeepDoubleDescent) -> Judgement:
    if not run.config.clean:
        return UNTRAINED
    top, clean = interior_peak(_means(run, "test-error")), _means(run, "test-error", "clean")
    best = float(clean[:top].min())
    spread = np.sqrt((clean[top] * (1 - clean[top]) + best * (1 - best)) / (run.config.tests * len(run.seeds)))
    more, allowed = float(clean[top] - best), PLATEAU + SES * float(spread)
    note = f"at h={run.sweeps.widths[top]}, allowed {allowed:.3f}; SE of the test sets"
    return decided(more <= allowed, more, note, predicted=0.0, values={"allowed": allowed})


def _raises(run: DeepDoubleDescent) -> Judgement:
    if not run.config.clean:
        return UNTRAINED
    noisy, clean = float(_means(run, "test-loss")[1:-1].max()), float(_means(run, "test-loss", "clean")[1:-1].max())
    return decided(
        noisy > clean, noisy - clean, f"{noisy:.2f} against {clean:.2f}", predicted="> 0", values={"noisy": noisy, "clean": clean}
    )


def _in_time(run: DeepDoubleDescent) -> Judgement:
    widest, steps = run.sweeps.widths[-1], run.sweeps.steps
    error = run.sweeps.curve("test-error", widest).mean(1)
    first, peak, _ = run.sweeps.landmarks()
    rise = float(error[peak] - max(error[first], error[peak:].min()))
    return decided(rise >= LATE_RISE, rise, f"h={widest}, step {steps[peak]:g}", predicted="> .02")


def _effective(run: DeepDoubleDescent) -> Judgement:
    swept, sizes = run.sweeps.swept, run.sweeps.sizes
    if len(swept) < 2 or len(sizes) < 3:
        return not_applicable("needs two widths at three sample sizes")
    places = run.sweeps.complexities()
    falls = [f"in steps at h={h}" for h, row in zip(swept, places, strict=True) if not rises(row, sizes)]
    falls += [] if rises(places[:, -1], sizes) else ["in h"]
    ends = [f"{size_at(sizes, row[-1])} at h={h}" for h, row in zip(swept, places, strict=True)]
    note = f"grid of n {', '.join(map(str, sizes))}" + (f"; not rising {', '.join(falls)}" if falls else "")
    reached = {"at_smallest_h": places[0, -1], "at_largest_h": places[-1, -1]}
    values = {name: float(sizes[place]) if place >= 0 else 0.0 for name, place in reached.items()}
    return decided(not falls, ", ".join(ends), note, predicted="rising", values={**values, "falls": float(len(falls))})


def rises(places: NDArray[np.int64], sizes: NDArray[np.int64]) -> bool:
    """Whether a sequence of places in a grid of sizes ends above its start and never falls more than one place below an earlier one.

    Both ends of the grid are limits: -1 is less than the first size, the last place that size or more. A fall from or to a
    limit may be of any depth, so it is one too many, unless the first size is 1 and below it is only 0.
    """
    highest = np.maximum.accumulate(places)
    falls = highest - places
    limit = (highest == len(sizes) - 1) | ((places < 0) & (sizes[0] > 1))
    return bool(places[-1] > places[0]) and bool(np.all((falls == 0) | ((falls == 1) & ~limit)))


def size_at(sizes: NDArray[np.int64], place: int) -> str:
    """An EMC in words, with the ends of the grid shown as such."""
    if place < 0:
        return f"< {sizes[0]}"
    return f"{sizes[place]}" + ("+" if place == len(sizes) - 1 else "")


def _two_scales(run: DeepDoubleDescent) -> Judgement:
    scales = two_scales(run.seeds[0])
    worst = float(np.abs(scales.z[1:]).max())
    return _simulated(scales, landmarks(scales.exact), worst <= SIMULATED, worst, "valley; peak; end; farthest step")


def _hurts(run: DeepDoubleDescent) -> Judgement:
    linear = sample_wise(run.seeds[0])
    worst = float(np.abs(linear.z).max())
    return _simulated(linear, (0, 1), bool(linear.mean[1] > linear.mean[0]) and worst <= SIMULATED, worst, "n=50; 90; farthest")


def _simulated(found: Simulated, places: Sequence[int], holds: bool, worst: float, what: str) -> Judgement:
    exact, mean = ("; ".join(f"{value:.3g}" for value in values[list(places)]) for values in (found.exact, found.mean))
    return decided(holds, mean, f"{what} {worst:.1f} SE", predicted=exact, values={"farthest": worst})


def _trained(judge: Callable[[DeepDoubleDescent], Judgement]) -> Callable[[DeepDoubleDescent], Judgement]:
    """Let a judge wait until training has ended, and ask it only where a peak in width could be."""

    def judged(run: DeepDoubleDescent) -> Judgement:
        if not run.done:
            return pending("when training has ended")
        return judge(run) if len(run.sweeps.widths) >= 3 else not_applicable("needs three widths")

    return judged


JUDGES: Judges[DeepDoubleDescent] = {
    "DDD1": _trained(_width), "DDD2": _trained(_threshold), "DDD3": _trained(_second), "DDD4": _trained(_plateau),
    "DDD5": _trained(_raises), "DDD6": _two_scales, "DDD7": _trained(_in_time), "DDD8": _hurts, "DDD9": _trained(_effective),
}  # fmt: skip
