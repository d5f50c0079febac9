"""The claims of benign overfitting: what each says, its tolerance, and how the draws decide it.

Bartlett, Long, Lugosi, Tsigler 2020, arXiv:1906.11300; Mallinar et al. 2022, arXiv:2207.06569; Tsigler, Bartlett 2023,
arXiv:2009.14286. The noise risk is the excess risk of an interpolator of pure noise of unit variance, E0 - 1 where E0 is its test MSE.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, one_of, within
from engine.judging import Judgement, Judges, decided, pending
from engine.phenomena.benign_overfitting.classification import claims as classification
from engine.phenomena.benign_overfitting.config import REGRESSION
from engine.phenomena.benign_overfitting.draws import MIDDLING, steepness
from engine.phenomena.benign_overfitting.settings import ANCHOR, EXPONENTS, Setting, settings_of
from engine.phenomena.benign_overfitting.theory import VANISHED, benign
from engine.theory.linear_models.draw_statistics import mean_and_error

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.experiment import BenignOverfitting

RESIDUAL = 1e-8  # largest |X w - y| of noise of unit variance
RESOLVED = 2e-7  # n-th over first eigenvalue down to which X X^T keeps that: rounding leaves some 4e-16 over it (3 seeds of standard)
SHARE, ERRORS = 0.15, 4.0  # relative error, or standard errors, that a mean noise risk may be off
FALL = -0.3  # log-log slope below which the excess falls
ORDER = 3.0  # factor within which the theorem's rate must hold
THEORY, SIMULATION = 0.05, 0.10  # relative errors of a tempered limit
CATASTROPHE = 0.20  # relative error of n/tau
TEMPERED, ROOMY = 1.0, 2.0  # noise risk up to which, and p/n from which, a mean over draws has no heavy tail (imported spectra)
OWN_ORDER = 5.0  # factor of an imported spectrum's rate: the equivalent gives 1/4 at the least, a flat head under a flat tail
WORSE = 1.2  # least ratio of the interpolator's risk over tuned ridge's
FEWEST = 20  # draws from which means are compared
QUICK = ("quick", "standard")

INTERPOLATION, MEANS = one_of("ridge", 0.0), within("draws", FEWEST)
SIZES = Condition("sizes n of at least 50, the largest at least 4 times the least", lambda c: min(c.n) >= 50 and max(c.n) >= 4 * min(c.n))
SHORT_HEAD = Condition("tau at most a tenth of the least n", lambda c: 10 * c.tau <= min(c.n))
ACCURATE = Condition(
    f"spectra whose n-th eigenvalue is at least {RESOLVED:g} of the first, or n at most {MIDDLING}",
    lambda c: all(setting.n <= MIDDLING or steepness(setting) >= RESOLVED for setting in settings_of(c)),
)
IMPORTED = Condition("your own spectrum: --spectrum NAME", lambda c: c.imported)
CLAIMS = (
    Claim("BO1", "It interpolates: largest training residual of all draws", "linear algebra", "0", "1e-8", (),
          (REGRESSION, INTERPOLATION, ACCURATE), 1e-3),
    Claim("BO2", "Theory meets simulation: mean noise risk, where they are furthest apart", "arXiv:2207.06569", "deterministic equivalent",
          "15 % or 4 SE", QUICK, (REGRESSION, INTERPOLATION, MEANS), 0.01),
    Claim("BO3", "Benign, exp+eps: the noise risk falls with n: log-log slope", "arXiv:1906.11300, Theorem 6", "< 0", "< -.3", QUICK,
          (REGRESSION, INTERPOLATION, MEANS, SIZES, SHORT_HEAD), 0.01),
    Claim("BO4", "Benign, exp+eps: noise risk over its order k*/n + n/R_k*", "arXiv:1906.11300, Theorem 4", "1", "1/3 to 3", QUICK,
          (REGRESSION, INTERPOLATION, MEANS, SHORT_HEAD, within("b", 0.5, 2.0)), 1e-3),
    Claim("BO5", "Tempered, k^-a: 1 + noise risk levels off at a", "arXiv:2207.06569", "a", "5 % theory, 10 % simulation", QUICK,
          (REGRESSION, INTERPOLATION, MEANS), 0.01),
    Claim("BO6", "Catastrophic, exp: 1 + noise risk grows as n/tau", "arXiv:2207.06569", "n/tau", "20 %, rising", QUICK,
          (REGRESSION, INTERPOLATION, MEANS, within("tau", 3.0)), 0.01),
    Claim("BO7", "Benign, exp+eps: its conditions r_0/n; k*/n; n/R_k* fall over n", "arXiv:1906.11300, Theorem 4", "falling", "exact",
          QUICK, (REGRESSION, SIZES, SHORT_HEAD, within("b", 0.5, 2.0))),
    Claim("BO8", "The least norm can lose, k^-3: its excess risk over the tuned ridge's", "arXiv:2009.14286", "> 1", "> 1.2", QUICK,
          (REGRESSION, INTERPOLATION, MEANS, within("sigma", 0.3)), 1e-3),
    Claim("BO9", "Your own spectrum is as benign at its largest n as its ranks say", "arXiv:1906.11300, Theorem 4",
          f"benign where r_0/n, k*/n and n/R_k* are at most {VANISHED:g}",
          "noise risk at least 1/5 of k*/n + n/R_k* (of 1, if that is more); at most 5 times it where benign", (),
          (REGRESSION, IMPORTED, INTERPOLATION, MEANS, one_of("b", 1.0)), 1e-3),
    *classification.CLAIMS,
)  # fmt: skip


def slope(n: Sequence[int], excess: Sequence[float]) -> float:
    """Return the least-squares slope of log(excess) over log(n), of two sizes n or more."""
    x = np.log(n) - np.log(n).mean()
    return float(x @ np.log(excess) / (x @ x))


def _after(judge: Callable[[BenignOverfitting], Judgement], draws: int = FEWEST) -> Callable[[BenignOverfitting], Judgement]:
    """Judge by at least so many draws."""

    def judged(run: BenignOverfitting) -> Judgement:
        return judge(run) if run.step >= draws else pending(f"needs {draws} draws")

    return judged


def _interpolates(run: BenignOverfitting) -> Judgement:
    residuals = {setting: float(run.drawn(setting, "residual").max()) for setting in run.settings}
    worst = max(residuals, key=lambda setting: residuals[setting])
    note = f"{worst.label}, n={worst.n}"
    return decided(residuals[worst] <= RESIDUAL, residuals[worst], note, predicted=0.0)


def _meets(run: BenignOverfitting) -> Judgement:
    def excess_error(setting: Setting) -> float:
        mean, error = mean_and_error(run.drawn(setting, "noise"))
        off = abs(float(mean) - (run.expected[setting] - 1))
        return min(off / (run.expected[setting] - 1) / SHARE, off / float(error) / ERRORS)

    compared = [setting for setting in run.settings if setting.family in ("exp-eps", "power") or _calm(run, setting)]
    worst = max(compared, key=excess_error)
    drawn = any(worst in curve for curve in run.shown_curves)
    note = f"{worst.label}{'' if drawn else ' (in no figure)'}, n={worst.n}, the worst of {len(compared)} means"
    values = {"n": float(worst.n), "of tolerance": excess_error(worst)}
    return decided(excess_error(worst) <= 1, run.noise(worst), note, predicted=run.expected[worst] - 1, values=values)


def _calm(run: BenignOverfitting, setting: Setting) -> bool:
    """Whether an imported spectrum's noise risk has a mean that 20 draws tell, as that of an exponential or near p = n has not."""
    return setting.family == "own" and run.expected[setting] - 1 <= TEMPERED and setting.p >= ROOMY * setting.n


