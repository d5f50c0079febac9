"""The claims of the interpolation threshold: what each says, its tolerance, and how the draws decide it.

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118; Belkin, Hsu, Xu 2020, arXiv:1903.07571; Marchenko, Pastur 1967; Edelman 1988;
Cover 1965. Means are compared 10 or more away from d = n, where they exist; at the threshold medians speak.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from engine.contract import Claim
from engine.judging import Judgement, Judges, decided, not_applicable, pending
from engine.phenomena.interpolation_threshold.sweep import Widths
from engine.state import Draws
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.ridgeless import expected_train_mse, norm_law
from engine.theory.spectra.marchenko_pastur import kolmogorov_distance, mean_smallest_eigenvalue

if TYPE_CHECKING:
    from engine.phenomena.interpolation_threshold.experiment import InterpolationThreshold

ROUNDING = 1e-13  # rms training residual over s_max |w| up to which data count as interpolated
ERRORS = 4.0  # standard errors that a mean may be off
CENTRE, LOWER, UPPER = 0.10, 0.75, 1.33  # relative error of the smallest eigenvalue; d/n outside which it is compared
DISTANCE = 0.2  # Kolmogorov distance times sqrt(n): .02 at n = 100, .01 at n = 400
AWAY = 10  # least |d - n| at which the mean norm is compared
SIGMAS = 4.0  # binomial deviations that a separable share may be off
FEWEST, FEWEST_LABELLED = 20, 30  # draws from which means and medians, and shares, are compared

CLAIMS = (
    Claim("IT1", "Training error is 0 if and only if d >= n", "linear algebra", "0 iff d >= n", "rms <= 1e-13 s_max |w| from n on"),
    Claim("IT2", "Below n, training error is what noise the fit leaves over", "arXiv:1903.07571", "sigma2 (1 - d/n)", "4 SE"),
    Claim(
        "IT3", "The smallest eigenvalue touches 0 at n", "Tracy-Widom centre of the Marchenko-Pastur edge", "finite-n centre",
        "10 %, d/n <= .75 or >= 1.33", ("quick",),
    ),
    Claim("IT4", "The spectrum is Marchenko-Pastur", "Marchenko, Pastur 1967", "Kolmogorov distance 0", ".02 at n=100, .01 at n=400"),
    Claim("IT5", "One peak of norm, condition number and test error", "arXiv:1812.11118", "argmax of the medians: n", "one grid step"),
    Claim("IT6", "Norm law", "arXiv:1903.07571", "r2 min(1, n/d) + sigma2 min(n, d)/(|d-n|-1)", "4 SE, |d-n| >= 10", ("quick",)),
    Claim("IT7", "Random labels become separable at n = 2d", "Cover 1965", "Cover's probability", "4 binomial sigma", ("quick",)),
)  # fmt: skip

Judge: TypeAlias = "Callable[[InterpolationThreshold], Judgement]"
Need: TypeAlias = "tuple[Callable[[InterpolationThreshold], bool], str]"

NOISE: Need = (lambda run: run.config.sigma > 0, "needs label noise: without it no d has anything to fit but the signal")
BEYOND: Need = (lambda run: round(run.config.d_max * run.config.n) > run.config.n, "needs d beyond n: raise d max")
ISOTROPIC: Need = (lambda run: run.config.spectrum == "isotropic", "needs isotropic features")
GAUSSIAN: Need = (lambda run: run.config.entries == "gaussian", "needs gaussian entries")


def _given(judge: Judge, *needs: Need, draws: int = FEWEST, labellings: int = 0, every: bool = False) -> Judge:
    """Judge where every need is met, by at least so many draws and random labellings, or by every draw of the run."""

    def judged(run: InterpolationThreshold) -> Judgement:
        for met, reason in needs:
            if not met(run):
                return not_applicable(reason)
        fewest = max(draws, run.sweeps.count) if every else draws
        return _awaited(run.sweeps, fewest, "draw") or _awaited(run.maps, labellings, "random labelling") or judge(run)

    return judged


def _awaited(drawn: Draws, fewest: int, what: str) -> Judgement | None:
    if drawn.done >= fewest:
        return None
    reason = f"needs {fewest} {what}{'s' * (fewest > 1)}, {drawn.done} so far"
    return pending(reason) if drawn.count >= fewest else not_applicable(reason)


def _zero_from_n(run: InterpolationThreshold) -> Judgement:
    residual, beyond = run.sweeps["residual"], run.widths >= run.config.n
    fitted, unfitted = float(residual[:, beyond].max()), float(residual[:, ~beyond].min())
    note, values = f"largest residual from n on; the smallest below n is {unfitted:.1g}", {"smallest below n": unfitted}
    return decided(fitted <= ROUNDING < unfitted, fitted, note, predicted="0 from n on", values=values)


def _train_error(run: InterpolationThreshold) -> Judgement:
    below = run.widths < run.config.n
    expected = expected_train_mse(run.config.n, run.widths[below], run.design.sigma2)
    return _worst_mean(run.widths[below], run.sweeps["train-mse"][:, below], expected)


def _norm(run: InterpolationThreshold) -> Judgement:
    away = np.abs(run.widths - run.config.n) >= AWAY
    expected = norm_law(run.config.n, run.widths[away], run.config.r2, run.design.sigma2)
    return _worst_mean(run.widths[away], run.sweeps["norm"][:, away], expected)


def _worst_mean(widths: Widths, draws: Floats, expected: Floats) -> Judgement:
    """Compare means with their expectations, in standard errors."""
    mean, error = mean_and_error(draws)
    off = np.abs(mean - expected) / np.where(error > 0, error, np.inf)
    return _worst(widths, mean, expected, off, ERRORS, "{:.1f} SE")


def _smallest(run: InterpolationThreshold) -> Judgement:
    n, gamma = run.config.n, run.widths / run.config.n
    away = (gamma <= LOWER) | (gamma >= UPPER)
    mean, _ = mean_and_error(run.sweeps["smallest-eigenvalue"][:, away])
    centre = mean_smallest_eigenvalue(n, run.widths[away])
    return _worst(run.widths[away], mean, centre, np.abs(mean / centre - 1), CENTRE, "{:.1%} off")


def _worst(widths: Widths, mean: Floats, expected: Floats, off: Floats, limit: float, distance: str) -> Judgement:
    """Judge by the d at which a mean is the farthest off."""
    worst = int(np.argmax(off))
    note = f"at d={widths[worst]}, the worst of {off.size}: {distance.format(off[worst])}"
    values = {"d": float(widths[worst]), "off": float(off[worst]), "limit": limit}
    return decided(bool(off[worst] <= limit), float(mean[worst]), note, predicted=float(expected[worst]), values=values)


def _spectrum(run: InterpolationThreshold) -> Judgement:
    n = run.config.n
    distances = {d: spectral_distance(n, d, run.sweeps[name]) for d, name in run.references.items()}
    worst = max(distances, key=lambda d: distances[d])
    limit = DISTANCE / np.sqrt(n)
    others = ", ".join(str(d) for d in distances)
    note, values = f"at d={worst}, the worst of {others}; limit {limit:.3f}", {"d": float(worst), "limit": float(limit)}
    return decided(bool(distances[worst] <= limit), distances[worst], note, predicted=0.0, values=values)


def spectral_distance(n: int, d: int, spectra: Floats) -> float:
    """Return the Kolmogorov distance of all d eigenvalues, pooled over draws (k, min(n, d)), to the Marchenko-Pastur law."""
    zeros = np.zeros(len(spectra) * max(0, d - n))
    return kolmogorov_distance(np.concatenate([spectra.ravel(), zeros]), d / n)


def _peak(run: InterpolationThreshold) -> Judgement:
    threshold = int(np.searchsorted(run.widths, run.config.n))
    places = {name: int(np.argmax(np.median(run.sweeps[name], axis=0))) for name in ("norm", "condition-number", "test-mse")}
    farthest = max(places.values(), key=lambda place: abs(place - threshold))
    found = {name: float(run.widths[place]) for name, place in places.items()}
    note = ", ".join(f"{name} {d:.0f}" for name, d in found.items())
    holds = abs(farthest - threshold) <= 1
    return decided(holds, float(run.widths[farthest]), note, predicted=float(run.config.n), values=found)


def _separable(run: InterpolationThreshold) -> Judgement:
    expected, share, draws = run.cover, run.mean_map("separable"), run.maps.done
    deviation = np.sqrt(expected * (1 - expected) / draws)
    off = np.abs(share - expected) / np.maximum(deviation, 1e-12)  # where it is certain, every count but the certain one is far off
    cell = np.unravel_index(int(np.argmax(off)), off.shape)
    n, d = (run.map_sizes[place] for place in cell)
    note = f"at n={n}, d={d}, the worst of {off.size}: {off[cell]:.1f} sigma of {draws} draws"
    values = {"n": float(n), "d": float(d), "deviations": float(off[cell])}
    return decided(bool(off[cell] <= SIGMAS), float(share[cell]), note, predicted=float(expected[cell]), values=values)


JUDGES: Judges[InterpolationThreshold] = {
    "IT1": _given(_zero_from_n, NOISE, draws=1),
    "IT2": _given(_train_error, NOISE, every=True),
    "IT3": _given(_smallest, ISOTROPIC),
    "IT4": _given(_spectrum, ISOTROPIC),
    "IT5": _given(_peak, NOISE, BEYOND),
    "IT6": _given(_norm, ISOTROPIC, GAUSSIAN, every=True),
    "IT7": _given(_separable, GAUSSIAN, draws=1, labellings=FEWEST_LABELLED),
}
