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
from engine.phenomena.deep_double_descent.domains import (
    BEATEN,
    CHANNELS,
    EXPECTED,
    IN_TIME,
    NOTEBOOK,
    PEAK,
    TRUE_LABELS,
    seeds_of_curve,
)
from engine.phenomena.deep_double_descent.exact import Simulated, landmarks, sample_wise, two_scales
from engine.phenomena.deep_double_descent.networks import LabelKind
from engine.phenomena.deep_double_descent.sweeps import down_up_down, mean_share, peak_position
from engine.readings import Floats

if TYPE_CHECKING:
    from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent

FALL = 0.1  # by how much the test error falls first
LOSS_TIMES, ERROR_MORE = 1.5, 0.03  # by how much a peak in width stands above both minima
FACTOR = 2.0  # within which the peak lies at nK parameters
PLATEAU, SES = 0.01, 2.0  # how much worse than narrower a clean network may be, and standard errors added to it
CHANNELS_MORE = 0.03  # by how much a peak in the width of convolutional networks stands above both minima
LATE_RISE = 0.02  # by how much a peak in time stands above both minima
FEWEST_SEEDS = 3  # over which a training error is an expected one
BY_CHANCE = 3.0  # standard errors of a training error at eps, which a fall of the complexity must exceed
SIMULATED = 4.0  # standard errors between simulation and formula
BY_LUCK, EXACTLY = 0.01, 0.001  # how often a claim on trained networks, and one on a formula, may fail though it is true: see notes.md
NAKKIRAN, HECKEL, GREYDANUS = "arXiv:1912.02292", "arXiv:2007.10099", "arXiv:2011.14439"
WIDE = ("quick", "standard")
CONVOLUTIONAL = ("nakkiran-resnet", "nakkiran-cnn", "nakkiran-resnet-small", "nakkiran-cnn-small")

CLAIMS = (
    Claim("DDD1", "Down-up-down in width: test error falls, then rises; peak of test loss over its higher minimum", NAKKIRAN,
          "falls, rises, loss ratio > 1", "falls >= .1, rises >= .03, loss ratio >= 1.5; first minimum of test loss < constant outputs'",
          WIDE, PEAK, BY_LUCK),
    Claim("DDD2", "Test loss peaks at the width h with nK parameters", NAKKIRAN, "peak h = nK/(inputs that vary + 1 + K)", "a factor of 2",
          WIDE, PEAK, BY_LUCK),
    Claim("DDD3", "Second descent: test error at the largest h less its first minimum", NAKKIRAN, "< 0", "none", WIDE,
          BEATEN, BY_LUCK),
    Claim("DDD4", "Clean labels give no peak: error at the width of the noisy peak less the best narrower one", GREYDANUS, "0",
          "<= .01 + 2 SE", ("mnist1d-notebook",), NOTEBOOK, BY_LUCK),
    Claim("DDD5", "Noise raises the peak: peak of test loss, noisy less clean", NAKKIRAN, "> 0", "none", ("standard",),
          (*PEAK, TRUE_LABELS), BY_LUCK),
    Claim("DDD6", "A linear model with two time scales has its exact risk at first minimum, peak and end", HECKEL, "formula",
          "4 SE", chance=EXACTLY),
    Claim("DDD7", "Test error of the widest network peaks over steps: peak less the higher minimum", NAKKIRAN, "> 0", ">= .02",
          ("nakkiran-resnet",), IN_TIME, BY_LUCK),
    Claim("DDD8", "More data can hurt: linear risk at n=50 and at n=90, d=100, sigma=.5", "arXiv:1912.07242", "formula, higher at 90",
          "4 SE", chance=EXACTLY),
    Claim("DDD9", "Effective model complexity (EMC) rises with h and with steps", NAKKIRAN, "rising", "one grid step", ("standard",),
          EXPECTED, BY_LUCK),
    Claim("DDD10", "Down-up-down in the width k of convolutional networks: peak of the test error less the higher minimum", NAKKIRAN,
          "> 0", ">= .03", CONVOLUTIONAL, CHANNELS, BY_LUCK),
)  # fmt: skip


