"""The claims of the interpolation threshold: what each says, its tolerance, and how the draws decide it.

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118; Belkin, Hsu, Xu 2020, arXiv:1903.07571; Marchenko, Pastur 1967; Edelman 1988;
Cover 1965. Means are compared 10 or more away from d = n, where they exist; at the threshold medians speak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Verdict
from engine.phenomena.interpolation_threshold.sweep import QUANTITIES
from engine.theory.conditions import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error, quartiles
from engine.theory.linear_models.ridgeless import expected_train_mse, norm_law
from engine.theory.spectra.marchenko_pastur import kolmogorov_distance, mean_smallest_eigenvalue
from engine.transition import old_verdict

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


@dataclass(frozen=True)
class Evidence:
    """What was drawn so far.

    sweeps: (draws, widths, quantities) as of `sweep`; spectra: for some d, eigenvalues (draws, min(n, d)) of X^T X/n;
    separable: share of separable draws (rows, columns) of `labelled` draws, cover: its probability; general_position: whether
    the points are (Gaussian entries); isotropic: whether all features have variance 1; total: draws of the whole run.
    """

    n: int
    sigma2: float
    r2: float
    widths: NDArray[np.int64]
    sweeps: Floats
    spectra: dict[int, Floats]
    separable: Floats
    cover: Floats
    map_rows: NDArray[np.int64]
    map_columns: NDArray[np.int64]
    labelled: int
    isotropic: bool
    general_position: bool
    total: int

    def of(self, quantity: str) -> Floats:
        """Return one quantity, (draws, widths)."""
        return self.sweeps[:, :, QUANTITIES.index(quantity)]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Decide a claim by the draws so far; undecided, with the reason, while it cannot be."""
    check, needs = JUDGES[claim.id]
    missing = _missing(evidence, needs)
    return old_verdict(claim, claim.prediction, None, None, missing) if missing else check(claim, evidence)


def _missing(evidence: Evidence, needs: tuple[str, ...]) -> str:
    """Why a claim cannot be decided, or nothing."""
    if not len(evidence.sweeps):
        return "needs a draw"
    reasons = {
        "noise": (evidence.sigma2 > 0, "needs label noise: without it no d has anything to fit but the signal"),
        "draws": (len(evidence.sweeps) >= FEWEST, f"needs {FEWEST} draws, {len(evidence.sweeps)} so far"),
        "last": (len(evidence.sweeps) >= evidence.total, f"needs all {evidence.total} draws, {len(evidence.sweeps)} so far"),
        "beyond": (evidence.widths[-1] > evidence.n, "needs d beyond n: raise d max"),
        "isotropic": (evidence.isotropic, "needs isotropic features"),
        "gaussian": (evidence.general_position, "needs gaussian entries"),
        "labels": (evidence.labelled >= FEWEST_LABELLED, f"needs {FEWEST_LABELLED} random labellings, {evidence.labelled} so far"),
    }
    return next((reason for need, (there, reason) in reasons.items() if need in needs and not there), "")


def _zero_from_n(claim: Claim, evidence: Evidence) -> Verdict:
    residual, beyond = evidence.of("residual"), evidence.widths >= evidence.n
    fitted, unfitted = float(residual[:, beyond].max()), float(residual[:, ~beyond].min())
    holds = fitted <= ROUNDING < unfitted
    return old_verdict(claim, "0 from n on", fitted, holds, f"largest residual from n on; the smallest below n is {unfitted:.1g}")


def _train_error(claim: Claim, evidence: Evidence) -> Verdict:
    below = evidence.widths < evidence.n
    expected = expected_train_mse(evidence.n, evidence.widths[below], evidence.sigma2)
    return _worst_mean(claim, evidence.widths[below], evidence.of("train-mse")[:, below], expected)


def _norm(claim: Claim, evidence: Evidence) -> Verdict:
    away = np.abs(evidence.widths - evidence.n) >= AWAY
    expected = norm_law(evidence.n, evidence.widths[away], evidence.r2, evidence.sigma2)
    return _worst_mean(claim, evidence.widths[away], evidence.of("norm")[:, away], expected)


