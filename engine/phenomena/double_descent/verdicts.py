"""What a run says of each claim: predicted, measured, and whether it holds within the tolerance, or why that cannot be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.double_descent.checks import NOISE_N, NOISE_P, noise_spectra
from engine.phenomena.double_descent.experiment import Experiment
from engine.phenomena.double_descent.gaussian import DIRECTIONS, Isotropic
from engine.phenomena.double_descent.setup import PROFILES
from engine.phenomena.double_descent.valleys import Valleys, valleys
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.ridgeless import variance_factor

EXACT_GAP, EXACT_ERRORS, EXACT_SHARE = 10, 4.0, 0.99  # DD1: distance from n, standard errors, share of p
FEWEST = 10  # draws for a mean with a standard error
PEAK_AWAY = 1  # DD2: features
RISE = 0.02  # DD4: largest rise of the tuned risk from one p to the next
FACTOR_GAP, FACTOR_ERROR = 20, 0.05  # DD5: distance from n, relative error
SOLVER = 1e-9  # DD6: relative difference
LIMIT_BELOW, LIMIT_ABOVE, LIMIT_DRAWS, LIMIT_ERROR = 0.6, 2.0, 10, 0.2  # DD7: N/n, N/n, draws, relative error
DIGIT_STEP, DIGIT_RATIO = 2, 10.0  # DD8: features of a grid step, peak over valley
NOISE_ERRORS = 4.0  # DD9: standard errors


@dataclass(frozen=True)
class Finding:
    """One claim's outcome; `holds` None says that it cannot be decided (yet), and the note why."""

    predicted: float | str
    measured: float | str | None
    holds: bool | None
    note: str = ""


def judge(claim: str, run: Experiment) -> Finding:
    """Return the outcome of a claim by its id."""
    return _JUDGES[claim](run)


def _waiting(predicted: float | str, run: Experiment) -> Finding | None:
    """Nothing is said of the main curve before its last draw."""
    if run.main.count < run.main_tasks:
        return Finding(predicted, None, None, f"after {run.main_tasks} draws")
    return None


def _isotropic(predicted: float | str, run: Experiment) -> Finding | None:
    """Claims of isotropic Gaussian features are not decided by a run of others."""
    if isinstance(run.model, Isotropic):
        return _waiting(predicted, run)
    return Finding(predicted, None, None, "needs preset quick or standard: these features are not isotropic Gaussian")


def _exact_curve(run: Experiment) -> Finding:
    predicted = f"{EXACT_SHARE:.0%} of p"
    early = _isotropic(predicted, run)
    if early or not isinstance(run.model, Isotropic):
        return early or Finding(predicted, None, None)
    if run.main.count < FEWEST:
        return Finding(predicted, None, None, f"needs {FEWEST} draws for a standard error, got {run.main.count}")
    mean, error = run.main.mean("test")
    p = np.arange(run.model.D + 1)
    far = np.abs(p - run.model.n) >= EXACT_GAP
    exact = run.model.predict(p).test
    rounding = 1e-12 * (run.knobs.r2 + run.knobs.sigma**2)
    share = float((np.abs(mean - exact) <= EXACT_ERRORS * error + rounding)[far].mean())
    return Finding(predicted, f"{share:.1%} within {EXACT_ERRORS:g} SE", share >= EXACT_SHARE)


def _peak(run: Experiment) -> Finding:
    n = run.model.n
    early = _waiting(n, run)
    if early:
        return early
    top = _median_valleys(run).peak
    quiet = "" if run.knobs.sigma > 0 or run.knobs.features == "fourier" else "without noise only what is left out can make a peak"
    return Finding(n, top, abs(top - n) <= PEAK_AWAY, quiet)


def _median_valleys(run: Experiment) -> Valleys:
    return valleys(run.p.astype(np.float64), np.median(run.main.stack("zero/test"), axis=0), run.model.n)


def _second_valley(run: Experiment) -> Finding:
    predicted = "yes; no"
    early = _isotropic(predicted, run)
    if early or not isinstance(run.model, Isotropic):
        return early or Finding(predicted, None, None)
    names, p = ("head", "well-specified"), np.arange(run.model.D + 1)
    measured = [valleys(p.astype(np.float64), run.main.mean(name)[0], run.model.n).second_below for name in names]
    exact = [valleys(p.astype(np.float64), run.model.of_profile(PROFILES.index(name)).predict(p).test, run.model.n) for name in names]
    if None in measured:
        return Finding(predicted, None, None, f"needs features beyond n={run.model.n}, got D={run.model.D}")
    words = [_yes_no(below) for below in measured]
    truth = [_yes_no(found.second_below) for found in exact]
    note = "" if words == ["yes", "no"] else f"the exact curves of these knobs say {'; '.join(truth)}"
    return Finding(predicted, "; ".join(words), words == ["yes", "no"], note)


def _yes_no(answer: bool | None) -> str:
    return "yes" if answer else "no"