def _errors(run: DeepDoubleDescent, labels: LabelKind = "noisy") -> Floats:
    return mean_share(run.sweeps.latest("test-error", labels))


def _losses(run: DeepDoubleDescent, labels: LabelKind = "noisy") -> Floats:
    return np.asarray(run.sweeps.latest("test-loss", labels).mean(1))


def _width(run: DeepDoubleDescent) -> Judgement:
    loss, error, widths = _losses(run), _errors(run), run.sweeps.widths
    low, top, end = down_up_down(loss)
    first, high, last = down_up_down(error)
    times = float(loss[top] / max(loss[low], loss[end]))
    fall, more = (float(np.round(value, 12)) for value in (error[0] - error[first], error[high] - max(error[first], error[last])))
    return decided(
        loss[low] < run.constant and fall >= FALL and times >= LOSS_TIMES and more >= ERROR_MORE,
        f"falls {fall:.2g}, rises {more:.2g}, loss ratio {times:.2f}",
        f"first minimum of test loss {loss[low]:.2f} at h={widths[low]}, constant outputs' {run.constant:.2f}",
        predicted="falls, rises, loss ratio > 1",
        values={"first_loss": float(loss[low]), "constant": run.constant, "error_fall": fall, "loss_ratio": times, "error_rise": more,
                "loss_peak_h": float(widths[top]), "error_peak_h": float(widths[high])},
    )  # fmt: skip


def _threshold(run: DeepDoubleDescent) -> Judgement:
    found = peak_position(run.sweeps.widths, _losses(run))
    holds = run.threshold / FACTOR <= found <= run.threshold * FACTOR
    note = "top of the parabola through the highest three widths"
    return decided(holds, round(found, 1), note, predicted=round(run.threshold, 1), values={"inputs": float(run.problems[0].varying)})


def _second(run: DeepDoubleDescent) -> Judgement:
    error = _errors(run)
    least, last = float(error[down_up_down(error)[0]]), float(error[-1])
    values = {"first_minimum": least, "largest_h": last}
    return decided(last < least, round(last - least, 4), f"{last:.3f} against {least:.3f}", predicted="< 0", values=values)


def _plateau(run: DeepDoubleDescent) -> Judgement:
    top, clean = down_up_down(_errors(run))[1], _errors(run, "clean")
    best = float(clean[: top + 1].min())
    spread = np.sqrt((clean[top] * (1 - clean[top]) + best * (1 - best)) / (run.config.tests * len(run.seeds)))
    more, allowed = float(np.round(clean[top] - best, 12)), PLATEAU + SES * float(spread)
    note = f"at h={run.sweeps.widths[top]}, allowed {allowed:.3f}; SE of the test sets"
    return decided(more <= allowed, round(more, 4), note, predicted=0.0, values={"allowed": allowed})


def _raises(run: DeepDoubleDescent) -> Judgement:
    losses = _losses(run)
    low, top, _ = down_up_down(losses)
    noisy, clean = float(losses[top]), float(_losses(run, "clean")[low:-1].max())
    note = f"{noisy:.2f} against {clean:.2f}, the highest from h={run.sweeps.widths[low]} on"
    return decided(noisy > clean, noisy - clean, note, predicted="> 0", values={"noisy": noisy, "clean": clean})


def _in_time(run: DeepDoubleDescent) -> Judgement:
    widest, steps = run.sweeps.widths[-1], run.sweeps.steps
    _, peak, _ = run.sweeps.landmarks()
    rise = run.sweeps.late_rise()
    return decided(rise >= LATE_RISE, rise, f"h={widest}, step {steps[peak]:g}", predicted="> 0")