def _worst_mean(claim: Claim, widths: NDArray[np.int64], draws: Floats, expected: Floats) -> Verdict:
    """Compare means with their expectations; the verdict shows the d at which they differ by the most standard errors."""
    mean, error = mean_and_error(draws)
    off = np.abs(mean - expected) / np.where(error > 0, error, np.inf)
    worst = int(np.argmax(off))
    note = f"at d={widths[worst]}, the worst of {widths.size}: {off[worst]:.1f} SE"
    return old_verdict(claim, float(expected[worst]), float(mean[worst]), bool(off[worst] <= ERRORS), note)


def _smallest(claim: Claim, evidence: Evidence) -> Verdict:
    gamma = evidence.widths / evidence.n
    away = (gamma <= LOWER) | (gamma >= UPPER)
    mean, _ = mean_and_error(evidence.of("smallest-eigenvalue")[:, away])
    centre = mean_smallest_eigenvalue(evidence.n, evidence.widths[away])
    off = np.abs(mean / centre - 1)
    worst = int(np.argmax(off))
    note = f"at d={evidence.widths[away][worst]}, the worst of {off.size}: {off[worst]:.1%} off"
    return old_verdict(claim, float(centre[worst]), float(mean[worst]), bool(off[worst] <= CENTRE), note)


def _spectrum(claim: Claim, evidence: Evidence) -> Verdict:
    distances = {d: spectral_distance(evidence.n, d, found) for d, found in evidence.spectra.items()}
    worst = max(distances, key=lambda d: distances[d])
    limit = DISTANCE / np.sqrt(evidence.n)
    others = ", ".join(str(d) for d in distances)
    return old_verdict(
        claim, 0.0, distances[worst], bool(distances[worst] <= limit), f"at d={worst}, the worst of {others}; limit {limit:.3f}"
    )


def spectral_distance(n: int, d: int, spectra: Floats) -> float:
    """Return the Kolmogorov distance of all d eigenvalues, pooled over draws (k, min(n, d)), to the Marchenko-Pastur law."""
    zeros = np.zeros(len(spectra) * max(0, d - n))
    return kolmogorov_distance(np.concatenate([spectra.ravel(), zeros]), d / n)


def _peak(claim: Claim, evidence: Evidence) -> Verdict:
    threshold = int(np.searchsorted(evidence.widths, evidence.n))
    places = {name: int(np.argmax(quartiles(evidence.of(name))[1])) for name in ("norm", "condition-number", "test-mse")}
    steps = max(abs(place - threshold) for place in places.values())
    found = ", ".join(f"{name} {evidence.widths[place]}" for name, place in places.items())
    farthest = max(places.values(), key=lambda place: abs(place - threshold))
    return old_verdict(claim, float(evidence.n), float(evidence.widths[farthest]), steps <= 1, found)


def _separable(claim: Claim, evidence: Evidence) -> Verdict:
    expected, share, draws = evidence.cover, evidence.separable, evidence.labelled
    deviation = np.sqrt(expected * (1 - expected) / draws)
    off = np.abs(share - expected) / np.maximum(deviation, 1e-12)  # where it is certain, every count but the certain one is far off
    row, column = np.unravel_index(int(np.argmax(off)), off.shape)
    where = f"n={evidence.map_rows[row]}, d={evidence.map_columns[column]}"
    note = f"at {where}, the worst of {off.size}: {off[row, column]:.1f} sigma of {draws} draws"
    return old_verdict(claim, float(expected[row, column]), float(share[row, column]), bool(off[row, column] <= SIGMAS), note)


JUDGES: dict[str, tuple[Callable[[Claim, Evidence], Verdict], tuple[str, ...]]] = {
    "IT1": (_zero_from_n, ("noise",)),
    "IT2": (_train_error, ("noise", "draws", "last")),
    "IT3": (_smallest, ("draws", "isotropic")),
    "IT4": (_spectrum, ("draws", "isotropic")),
    "IT5": (_peak, ("noise", "draws", "beyond")),
    "IT6": (_norm, ("draws", "last", "isotropic", "gaussian")),
    "IT7": (_separable, ("labels", "gaussian")),
}
