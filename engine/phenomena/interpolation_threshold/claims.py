"""The claims of the interpolation threshold: what each says, its tolerance, and how the draws decide it.

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118; Belkin, Hsu, Xu 2020, arXiv:1903.07571; Marchenko, Pastur 1967; Edelman 1988;
Cover 1965. Means are compared where they exist, two or more away from d = n; at the threshold medians speak. How far from theory
the draws of a run may be is an exact quantile of their law, in `significance`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Condition, one_of, within
from engine.data.regression import NONE
from engine.data.spectrum import own_spectrum
from engine.judging import Judgement, Judges, decided, not_applicable, pending
from engine.phenomena.interpolation_threshold.config import InterpolationThresholdConfig
from engine.phenomena.interpolation_threshold.significance import (
    LUCK,
    norm_shares,
    separable_shares,
    smallest_shares,
    spectral_limit,
    train_error_shares,
)
from engine.phenomena.interpolation_threshold.sweep import Widths
from engine.state import Draws
from engine.theory.inputs import Floats
from engine.theory.linear_models.ridgeless import expected_train_mse, norm_law
from engine.theory.spectra.marchenko_pastur import kolmogorov_distance, mean_smallest_eigenvalue, smallest_eigenvalue_scale

if TYPE_CHECKING:
    from engine.phenomena.interpolation_threshold.experiment import InterpolationThreshold

ROUNDING = 1e-13  # rms training residual over s_max |w| up to which data count as interpolated
NEAR, WIDEST = (0.75, 1.33), 0.45  # d/n between which, and scale over edge above which, the law of the smallest eigenvalue is not known
AWAY = 2  # least |d - n| at which the mean norm exists
PEAKED = 2.0  # least sigma^2 n over r2: below, the errors beyond n that the signal makes hide the peak
FEWEST = 20  # draws whose medians are compared
PEAKS = {"norm": "norm", "condition-number": "condition number", "test-mse": "test MSE"}

STEEPEST = 1e-10  # n-th over first eigenvalue of an imported spectrum up to which double precision keeps the fit
FLAT = 0.01  # least 2n-th eigenvalue over the n-th: what hardly varies takes no noise off the threshold's neighbours


def _imported_noise(config: InterpolationThresholdConfig) -> bool:
    """Whether labels are noisy; of imported rows the fits below n show it."""
    return config.own_rows or config.sigma >= 1e-3


def _first(config: InterpolationThresholdConfig) -> tuple[float, float]:
    """Return largest eigenvalue and squared length of the weights, of an imported spectrum if there is one."""
    if not config.own_spectrum:
        return 1.0, config.r2
    given = own_spectrum(config.spectrum, config.spectrum_sha256)
    return float(given.eigenvalues[0]), config.r2 if given.target is None else float(given.target @ given.target)


def _share(config: InterpolationThresholdConfig, one: int, other: int) -> float:
    """Return an imported eigenvalue over another, by their places from 1; of built-in ones 1."""
    if not config.own_spectrum:
        return 1.0
    lam = own_spectrum(config.spectrum, config.spectrum_sha256).eigenvalues
    return float(lam[min(one, lam.size) - 1] / lam[min(other, lam.size) - 1])


def _visible(config: InterpolationThresholdConfig) -> bool:
    largest, r2 = _first(config)
    return config.sigma**2 * config.n >= PEAKED * r2 * largest


NOISY = within("sigma", 1e-3)
DRAWN = one_of("dataset", NONE)
OWN_NOISY = Condition("sigma at least 0.001, or rows of your own", _imported_noise)
ACCURATE = Condition(
    f"an own spectrum whose n-th eigenvalue is at least {STEEPEST:g} of the first", lambda c: _share(c, c.n, 1) >= STEEPEST
)
WITH_TAIL = Condition(f"an own spectrum whose 2n-th eigenvalue is at least {FLAT:g} of the n-th", lambda c: _share(c, 2 * c.n, c.n) >= FLAT)
ISOTROPIC, GAUSSIAN = one_of("spectrum", "isotropic"), one_of("entries", "gaussian")
BEYOND = Condition("d max beyond n", lambda config: round(config.d_max * config.n) > config.n)
PEAK = Condition(
    f"sigma^2 n at least {PEAKED:g} r2 (times the first eigenvalue of an own spectrum, r2 being |b|^2 of its signal)", _visible
)
FILLED = Condition("n at least 20 where entries are +1 and -1", lambda config: config.entries == "gaussian" or config.n >= 20)
WORDS = "fails 1 in 1,000 by luck"

CLAIMS = (
    Claim(
        "IT1", "Training error is 0 if and only if d >= n: largest residual from n on", "linear algebra", "0",
        "1e-13 s_max |w|, rms",
        domain=(OWN_NOISY, ACCURATE), chance=LUCK,
    ),
    Claim(
        "IT2", "Below n, mean training MSE is sigma2 (1 - d/n), the noise that the fit leaves over", "arXiv:1903.07571",
        "sigma2 (1 - d/n)", WORDS,
        domain=(DRAWN, NOISY, ACCURATE), chance=LUCK,
    ),
    Claim(
        "IT3", "The smallest eigenvalue falls to 0 towards n: its mean is that at finite n, d/n <= .75 or >= 1.33",
        "Tracy-Widom centre of the Marchenko-Pastur edge", "mean at finite n", WORDS,
        domain=(DRAWN, ISOTROPIC, GAUSSIAN, within("draws", 20)), chance=LUCK,
    ),
    Claim(
        "IT4", "The spectrum is Marchenko-Pastur: Kolmogorov distance", "Marchenko, Pastur 1967", "0", WORDS,
        domain=(DRAWN, ISOTROPIC, FILLED), chance=LUCK,
    ),
    Claim(
        "IT5", "One peak of norm, condition number and test error: its d, farthest from n", "arXiv:1812.11118", "n", "one grid step",
        domain=(DRAWN, NOISY, BEYOND, PEAK, FILLED, ACCURATE, WITH_TAIL, within("draws", 20)), chance=LUCK,
    ),
    Claim(
        "IT6", "Mean squared norm, |d-n| >= 2, is r2 min(1, n/d) + sigma2 min(n, d)/(|d-n|-1)", "arXiv:1903.07571",
        "r2 min(1, n/d) + sigma2 min(n, d)/(|d-n|-1)", WORDS,
        domain=(DRAWN, ISOTROPIC, GAUSSIAN, NOISY), chance=LUCK,
    ),
    Claim(
        "IT7", "Random labels become separable at n = 2d: their share is Cover's", "Cover 1965", "Cover's probability",
        WORDS, domain=(DRAWN, GAUSSIAN, within("draws", 30)), chance=LUCK,
    ),
)  # fmt: skip

Judge: TypeAlias = "Callable[[InterpolationThreshold], Judgement]"


def _all_drawn(judge: Judge) -> Judge:
    """Judge once, by every draw: laws of a fixed number of draws are not those of one that is looked at as it grows."""
    return lambda run: _awaited(run.sweeps, "draw") or judge(run)


def _awaited(drawn: Draws, what: str) -> Judgement | None:
    if drawn.complete:
        return None
    return pending(f"needs {drawn.count} {what}{'s' * (drawn.count > 1)}, {drawn.done} so far")


def _of_full_rank(judge: Callable[[InterpolationThreshold, NDArray[np.bool_]], Judgement], fewest: int = 1) -> Judge:
    """Judge the draws whose features have full rank at every d, if there are so many; say how many have not."""

    def judged(run: InterpolationThreshold) -> Judgement:
        regular = run.regular
        count, singular = regular.size, int((~regular).sum())
        if count - singular < min(fewest, run.sweeps.count):
            needed = f"needs {fewest} draw{'s' * (fewest > 1)} of full rank; {singular} of {count} are singular"
            return _awaited(run.sweeps, "draw") or not_applicable(needed)
        found = judge(run, regular)
        if not singular:
            return found
        note = f"{found.note}; without {singular} of {count} draws, which are singular at some d"
        return replace(found, note=note, values={**found.values, "singular share": singular / count})

    return judged


def _zero_from_n(run: InterpolationThreshold, regular: NDArray[np.bool_]) -> Judgement:
    residual, beyond = run.sweeps["residual"][regular], run.widths >= run.config.n
    fitted, unfitted = float(residual[:, beyond].max()), float(residual[:, ~beyond].min())
    if run.rows and fitted <= ROUNDING >= unfitted:
        return not_applicable("fewer than n features fit these targets exactly: they have no noise")
    note, values = f"smallest below n: {unfitted:.1g}".replace("e-0", "e-"), {"smallest below n": unfitted}
    return decided(fitted <= ROUNDING < unfitted, fitted, note, predicted=0.0, values=values)


def _train_error(run: InterpolationThreshold, regular: NDArray[np.bool_]) -> Judgement:
    n, below = run.config.n, run.widths < run.config.n
    widths, draws = run.widths[below], run.sweeps["train-mse"][regular][:, below]
    mean, sigma2 = draws.mean(axis=0), run.design.sigma2
    return _rarest(widths, mean, expected_train_mse(n, widths, sigma2), train_error_shares(n, widths, mean, len(draws), sigma2))


def _norm(run: InterpolationThreshold) -> Judgement:
    n, r2, sigma2 = run.config.n, run.config.r2, run.design.sigma2
    away = np.abs(run.widths - n) >= AWAY
    widths, mean = run.widths[away], run.sweeps["norm"][:, away].mean(axis=0)
    return _rarest(widths, mean, norm_law(n, widths, r2, sigma2), norm_shares(n, widths, mean, run.sweeps.done, r2, sigma2))


def _smallest(run: InterpolationThreshold) -> Judgement:
    n, gamma = run.config.n, run.widths / run.config.n
    known = ((gamma <= NEAR[0]) | (gamma >= NEAR[1])) & (smallest_eigenvalue_scale(n, run.widths) <= WIDEST)
    widths, mean = run.widths[known], run.sweeps["smallest-eigenvalue"][:, known].mean(axis=0)
    return _rarest(widths, mean, mean_smallest_eigenvalue(n, widths), smallest_shares(n, widths, mean, run.sweeps.done))


def _rarest(widths: Widths, mean: Floats, expected: Floats, shares: Floats) -> Judgement:
    """Judge by the d whose mean luck alone would bring so far away from its expectation the most rarely."""
    worst = int(np.argmin(shares))
    return _farthest(float(mean[worst]), float(expected[worst]), float(shares[worst]), shares.size, {"d": int(widths[worst])})


def _farthest(measured: float, predicted: float, share: float, compared: int, where: dict[str, int]) -> Judgement:
    """A claim about many means at once, judged by the smallest of their p-values, `share`, against its Bonferroni limit."""
    limit = LUCK / compared
    places = ", ".join(f"{name}={value}" for name, value in where.items())
    note = f"{places}, the rarest of {compared}: p-value {share:.2g}, limit {limit:.2g}".replace("e-0", "e-")
    numbers = {"share": share, "limit": limit, "compared": float(compared)} | {name: float(value) for name, value in where.items()}
    return decided(share >= limit, measured, note, predicted=predicted, values=numbers)


def _spectrum(run: InterpolationThreshold) -> Judgement:
    n = run.config.n
    distances = {d: spectral_distance(n, d, run.sweeps[name]) for d, name in run.references.items()}
    limits = {d: spectral_limit(n, d, run.sweeps.done) for d in distances}
    worst = max(distances, key=lambda d: distances[d] / limits[d])
    others = ", ".join(str(d) for d in distances)
    note, values = f"at d={worst}, the worst of {others}; limit {limits[worst]:.2g}", {"d": float(worst), "limit": limits[worst]}
    return decided(distances[worst] <= limits[worst], distances[worst], note, predicted=0.0, values=values)


def spectral_distance(n: int, d: int, spectra: Floats) -> float:
    """Return the Kolmogorov distance of all d eigenvalues, pooled over draws (k, min(n, d)), to the Marchenko-Pastur law."""
    zeros = np.zeros(len(spectra) * max(0, d - n))
    return kolmogorov_distance(np.concatenate([spectra.ravel(), zeros]), d / n)


def _peak(run: InterpolationThreshold, regular: NDArray[np.bool_]) -> Judgement:
    threshold = int(np.searchsorted(run.widths, run.config.n))
    places = {name: run.peak(name, regular) for name in PEAKS}
    farthest = max(places.values(), key=lambda place: abs(place - threshold))
    found = {name: float(run.widths[place]) for name, place in places.items()}
    note = ", ".join(f"{PEAKS[name]} {d:.0f}" for name, d in found.items())
    holds = abs(farthest - threshold) <= 1
    return decided(holds, float(run.widths[farthest]), note, predicted=float(run.config.n), values=found)


def _separable(run: InterpolationThreshold) -> Judgement:
    waiting = _awaited(run.maps, "random labelling")
    if waiting:
        return waiting
    expected, draws = run.cover, run.maps.done
    counts = run.maps["separable"].sum(axis=0)
    shares = separable_shares(expected, counts, draws)
    cell = np.unravel_index(int(np.argmin(shares)), shares.shape)
    open_cells = int(((expected > 0) & (expected < 1)).sum())
    n, d = (int(run.map_sizes[place]) for place in cell)
    measured, predicted = float(counts[cell]) / draws, float(expected[cell])
    return _farthest(measured, predicted, float(shares[cell]), max(1, open_cells), {"n": n, "d": d})


JUDGES: Judges[InterpolationThreshold] = {
    "IT1": _of_full_rank(_zero_from_n),
    "IT2": _all_drawn(_of_full_rank(_train_error)),
    "IT3": _all_drawn(_smallest),
    "IT4": _all_drawn(_spectrum),
    "IT5": _all_drawn(_of_full_rank(_peak, FEWEST)),
    "IT6": _all_drawn(_norm),
    "IT7": _separable,
}