def _in_channels(run: DeepDoubleDescent) -> Judgement:
    fewest = seeds_of_curve(run.config)
    if len(run.seeds) < fewest:
        return not_applicable(f"needs {fewest} seeds: the narrowest differ much from seed to seed")
    error, widths = _errors(run), run.sweeps.widths
    first, top, end = down_up_down(error)
    more = float(np.round(error[top] - max(error[first], error[end]), 12))
    note = f"minima {error[first]:.3f} and {error[end]:.3f} at k={widths[first]} and {widths[end]}, peak {error[top]:.3f} at {widths[top]}"
    values = {
        "first_minimum": float(error[first]),
        "peak": float(error[top]),
        "second_minimum": float(error[end]),
        "peak_k": float(widths[top]),
    }
    return decided(more >= CHANNELS_MORE, round(more, 4), note, predicted="> 0", values=values)


def _effective(run: DeepDoubleDescent) -> Judgement:
    if len(run.seeds) < FEWEST_SEEDS:
        return not_applicable(f"needs {FEWEST_SEEDS} seeds: the complexity is that of an expected error")
    swept, sizes = run.sweeps.swept, run.sweeps.sizes
    places, lucky = run.sweeps.complexities(), run.sweeps.complexities(BY_CHANCE)
    rows = zip(swept, places, lucky, strict=True)
    falls = [f"in steps at h={h}" for h, row, most in rows if not rises(row, sizes, most)]
    falls += [] if rises(places[:, -1], sizes, lucky[:, -1]) else ["in h"]
    ends = [f"{size_at(sizes, row[-1])} at h={h}" for h, row in zip(swept, places, strict=True)]
    note = f"grid of n {', '.join(map(str, sizes))}" + (f"; not rising {', '.join(falls)}" if falls else "")
    reached = {"at_smallest_h": places[0, -1], "at_largest_h": places[-1, -1]}
    values = {name: float(sizes[place]) if place >= 0 else 0.0 for name, place in reached.items()}
    return decided(not falls, ", ".join(ends), note, predicted="rising", values={**values, "falls": float(len(falls))})


def rises(places: NDArray[np.int64], sizes: NDArray[np.int64], lucky: NDArray[np.int64]) -> bool:
    """Whether a sequence of places in a grid of sizes ends above its start and never falls more than one place below an earlier one.

    lucky: places that errors above eps by luck alone would leave it; only what is below an earlier place even so has fallen.
    Both ends of the grid are limits: -1 is less than the first size, the last place that size or more. A fall from or to a
    limit may be of any depth, so it is one too many, unless the first size is 1 and below it is only 0.
    """
    highest = np.maximum.accumulate(places)
    falls = np.maximum(highest - np.maximum(places, lucky), 0)
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
    return _simulated(scales, landmarks(scales.exact), worst <= SIMULATED, worst, "farthest step")


def _hurts(run: DeepDoubleDescent) -> Judgement:
    linear = sample_wise(run.seeds[0])
    worst = float(np.abs(linear.z).max())
    return _simulated(linear, (0, 1), bool(linear.mean[1] > linear.mean[0]) and worst <= SIMULATED, worst, "farther one")


def _simulated(found: Simulated, places: Sequence[int], holds: bool, worst: float, what: str) -> Judgement:
    exact, mean = ("; ".join(f"{value:.3g}" for value in values[list(places)]) for values in (found.exact, found.mean))
    return decided(holds, mean, f"{what} {worst:.1f} SE off", predicted=exact, values={"farthest": worst})


def _trained(judge: Callable[[DeepDoubleDescent], Judgement]) -> Callable[[DeepDoubleDescent], Judgement]:
    """Let a judge wait until training has ended."""
    return lambda run: judge(run) if run.done else pending("when training has ended")


JUDGES: Judges[DeepDoubleDescent] = {
    "DDD1": _trained(_width), "DDD2": _trained(_threshold), "DDD3": _trained(_second), "DDD4": _trained(_plateau),
    "DDD5": _trained(_raises), "DDD6": _two_scales, "DDD7": _trained(_in_time), "DDD8": _hurts, "DDD9": _trained(_effective),
    "DDD10": _trained(_in_channels),
}  # fmt: skip