def _as_its_ranks(run: BenignOverfitting) -> Judgement:
    setting = run.chosen
    terms, noise = run.terms[setting], run.noise(setting)
    rate, good = terms.noise_rate, benign(terms)
    holds = noise >= min(1.0, rate) / OWN_ORDER and (not good or noise <= OWN_ORDER * rate)
    note = f"noise risk at n={setting.n}; k*/n + n/R_k* = {rate:.3g}; theory {run.expected[setting] - 1:.3g}"
    values = {"theory": run.expected[setting] - 1, "benign": float(good)} | ({"rate": rate} if np.isfinite(rate) else {})
    return decided(holds, noise, note, predicted="benign" if good else "not benign", values=values)


def _falls(run: BenignOverfitting) -> Judgement:
    benign = run.of("exp-eps")
    sizes = [setting.n for setting in benign]
    found = slope(sizes, [run.noise(setting) for setting in benign])
    theory = slope(sizes, [run.expected[setting] - 1 for setting in benign])
    return decided(found < FALL, found, f"theory {theory:.3f}", predicted="< 0", values={"theory": theory})


def _rate(run: BenignOverfitting) -> Judgement:
    ratios = [run.noise(setting) / run.terms[setting].noise_rate for setting in run.of("exp-eps")]
    worst = max(ratios, key=lambda ratio: abs(np.log(ratio)) if ratio > 0 else np.inf)
    note, values = (
        f"at the n where it is furthest from 1; {min(ratios):.2f} to {max(ratios):.2f} over all",
        {"least": min(ratios), "largest": max(ratios)},
    )
    return decided(1 / ORDER <= worst <= ORDER, worst, note, predicted="1", values=values)


