"""The claims of double descent: what each says, and how a run decides it within its tolerance, or why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Condition, one_of, within
from engine.data.regression import NONE
from engine.data.spectrum import own_spectrum
from engine.judging import Judgement, Judges, decided, not_applicable, pending, rarest
from engine.phenomena.double_descent.checks import NOISE_BEYOND, NOISE_N, NOISE_P, noise_beyond
from engine.phenomena.double_descent.config import NESTED, DoubleDescentConfig
from engine.phenomena.double_descent.curves import valleys
from engine.phenomena.double_descent.fourier import claims as fourier
from engine.phenomena.double_descent.gaussian import DIRECTIONS, PROFILES, Isotropic, energies
from engine.phenomena.double_descent.model import GROUPS
from engine.phenomena.double_descent.multiple import claims as multiple
from engine.phenomena.double_descent.network import claims as network
from engine.phenomena.double_descent.stopping import claims as stopping
from engine.theory.inputs import Floats
from engine.theory.kernels.random_features_finite import finite_error_terms
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.ridgeless import variance_factor
from engine.theory.linear_models.risk_distribution import excess_shares

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent

EXACT_GAP, LUCK = 10, 1e-3  # DD1: distance from n, and how often luck may bring a mean so far from its law, all p together
FEWEST = 10  # draws for a mean with a standard error
PEAK_AWAY, PEAKED, FLAT = 1, 2.0, 0.01  # DD2: features; noise at p = n over signal, and flatness of an imported spectrum, that show it
RISE = 0.02  # DD4: largest rise of the tuned risk from one p to the next
FACTOR_GAP, FACTOR_ERROR = 20, 0.05  # DD5: distance from n, relative error
SOLVER, CONDITION = 1e-9, 1e3  # DD6: relative difference; condition number of imported data whose square costs lstsq as much
LIMIT_BELOW, LIMIT_ABOVE, LIMIT_DRAWS, LIMIT_ERROR = 0.6, 2.0, 30, 0.2  # DD7: N/n, N/n, draws of all seeds, relative error
DIGIT_STEP, DIGIT_RATIO = 2, 10.0  # DD8: features of a grid step, peak over valley
NOISE_ERRORS = 4.0  # DD9: standard errors
VALLEY_ERRORS = 4.0  # DD3: how far apart minima must be, in standard errors
SETS_ERRORS = 6.0  # DD10: of 8 comparisons whose errors have 9 degrees of freedom; beyond it one run in 1,000

BHX, RF = "Belkin, Hsu, Xu 2020, arXiv:1903.07571", "Mei, Montanari 2022, arXiv:1908.05355"
GAUSSIAN, ISOTROPIC, DRAWN = one_of("features", "identity"), one_of("spectrum", "isotropic"), one_of("dataset", NONE)


def _shows_its_peak(config: DoubleDescentConfig) -> bool:
    """Whether noise outweighs what an imported spectrum leaves unseen beyond n, and its tail is no cliff."""
    if not config.own_spectrum:
        return True
    given = own_spectrum(config.spectrum, config.spectrum_sha256)
    lam, n = given.eigenvalues, config.n
    b2 = config.r2 if given.target is None else float(given.target @ given.target)
    return bool(config.sigma**2 * n >= PEAKED * b2 * lam[0] and lam[min(2 * n, lam.size) - 1] >= FLAT * lam[min(n, lam.size) - 1])


OWN_PEAK = Condition(
    "an own spectrum with sigma^2 n at least 2 |b|^2 times its first eigenvalue, whose 2n-th is at least .01 of the n-th", _shows_its_peak
)


def _amplifies(config: DoubleDescentConfig) -> bool:
    """Whether the noise that p = n makes of the labels' and of omitted features stands above the signal, where p = 0 has its error.

    At p = n it is n over a chi-square with one degree of freedom; the geometric mean of ten of these is above n/2 but for 1 in 10,000.
    """
    if config.own_rows or config.own_spectrum or config.features != "identity":
        return True
    signal, left_out = energies(config)
    return bool((config.sigma**2 + left_out) * config.n >= PEAKED * signal)


SOMETHING_TO_AMPLIFY = Condition(
    f"noise, or signal left out at p = n, whose variance times n is at least {PEAKED:g} times that of the signal", _amplifies
)
NESTED_CLAIMS = (
    Claim(
        "DD1", "The mean test MSE of the draws lies on its exact theory", BHX,
        "mean test MSE at least 10 features from n: Belkin-Hsu-Xu", "1 in 1,000 by luck, all widths together", ("quick", "standard"),
        (DRAWN, GAUSSIAN, ISOTROPIC, within("draws", FEWEST)), LUCK,
    ),
    Claim("DD2", "The peak is at p = n", BHX, "argmax of the draws' geometric mean: n", "1 feature",
          domain=(DRAWN, SOMETHING_TO_AMPLIFY, OWN_PEAK, within("draws", FEWEST)), chance=1e-3),
    Claim(
        "DD3", "Which valley is lower is as theory has it: the second with misspecification (head), the first without", BHX,
        "head: second; well-specified isotropic: first", "exact, where the two valleys are 4 SE apart", ("quick",),
        (DRAWN, GAUSSIAN, ISOTROPIC, within("draws", FEWEST)), 1e-3,
    ),
    Claim(
        "DD4", "The best ridge has no peak", "Nakkiran et al. 2021, arXiv:2003.01897",
        "mean risk over p, flat profile: non-increasing", "2 %; never above min-norm", ("quick",),
        (DRAWN, GAUSSIAN, ISOTROPIC, within("n", 100), within("draws", 20)), 0.01,
    ),
    Claim(
        "DD5", "Bias and variance given the inputs are known fractions (exercise 2)", "Hastie et al. 2022, arXiv:1903.08560",
        "variance/sigma2: d/(n-d-1), n/(d-n-1); squared bias/r2: 0, 1-n/d", "5 %, d at least 20 from n", ("standard",),
        (DRAWN, GAUSSIAN, ISOTROPIC), 0.01,
    ),
    Claim("DD6", "The fast path is exact", "numpy.linalg.lstsq at 20 values of p", "difference 0", "1e-9 relative", chance=1e-3),
    Claim("DD7", "Random ReLU features follow their equivalent at their size", f"{RF}; arXiv:2311.14646",
          "mean risk of 30 draws or more, N/n <= .6 or >= 2", "20 %", ("standard",),
          (within("relu_draws", 1), Condition("sigma^2 at most 4 r2", lambda c: c.sigma**2 <= 4 * c.r2)), 0.01),
    Claim(
        "DD8", "Real digits peak at N = n", "Belkin et al. 2019, arXiv:1812.11118",
        "argmax n; peak over both minima; second below first", "one grid step; > 10; yes", ("quick",),
        (Condition("digits at least 200 and digit features at least 4 times as many",
                   lambda c: c.digits >= 200 and c.digit_features >= 4 * c.digits), within("noise", hi=0.0)), 0.01,
    ),
    Claim(
        "DD9", "The noise error ignores the covariance below n, and not beyond", "Mourtada 2022, arXiv:1912.10754",
        f"n={NOISE_N}, three spectra: p/(n-p-1) at p={NOISE_P}; deterministic equivalents at p={NOISE_BEYOND}", "4 SE; 4 SE + 2/n",
        ("quick",), chance=1e-3,
    ),
    Claim(
        "DD10", "Over training sets, what is left out is mostly variance", BHX,
        "bias^2: |b_T|^2 (1-n/p)^2 + |b_C|^2; variance: the rest of the risk", "6 SE at p = n/2, n-10, 3n/2, D", ("quick", "standard"),
        (DRAWN, GAUSSIAN, ISOTROPIC, one_of("ridge", 0.0), one_of("tuned", False), within("draws", 2 * GROUPS), within("n", 50)), 0.01,
    ),
)  # fmt: skip
CLAIMS = (
    *(replace(claim, domain=(NESTED, *claim.domain)) for claim in NESTED_CLAIMS), *multiple.CLAIMS, *stopping.CLAIMS, *fourier.CLAIMS,
    *network.CLAIMS,
)  # fmt: skip


def _of_isotropic(predicted: str, judge: Callable[[DoubleDescent, Isotropic], Judgement]) -> Callable[[DoubleDescent], Judgement]:
    """Leave a claim to runs of isotropic Gaussian features, and wait for their last draw."""

    def decide(run: DoubleDescent) -> Judgement:
        assert isinstance(run.model, Isotropic)  # the claim's domain
        found = _undrawn(run, predicted) or judge(run, run.model)
        return found if found.predicted is not None else replace(found, predicted=predicted)

    return decide


def _undrawn(run: DoubleDescent, predicted: float | str) -> Judgement | None:
    """Nothing is said of the main curve before its last draw."""
    return pending(f"after {run.main_tasks} draws", predicted=predicted) if run.main.count < run.main_tasks else None


def _exact_curve(run: DoubleDescent, model: Isotropic) -> Judgement:
    """Hold the means against their exact law: near n it has a heavy tail, of which a standard error over draws knows nothing."""
    n, p = model.n, np.arange(1, model.D + 1)
    p = p[np.abs(p - n) >= EXACT_GAP]
    used, omitted = (part[p] for part in model.energy)
    noise = omitted + model.sigma**2
    means = run.main.mean("test")[0][p] - noise
    shares = excess_shares(n, p.astype(np.float64), means, run.main.count, used, noise, LUCK / p.size)
    worst = int(np.argmin(shares))
    found, predicted = float(means[worst] + noise[worst]), float(model.predict(p).test[worst])
    farthest = f"with {p[worst]} features the mean is {found:.4g}, theory {predicted:.4g}"
    values = {"predicted": predicted, "measured": found, "p": float(p[worst])}
    return rarest(float(shares[worst]), p.size, LUCK, farthest, values)


def _peak(run: DoubleDescent) -> Judgement:
    """Place the peak by the mean logarithm: over the draws an error at n has no mean, and its median scatters more."""
    n, early = run.model.n, _undrawn(run, run.model.n)
    if early:
        return early
    logarithms = np.log(np.maximum(run.main.stack("zero/test"), np.finfo(np.float64).tiny))
    top = float(run.p[int(np.argmax(logarithms.mean(axis=0)))])
    return decided(abs(top - n) <= PEAK_AWAY, top, predicted=n)


def _second_minimum(run: DoubleDescent, model: Isotropic) -> Judgement:
    names, p = ("head", "well-specified"), np.arange(model.D + 1)
    away = np.abs(p - model.n) >= EXACT_GAP
    expected, measured, doubts = list[str](), list[str](), list[str]()
    values: dict[str, float] = {}
    for name in names:
        mean, error = run.main.mean(name)
        exact = model.of_profile(PROFILES.index(name)).predict(p).test
        truth, found = (valleys(p.astype(np.float64), np.where(away, curve, np.nan), model.n) for curve in (exact, mean))
        if truth.second_below is None:
            return not_applicable(f"needs features beyond n={model.n} + {EXACT_GAP}, got D={model.D}")
        spread = float(np.hypot(error[int(truth.first)], error[int(truth.second)]))
        if abs(truth.second_low - truth.first_low) <= VALLEY_ERRORS * spread:
            doubts.append(name)
        expected.append(f"{name}: {_lower(truth.second_below)}")
        measured.append(f"{name}: {_lower(found.second_below)}")
        values |= {f"{name} first": found.first_low, f"{name} second": found.second_low}
    predicted = "; ".join(expected)
    if doubts:
        return not_applicable(
            f"the exact valleys of {' and '.join(doubts)} are within {VALLEY_ERRORS:g} SE of each other", predicted=predicted
        )
    return decided(measured == expected, "; ".join(measured), predicted=predicted, values=values)


def _lower(second: bool | None) -> str:
    return "second" if second else "first"


def _yes_no(answer: bool | None) -> str:
    return "yes" if answer else "no"


def _tuned(run: DoubleDescent, model: Isotropic) -> Judgement:
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
    condition = run.checks.condition
    if (run.config.own_rows or run.config.own_spectrum) and condition is not None and condition > CONDITION:
        return not_applicable(f"n features of your data have condition number {condition:.2g}, which costs lstsq its digits", predicted=0.0)
    return decided(found <= SOLVER, found, predicted=0.0)


def _limit(run: DoubleDescent) -> Judgement:
    predicted, model, noise = f"off by <= {LIMIT_ERROR:.0%}", run.relu_model, run.relu_model.sigma**2
    if run.relu.count < run.relu_tasks:
        return pending(f"after {run.relu_tasks} draws", predicted=predicted)
    if run.relu.count < LIMIT_DRAWS:
        needed = f"needs {LIMIT_DRAWS} draws of random features over all seeds, as preset standard has, got {run.relu.count}"
        return not_applicable(needed, predicted=predicted)
    p = run.relu_p
    far = (p > 0) & ((p <= LIMIT_BELOW * model.n) | (p >= LIMIT_ABOVE * model.n))
    bias, variance = finite_error_terms(p[far], model.n, model.d)
    expected, asymptotic = run.config.r2 * bias + noise * variance, model.limit(p[far]).test - noise
    found, every = run.relu.stack("test").mean(0)[far] - noise, np.ones(expected.size, dtype=bool)
    off, from_limit = _off(found, expected, every), _off(found, asymptotic, every)
    note = f"d={model.d}, n={model.n}; the limit of infinite sizes is off by {from_limit:.1%}"
    return decided(off <= LIMIT_ERROR, f"off by {off:.1%}", note, predicted=predicted, values={"off": off, "off the limit": from_limit})


def _digits(run: DoubleDescent) -> Judgement:
    model, curves, seeds = run.digits.model, run.digits.whole, len(run.seeds)
    assert model is not None  # the claim's domain
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
    below, beyond = float(variance_factor(NOISE_N, NOISE_P)), noise_beyond()
    predicted = f"{below:.3f}; " + ", ".join(f"{value:.3f}" for value in beyond.values())
    if run.checks.noise is None:
        return pending(f"after {run.main_tasks} draws", predicted=predicted)
    mean, error = mean_and_error(run.checks.noise.T)  # (2 x spectra,) each
    wanted = np.array([below] * len(beyond) + list(beyond.values()))
    slack = np.array([0.0] * len(beyond) + [2 * value / NOISE_N for value in beyond.values()])  # equivalents are limits
    away = np.maximum(np.abs(mean - wanted) - slack, 0.0) / error
    names = [f"{name} {place}" for place in ("below", "beyond") for name in beyond]
    k = len(beyond)
    measured = ", ".join(f"{value:.3f}" for value in mean[:k]) + "; " + ", ".join(f"{value:.3f}" for value in mean[k:])
    note = f"{', '.join(beyond)}; at most {away.max():.1f} SE"
    values = {**dict(zip(names, mean.tolist(), strict=True)), "standard errors": float(away.max())}
    return decided(bool(away.max() <= NOISE_ERRORS), measured, note, predicted=predicted, values=values)


def _over_sets(run: DoubleDescent, model: Isotropic) -> Judgement:
    fit = run.mean_fit
    assert fit is not None and fit.count >= 2
    wanted = [place for place in (model.n // 2, model.n - EXACT_GAP, 3 * model.n // 2, model.D) if abs(place - model.n) >= EXACT_GAP]
    at = np.unique([int(np.abs(fit.p - place).argmin()) for place in wanted if place <= model.D])
    theory = model.predict(fit.p[at]).over_sets
    assert theory is not None
    away = list[Floats]()
    values: dict[str, float] = {}
    for name, truth, (found, error) in zip(("bias^2", "variance"), theory, fit.decomposed(), strict=True):
        rounding = 1e-9 * (run.config.r2 + run.config.sigma**2)
        away.append(np.maximum(np.abs(found[at] - truth) - rounding, 0.0) / np.maximum(error[at], rounding))
        values |= {f"{name} at p={int(p)}": float(value) for p, value in zip(fit.p[at], found[at], strict=True)}
    worst, near = float(np.max(away)), int(at[fit.p[at] < model.n].max(initial=at[0]))
    (bias, _), (variance, _) = fit.decomposed()
    shown = np.flatnonzero(at == near)[0]
    predicted = f"{theory[0][shown]:.3g}; {theory[1][shown]:.3g}"
    note = f"at p={int(fit.p[near])}; at most {worst:.1f} SE at {at.size} p, {fit.count} training sets"
    return decided(worst <= SETS_ERRORS, f"{bias[near]:.3g}; {variance[near]:.3g}", note, predicted=predicted, values=values)


JUDGES: Judges[DoubleDescent] = {
    "DD1": _of_isotropic("", _exact_curve), "DD2": _peak, "DD3": _of_isotropic("head: second; well-specified: first", _second_minimum),
    "DD4": _of_isotropic(f"rise <= {RISE:.0%}, 0 p above min-norm", _tuned),
    "DD5": _of_isotropic(f"off by <= {FACTOR_ERROR:.0%}", _factors), "DD6": _solver, "DD7": _limit, "DD8": _digits, "DD9": _noise,
    "DD10": _of_isotropic("", _over_sets), **multiple.JUDGES, **stopping.JUDGES,
    **fourier.JUDGES, **network.JUDGES,
}  # fmt: skip
