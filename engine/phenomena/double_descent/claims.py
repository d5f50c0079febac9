"""The claims of double descent: what each says, and how a run decides it within its tolerance, or why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim
from engine.judging import Judgement, Judges, decided, not_applicable, pending
from engine.phenomena.double_descent.checks import NOISE_N, NOISE_P, noise_spectra
from engine.phenomena.double_descent.curves import valleys
from engine.phenomena.double_descent.gaussian import DIRECTIONS, PROFILES, Isotropic
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.ridgeless import variance_factor

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent

EXACT_GAP, EXACT_ERRORS, EXACT_SHARE = 10, 4.0, 0.99  # DD1: distance from n, standard errors, share of p
FEWEST = 10  # draws for a mean with a standard error
PEAK_AWAY = 1  # DD2: features
RISE = 0.02  # DD4: largest rise of the tuned risk from one p to the next
FACTOR_GAP, FACTOR_ERROR = 20, 0.05  # DD5: distance from n, relative error
SOLVER = 1e-9  # DD6: relative difference
LIMIT_BELOW, LIMIT_ABOVE, LIMIT_DRAWS, LIMIT_ERROR = 0.6, 2.0, 10, 0.2  # DD7: N/n, N/n, draws, relative error
DIGIT_STEP, DIGIT_RATIO = 2, 10.0  # DD8: features of a grid step, peak over valley
NOISE_ERRORS = 4.0  # DD9: standard errors

BHX, RF = "Belkin, Hsu, Xu 2020, arXiv:1903.07571", "Mei, Montanari 2022, arXiv:1908.05355"
CLAIMS = (
    Claim(
        "DD1", "Simulation lies on the exact curve", BHX,
        "mean test MSE at p at least 10 from n: Belkin-Hsu-Xu", "4 SE at 99 % of p", ("standard",),
    ),
    Claim("DD2", "The peak is at p = n", BHX, "argmax of the median: n", "1 feature"),
    Claim(
        "DD3", "The second minimum is lower only with misspecification", BHX, "head: yes; well-specified isotropic: no", "exact", ("quick",)
    ),
    Claim(
        "DD4", "The best ridge has no peak", "Nakkiran et al. 2021, arXiv:2003.01897",
        "mean risk over p, flat profile: non-increasing", "2 %; never above min-norm", ("quick",),
    ),
    Claim(
        "DD5", "Bias and variance are known fractions (exercise 2)", "Hastie et al. 2022, arXiv:1903.08560",
        "variance/sigma2: d/(n-d-1), n/(d-n-1); squared bias/r2: 0, 1-n/d", "5 %, d at least 20 from n", ("standard",),
    ),
    Claim("DD6", "The fast path is exact", "numpy.linalg.lstsq at 20 values of p", "difference 0", "1e-9 relative"),
    Claim("DD7", "Random ReLU features follow their limit", RF, "mean risk of 10 draws, N/n <= .6 or >= 2", "20 %", ("standard",)),
    Claim(
        "DD8", "Real digits peak at N = n", "Belkin et al. 2019, arXiv:1812.11118",
        "argmax n; peak over both minima; second below first", "one grid step; > 10; yes", ("quick",),
    ),
    Claim(
        "DD9", "Below n the noise error ignores the covariance", "Mourtada 2022, arXiv:1912.10754",
        "n=60, p=40, three spectra: p/(n-p-1)", "4 SE", ("quick",),
    ),
)  # fmt: skip


def _of_isotropic(predicted: str, judge: Callable[[DoubleDescent, Isotropic], Judgement]) -> Callable[[DoubleDescent], Judgement]:
    """Leave a claim to runs of isotropic Gaussian features, and wait for their last draw."""

    def decide(run: DoubleDescent) -> Judgement:
        if not isinstance(run.model, Isotropic):
            return not_applicable("needs preset quick or standard: these features are not isotropic Gaussian", predicted=predicted)
        return _undrawn(run, predicted) or replace(judge(run, run.model), predicted=predicted)

    return decide


def _undrawn(run: DoubleDescent, predicted: float | str) -> Judgement | None:
    """Nothing is said of the main curve before its last draw."""
    return pending(f"after {run.main_tasks} draws", predicted=predicted) if run.main.count < run.main_tasks else None


def _exact_curve(run: DoubleDescent, model: Isotropic) -> Judgement:
    if run.main.count < FEWEST:
        return not_applicable(f"needs {FEWEST} draws for a standard error, got {run.main.count}")
    mean, error = run.main.mean("test")
    p = np.arange(model.D + 1)
    far = np.abs(p - model.n) >= EXACT_GAP
    rounding = 1e-12 * (run.config.r2 + run.config.sigma**2)
    share = float((np.abs(mean - model.predict(p).test) <= EXACT_ERRORS * error + rounding)[far].mean())
    return decided(share >= EXACT_SHARE, f"{share:.1%} within {EXACT_ERRORS:g} SE", values={"share": share})


def _peak(run: DoubleDescent) -> Judgement:
    n, early = run.model.n, _undrawn(run, run.model.n)
    if early:
        return early
    top = valleys(run.p.astype(np.float64), np.median(run.main.stack("zero/test"), axis=0), n).peak
    quiet = "" if run.config.sigma > 0 or run.config.features == "fourier" else "without noise only what is left out can make a peak"
    return decided(abs(top - n) <= PEAK_AWAY, top, quiet, predicted=n)


def _second_valley(run: DoubleDescent, model: Isotropic) -> Judgement:
    names, p = ("head", "well-specified"), np.arange(model.D + 1.0)
    head, whole = (valleys(p, run.main.mean(name)[0], model.n) for name in names)
    if head.second_below is None or whole.second_below is None:
        return not_applicable(f"needs features beyond n={model.n}, got D={model.D}")
    exact = [valleys(p, model.of_profile(PROFILES.index(name)).predict(p.astype(np.int64)).test, model.n) for name in names]
    answers = [_yes_no(found.second_below) for found in (head, whole)]
    holds = answers == ["yes", "no"]
    note = "" if holds else f"the exact curves of these knobs say {'; '.join(_yes_no(found.second_below) for found in exact)}"
    values = {
        "head first": head.first_low, "head second": head.second_low, "well-specified first": whole.first_low,
        "well-specified second": whole.second_low,
    }  # fmt: skip
    return decided(holds, "; ".join(answers), note, values=values)


def _yes_no(answer: bool | None) -> str:
    return "yes" if answer else "no"


def _tuned(run: DoubleDescent, model: Isotropic) -> Judgement:
    if run.main.count < FEWEST:
        return not_applicable(f"needs {FEWEST} draws for a mean, got {run.main.count}")
    sigma2 = model.sigma**2
    tuned, plain = run.main.mean("flat-tuned")[0], run.main.mean("flat")[0][run.ridges.p] - sigma2
    rise = float((np.diff(tuned) / np.maximum(tuned[:-1], 1e-9 * (run.config.r2 + sigma2))).max())
    above = int((tuned > plain * (1 + 1e-9)).sum())
    rising = f"rise {rise:.2%}" if rise > 0 else "no rise"
    values = {"largest rise": rise, "p above min-norm": above}
    return decided(rise <= RISE and above == 0, f"{rising}, {above} p above min-norm", values=values)


def _factors(run: DoubleDescent, model: Isotropic) -> Judgement:
    n, p = model.n, np.arange(model.D + 1)
    far = (np.abs(p - n) >= FACTOR_GAP) & (p >= DIRECTIONS)
    variance, bias = run.main.mean("gain"), run.main.mean("single")
    below, above = far & (p < n), far & (p > n)
    truth = variance_factor(n, p)
    unseen = np.where(above, 1 - n / np.maximum(p, 1), 1.0)
    off = [_off(variance[0], truth, far), float(np.abs(bias[0][below]).max(initial=0.0)), _off(bias[0], unseen, above)]
    doubt = max(_off(truth + variance[1], truth, far), _off(unseen + bias[1], unseen, above))
    if not 3 * doubt <= FACTOR_ERROR:
        return not_applicable(f"needs preset standard, which has more draws: 3 standard errors are {3 * doubt:.0%}")
    measured = f"variance {off[0]:.1%}; bias {off[1]:.1g} below n, {off[2]:.1%} above"
    values = dict(zip(("variance", "bias below n", "bias above n"), off, strict=True))
    return decided(max(off) <= FACTOR_ERROR, measured, values={**values, "standard error": doubt})


def _off(found: Floats, truth: Floats, at: NDArray[np.bool_]) -> float:
    """Largest relative difference; 0 where there is nothing to compare."""
    return float((np.abs(found[at] - truth[at]) / truth[at]).max(initial=0.0))


def _solver(run: DoubleDescent) -> Judgement:
    found = run.checks.disagreement
    if found is None:
        return pending(f"after {run.main_tasks} draws", predicted=0.0)
    return decided(found <= SOLVER, found, predicted=0.0)


def _limit(run: DoubleDescent) -> Judgement:
    predicted, model, noise = f"off by <= {LIMIT_ERROR:.0%}", run.relu_model, run.relu_model.sigma**2
    if not run.relu_tasks:
        return not_applicable("needs relu draws above 0", predicted=predicted)
    if run.relu.count < run.relu_tasks:
        return pending(f"after {run.relu_tasks} draws", predicted=predicted)
    if run.relu.count < LIMIT_DRAWS:
        return not_applicable(f"needs preset standard, which has {LIMIT_DRAWS} draws, not {run.relu.count}", predicted=predicted)
    p = run.relu_p[run.relu_p > 0]
    far = (p <= LIMIT_BELOW * model.n) | (p >= LIMIT_ABOVE * model.n)
    off = _off(run.relu.stack("test").mean(0)[run.relu_p > 0] - noise, model.limit(p).test - noise, far)
    return decided(off <= LIMIT_ERROR, f"off by {off:.1%}", predicted=predicted, values={"off": off})


def _digits(run: DoubleDescent) -> Judgement:
    model, curves, seeds = run.digits.model, run.digits.whole, len(run.seeds)
    if model is None:
        return not_applicable("needs digits above 0", predicted="n")
    predicted = f"N={model.n}, > {DIGIT_RATIO:g}x, yes"
    if len(curves) < seeds:
        return pending(f"after {seeds} curve{'s' * (seeds > 1)}", predicted=predicted)
    found = valleys(curves[0].N, np.median([curve.mse for curve in curves], axis=0), model.n)
    ratio = found.height / max(found.first_low, found.second_low)
    holds = abs(found.peak - model.n) <= DIGIT_STEP and ratio > DIGIT_RATIO and found.second_below is True
    measured = f"N={found.peak:g}, {ratio:.0f}x, {_yes_no(found.second_below)}"
    values = {"peak": found.peak, "ratio": ratio, "first valley": found.first_low, "second valley": found.second_low}
    return decided(holds, measured, predicted=predicted, values=values)


def _noise(run: DoubleDescent) -> Judgement:
    predicted = float(variance_factor(NOISE_N, NOISE_P))
    if run.checks.noise is None:
        return pending(f"after {run.main_tasks} draws", predicted=predicted)
    mean, error = mean_and_error(run.checks.noise.T)
    away = float((np.abs(mean - predicted) / error).max())
    means = dict(zip(noise_spectra(), mean.tolist(), strict=True))
    measured = ", ".join(f"{name} {value:.3f}" for name, value in means.items()) + f"; at most {away:.1f} SE"
    return decided(away <= NOISE_ERRORS, measured, predicted=predicted, values={**means, "standard errors": away})


JUDGES: Judges[DoubleDescent] = {
    "DD1": _of_isotropic(f"{EXACT_SHARE:.0%} of p", _exact_curve), "DD2": _peak, "DD3": _of_isotropic("yes; no", _second_valley),
    "DD4": _of_isotropic(f"rise <= {RISE:.0%}, 0 p above min-norm", _tuned),
    "DD5": _of_isotropic(f"off by <= {FACTOR_ERROR:.0%}", _factors), "DD6": _solver, "DD7": _limit, "DD8": _digits, "DD9": _noise,
}  # fmt: skip