def _tempered(run: BenignOverfitting) -> Judgement:
    theory = {a: run.expected[run.at("power", ANCHOR, a)] for a in EXPONENTS}
    found = {a: 1 + run.noise(run.at("power", ANCHOR, a)) for a in EXPONENTS}
    holds = all(abs(theory[a] / a - 1) <= THEORY and abs(found[a] / a - 1) <= SIMULATION for a in EXPONENTS)
    expected, measured = (", ".join(f"{value:.3f}" for value in values.values()) for values in (theory, found))
    values = {f"E0 at a = {a:g}": value for a, value in found.items()} | {f"theory at a = {a:g}": value for a, value in theory.items()}
    return decided(holds, measured, f"a = 2, 3 at n={ANCHOR}; deterministic equivalent {expected}", predicted="2, 3", values=values)


def _catastrophic(run: BenignOverfitting) -> Judgement:
    tau = run.config.tau
    sizes = [max(2, round(times * tau)) for times in (8, 16)]
    found, expected = [1 + run.noise(run.at("exponential", n, tau)) for n in sizes], [n / tau for n in sizes]
    close = all(abs(one / law - 1) <= CATASTROPHE for one, law in zip(found, expected, strict=True))
    predicted, measured = (", ".join(f"{value:.3g}" for value in values) for values in (expected, found))
    values = {f"E0 at n = {n}": value for n, value in zip(sizes, found, strict=True)}
    return decided(close and found[1] > found[0], measured, f"at n={sizes[0]}, {sizes[1]}", predicted=predicted, values=values)


def _conditions(run: BenignOverfitting) -> Judgement:
    benign = run.of("exp-eps")
    table = np.array([run.terms[setting].conditions for setting in benign])  # (sizes, 3)
    steepest = float(np.diff(table, axis=0).max())
    first, last = ("; ".join(f"{value:.3f}" for value in line) for line in (table[0], table[-1]))
    note, values = f"n={benign[0].n} to {benign[-1].n}", {"least fall": -steepest}
    return decided(steepest < 0, f"{first} to {last}", note, predicted="falling", values=values)


def _loses(run: BenignOverfitting) -> Judgement:
    setting = run.at("power", ANCHOR, 3.0)
    risk, tuned = run.excess(setting), float(run.drawn(setting, "tuned").mean())
    note, values = f"{risk:.3g} against {tuned:.3g}, signal 1, n={ANCHOR}", {"interpolation": risk, "tuned ridge": tuned}
    return decided(risk / tuned > WORSE, risk / tuned, note, predicted="> 1", values=values)


JUDGES: Judges[BenignOverfitting] = {
    "BO1": _after(_interpolates, draws=1),
    "BO2": _after(_meets),
    "BO3": _after(_falls),
    "BO4": _after(_rate),
    "BO5": _after(_tempered),
    "BO6": _after(_catastrophic),
    "BO7": _conditions,
    "BO8": _after(_loses),
    "BO9": _after(_as_its_ranks),
    **classification.JUDGES,
}
