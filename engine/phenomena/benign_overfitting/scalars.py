"""The scalars of benign overfitting, of the chosen family or the imported spectrum: its risk at the largest n, how it falls, its ranks.

Bartlett, Long, Lugosi, Tsigler 2020, arXiv:1906.11300, Theorem 4. Each seed's own draws are read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.benign_overfitting.claims import slope
from engine.phenomena.benign_overfitting.classification import scalars as classification
from engine.phenomena.benign_overfitting.settings import Setting
from engine.readings import Floats
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.experiment import BenignOverfitting
    from engine.theory.spectra.effective_rank import BenignTerms

SCALARS = (
    Scalar("excess_risk", "mean excess risk of the chosen family at the largest n", log=True),
    Scalar("noise_risk", "mean noise risk per unit variance, E0 - 1", log=True),
    Scalar("noise_risk_theory", "E0 - 1 by the deterministic equivalent", log=True),
    Scalar("excess_slope", "log-log slope of mean excess risk over n"),
    Scalar("noise_slope_theory", "log-log slope of E0 - 1 over n, by theory"),
    Scalar("noise_rate", "k*/n + n/R_k*, the order of the noise risk", log=True),
    Scalar("benign_ratio", "noise risk / (k*/n + n/R_k*)", log=True),
    Scalar("k_star", "k*, the first k with r_k >= b n", whole=True),
    Scalar("effective_rank_r0", "r_0, the effective rank of the spectrum", log=True),
    Scalar("effective_rank_r", "r_k*, the effective rank of the tail", log=True),
    Scalar("effective_rank_R", "R_k*, the other effective rank of the tail", log=True),
    Scalar("r0_over_n", "r_0/n", log=True),
    Scalar("k_star_over_n", "k*/n"),
    Scalar("n_over_R", "n/R_k*", log=True),
    Scalar("ridge_ratio", "excess risk, interpolator / best ridge", log=True),
    Scalar("largest_residual", "largest training residual of any draw", log=True),
    Scalar("digits_noise_risk", "noise risk of kernel interpolation on digits at the largest n", log=True),
    *classification.SCALARS,
)


def _mine(run: BenignOverfitting, setting: Setting, column: str, seed: int) -> Floats:
    """A column over the draws of one seed, by its place; draws take turns."""
    values = run.drawn(setting, column)
    owner = np.arange(run.draws.done)[:: setting.every] % len(run.seeds)
    return np.asarray(values[owner == seed])


def _excess(run: BenignOverfitting, setting: Setting, seed: int) -> float:
    noise, signal = (_mine(run, setting, column, seed) for column in ("noise", "signal"))
    return float(run.sigma2 * noise.mean() + signal.mean()) if len(noise) else np.nan


def _each(read: Callable[[BenignOverfitting, int], float], otherwise: str = "pending") -> Callable[[BenignOverfitting], Answer]:
    return lambda run: found([read(run, seed) for seed in range(len(run.seeds))], otherwise) if run.step else PENDING


def _noise(run: BenignOverfitting, seed: int) -> float:
    noise = _mine(run, run.chosen, "noise", seed)
    return float(noise.mean()) if len(noise) else np.nan


def _benign_ratio(run: BenignOverfitting, seed: int) -> float:
    rate = run.terms[run.chosen].noise_rate
    return _noise(run, seed) / rate if np.isfinite(rate) else np.nan


def _ridge_ratio(run: BenignOverfitting, seed: int) -> float:
    """Without signal or noise there is no best ridge to compare with."""
    tuned = _mine(run, run.chosen, "tuned", seed)
    there = run.chosen.signal > 0 and run.sigma2 > 0 and len(tuned)
    return _excess(run, run.chosen, seed) / float(tuned.mean()) if there else np.nan


def _excess_risk(run: BenignOverfitting, seed: int) -> float:
    return _excess(run, run.chosen, seed)


def _excess_slope(run: BenignOverfitting, seed: int) -> float:
    return _slope(run, lambda setting: _excess(run, setting, seed))


def _residual(run: BenignOverfitting, seed: int) -> float:
    return float(run.draws["residual"][seed :: len(run.seeds)].max(initial=-np.inf))


def _noise_theory(run: BenignOverfitting) -> Answer:
    return found(run.expected[run.chosen] - 1)


def _slope_theory(run: BenignOverfitting) -> Answer:
    return found(_slope(run, lambda setting: run.expected[setting] - 1), SIZES)


def _head_rank(run: BenignOverfitting) -> Answer:
    return found(run.terms[run.chosen].r0_over_n * run.chosen.n)


def _slope(run: BenignOverfitting, risk: Callable[[Setting], float]) -> float:
    """Log-log slope over n of a risk of the chosen family; nan of a single size, or where a risk is not positive."""
    curve = run.of(run.chosen.group)
    risks = np.array([risk(setting) for setting in curve])
    return slope([setting.n for setting in curve], risks.tolist()) if len(curve) > 1 and np.all(risks > 0) else np.nan


def _term(read: Callable[[BenignTerms], float | None]) -> Callable[[BenignOverfitting], Answer]:
    def answer(run: BenignOverfitting) -> Answer:
        value = read(run.terms[run.chosen])
        return absent(NO_RANK) if value is None else found(value, NO_RANK)

    return answer


def _digits(run: BenignOverfitting) -> Answer:
    if not run.config.digits or not run.digit_sizes:
        return absent("needs digits yes")
    missing = [np.nan] * (len(run.seeds) - run.digits.done)
    return found([*run.digits["measured"][:, -1], *missing], PENDING.reason)


def _of_regression(read: Callable[[BenignOverfitting], Answer]) -> Callable[[BenignOverfitting], Answer]:
    return lambda run: read(run) if run.classification is None else absent("needs task regression")


NO_RANK, SIZES = "no k has r_k >= b n", "needs two sizes n"
REGRESSION: Readers[BenignOverfitting] = {
    "excess_risk": _each(_excess_risk),
    "noise_risk": _each(_noise),
    "noise_risk_theory": _noise_theory,
    "excess_slope": _each(_excess_slope, SIZES),
    "noise_slope_theory": _slope_theory,
    "noise_rate": _term(lambda terms: terms.noise_rate),
    "benign_ratio": _each(_benign_ratio, NO_RANK),
    "k_star": _term(lambda terms: terms.k_star),
    "effective_rank_r0": _head_rank,
    "effective_rank_r": _term(lambda terms: terms.tail_rank),
    "effective_rank_R": _term(lambda terms: terms.tail_rank_squared),
    "r0_over_n": _term(lambda terms: terms.r0_over_n),
    "k_star_over_n": _term(lambda terms: terms.k_over_n),
    "n_over_R": _term(lambda terms: terms.n_over_tail),
    "ridge_ratio": _each(_ridge_ratio, "needs signal and sigma above 0: otherwise no ridge is best"),
    "largest_residual": _each(_residual),
    "digits_noise_risk": _digits,
}
READERS: Readers[BenignOverfitting] = {**{name: _of_regression(read) for name, read in REGRESSION.items()}, **classification.READERS}