def _tuned(run: Experiment) -> Finding:
    predicted = f"rise <= {RISE:.0%}, 0 p above min-norm"
    early = _isotropic(predicted, run)
    if early or not isinstance(run.model, Isotropic):
        return early or Finding(predicted, None, None)
    if run.main.count < FEWEST:
        return Finding(predicted, None, None, f"needs {FEWEST} draws for a mean, got {run.main.count}")
    sigma2 = run.model.sigma**2
    tuned, plain = run.main.mean("flat-tuned")[0], run.main.mean("flat")[0][run.ridges.p] - sigma2
    rise = float((np.diff(tuned) / np.maximum(tuned[:-1], 1e-9 * (run.knobs.r2 + sigma2))).max())
    above = int((tuned > plain * (1 + 1e-9)).sum())
    return Finding(predicted, f"{_rising(rise)}, {above} p above min-norm", rise <= RISE and above == 0)


def _rising(rise: float) -> str:
    return f"rise {rise:.2%}" if rise > 0 else "no rise"


def _factors(run: Experiment) -> Finding:
    predicted = f"off by <= {FACTOR_ERROR:.0%}"
    early = _isotropic(predicted, run)
    if early:
        return early
    n, p = run.model.n, np.arange(run.model.D + 1)
    far = (np.abs(p - n) >= FACTOR_GAP) & (p >= DIRECTIONS)
    variance, bias = run.main.mean("gain"), run.main.mean("single")
    below, above = far & (p < n), far & (p > n)
    truth = variance_factor(n, p)
    unseen = np.where(above, 1 - n / np.maximum(p, 1), 1.0)
    off = [_off(variance[0], truth, far), float(np.abs(bias[0][below]).max(initial=0.0)), _off(bias[0], unseen, above)]
    doubt = max(_off(truth + variance[1], truth, far), _off(unseen + bias[1], unseen, above))
    if not 3 * doubt <= FACTOR_ERROR:
        return Finding(predicted, None, None, f"needs preset standard, which has more draws: 3 standard errors are {3 * doubt:.0%}")
    return Finding(predicted, f"variance {off[0]:.1%}; bias {off[1]:.1g} below n, {off[2]:.1%} above", max(off) <= FACTOR_ERROR)


def _off(found: Floats, truth: Floats, at: NDArray[np.bool_]) -> float:
    """Largest relative difference; 0 where there is nothing to compare."""
    return float((np.abs(found[at] - truth[at]) / truth[at]).max(initial=0.0))


def _solver(run: Experiment) -> Finding:
    if run.disagreement is None:
        return Finding(0.0, None, None, f"after {run.main_tasks} draws")
    return Finding(0.0, run.disagreement, run.disagreement <= SOLVER)


def _limit(run: Experiment) -> Finding:
    predicted = f"off by <= {LIMIT_ERROR:.0%}"
    if run.relu.count < run.relu_tasks or not run.relu_tasks:
        return Finding(predicted, None, None, f"after {run.relu_tasks} draws" if run.relu_tasks else "relu draws is 0")
    if run.relu.count < LIMIT_DRAWS:
        return Finding(predicted, None, None, f"needs preset standard, which has {LIMIT_DRAWS} draws, not {run.relu.count}")
    model, p = run.relu_model, run.relu_p[run.relu_p > 0]
    theory = model.predict(p)
    assert theory is not None
    far = (p <= LIMIT_BELOW * model.n) | (p >= LIMIT_ABOVE * model.n)
    noise = model.sigma**2
    off = _off(run.relu.mean("test")[0][run.relu_p > 0] - noise, theory.test - noise, far)
    return Finding(predicted, f"off by {off:.1%}", off <= LIMIT_ERROR)


def _digits(run: Experiment) -> Finding:
    model = run.digit_model
    if model is None:
        return Finding("n", None, None, "digits is 0")
    predicted = f"N={model.n}, > {DIGIT_RATIO:g}x, yes"
    curves = run.whole_digits
    if len(curves) < len(run.seeds):
        return Finding(predicted, None, None, f"after {len(run.seeds)} curve{'s' * (len(run.seeds) > 1)}")
    found = valleys(curves[0].N, np.median([curve.mse for curve in curves], axis=0), model.n)
    ratio = found.height / max(found.first_low, found.second_low)
    holds = abs(found.peak - model.n) <= DIGIT_STEP and ratio > DIGIT_RATIO and found.second_below is True
    return Finding(predicted, f"N={found.peak:g}, {ratio:.0f}x, {_yes_no(found.second_below)}", holds)


def _noise(run: Experiment) -> Finding:
    predicted = float(variance_factor(NOISE_N, NOISE_P))
    if run.noise is None:
        return Finding(predicted, None, None, f"after {run.main_tasks} draws")
    mean, error = mean_and_error(run.noise.T)
    away = np.abs(mean - predicted) / error
    words = ", ".join(f"{name} {value:.3f}" for name, value in zip(noise_spectra(), mean, strict=True))
    return Finding(predicted, f"{words}; at most {away.max():.1f} SE", bool(away.max() <= NOISE_ERRORS))


_JUDGES: dict[str, Callable[[Experiment], Finding]] = {
    "DD1": _exact_curve, "DD2": _peak, "DD3": _second_valley, "DD4": _tuned, "DD5": _factors, "DD6": _solver, "DD7": _limit,
    "DD8": _digits, "DD9": _noise,
}  # fmt: skip
