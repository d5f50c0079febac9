"""The claims of benign overfitting: what each says, its tolerance, and how the draws decide it.

Bartlett, Long, Lugosi, Tsigler 2020, arXiv:1906.11300; Mallinar et al. 2022, arXiv:2207.06569; Tsigler, Bartlett 2023,
arXiv:2009.14286. E0 is the test MSE of an interpolator of pure noise of unit variance; E0 - 1 its excess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.contract import Claim, Verdict
from engine.phenomena.benign_overfitting.cells import ANCHOR
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.spectra.effective_rank import BenignTerms
from engine.transition import old_verdict

RESIDUAL = 1e-8  # largest |X w - y| of noise of unit variance
SHARE, ERRORS = 0.15, 4.0  # relative error, or standard errors, that a mean noise risk may be off
FALL = -0.3  # log-log slope below which the excess falls
ORDER = 3.0  # factor within which the theorem's rate must hold
THEORY, SIMULATION = 0.05, 0.10  # relative errors of a tempered limit
CATASTROPHE = 0.20  # relative error of n/tau
WORSE = 1.2  # least ratio of the interpolator's risk over tuned ridge's
FEWEST = 20  # draws from which means are compared
QUICK = ("quick", "standard")

CLAIMS = (
    Claim("BO1", "It interpolates", "linear algebra", "max train residual 0", "1e-8"),
    Claim("BO2", "Theory meets simulation", "arXiv:2207.06569", "mean noise risk: E0 - 1", "15 % or 4 SE", QUICK),
    Claim("BO3", "Benign: the excess falls", "arXiv:1906.11300, Theorem 6", "log-log slope < 0", "< -.3", QUICK),
    Claim("BO4", "The theorem's rate", "arXiv:1906.11300, Theorem 4", "(E0 - 1)/(k*/n + n/R_k*) of order 1", "1/3..3", QUICK),
    Claim("BO5", "Tempered: a power law levels off", "arXiv:2207.06569", "E0 = a", "5 % theory, 10 % simulation", QUICK),
    Claim("BO6", "Catastrophic: an exponential explodes", "arXiv:2207.06569", "E0 = n/tau", "20 %, rising", QUICK),
    Claim("BO7", "The printed conditions behave", "arXiv:1906.11300, Theorem 4", "r_0/n, k*/n, n/R_k* fall over n", "exact", QUICK),
    Claim("BO8", "The least norm can lose", "arXiv:2009.14286", "risk over tuned ridge > 1", "> 1.2", QUICK),
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One cell's draws: noise (k,) per unit variance, signal (k,), residual (k,), tuned (k,) excess risk; theory: its E0."""

    group: str
    n: int
    noise: Floats
    signal: Floats
    residual: Floats
    tuned: Floats
    theory: float


@dataclass(frozen=True)
class Evidence:
    """What was drawn so far. `terms`: Theorem 4's quantities of `exp-eps` over the sizes n."""

    cells: tuple[Measured, ...]
    terms: dict[int, BenignTerms]
    sigma2: float
    tau: float
    ridge: float
    complete: bool  # whether every cell has its draws

    def of(self, group: str) -> list[Measured]:
        """The cells of a group, by n."""
        return sorted((cell for cell in self.cells if cell.group == group), key=lambda cell: cell.n)

    def at(self, group: str, n: int) -> Measured:
        """One cell."""
        return next(cell for cell in self.of(group) if cell.n == n)


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Decide a claim by the draws so far; undecided, with the reason, while it cannot be."""
    if claim.id == "BO7":
        return _conditions(claim, evidence)
    if evidence.ridge != 0:
        return old_verdict(claim, claim.prediction, None, None, f"needs ridge 0, which alone interpolates; it is {evidence.ridge:g}")
    if evidence.sigma2 == 0 and claim.id == "BO8":
        return old_verdict(claim, claim.prediction, None, None, "needs label noise: raise sigma")
    if not evidence.cells or not (evidence.complete or claim.id == "BO1"):
        return old_verdict(claim, claim.prediction, None, None, f"needs {FEWEST} draws")
    return JUDGES[claim.id](claim, evidence)


def _interpolates(claim: Claim, evidence: Evidence) -> Verdict:
    worst = max(evidence.cells, key=lambda cell: float(cell.residual.max()))
    residual = float(worst.residual.max())
    return old_verdict(claim, 0.0, residual, residual <= RESIDUAL, f"the largest of all draws, {worst.group}, n={worst.n}")


def _meets(claim: Claim, evidence: Evidence) -> Verdict:
    compared = [cell for cell in evidence.cells if cell.group == "exp-eps" or cell.group.startswith("power")]

    def excess_error(cell: Measured) -> float:
        mean, error = mean_and_error(cell.noise)
        off = abs(float(mean) - (cell.theory - 1))
        return min(off / (cell.theory - 1) / SHARE, off / float(error) / ERRORS)

    worst = max(compared, key=excess_error)
    note = f"{worst.group}, n={worst.n}, the worst of {len(compared)}"
    return old_verdict(claim, worst.theory - 1, float(worst.noise.mean()), excess_error(worst) <= 1, note)


def _falls(claim: Claim, evidence: Evidence) -> Verdict:
    from engine.phenomena.benign_overfitting.taxonomy import slope

    cells = evidence.of("exp-eps")
    if len(cells) < 2:
        return old_verdict(claim, claim.prediction, None, None, "needs two sizes n")
    found = slope([cell.n for cell in cells], [float(cell.noise.mean()) for cell in cells])
    theory = slope([cell.n for cell in cells], [cell.theory - 1 for cell in cells])
    return old_verdict(claim, "< 0", found, found < FALL, f"theory {theory:.3f}")


def _rate(claim: Claim, evidence: Evidence) -> Verdict:
    ratios = [float(cell.noise.mean()) / evidence.terms[cell.n].noise_rate for cell in evidence.of("exp-eps")]
    worst = max(ratios, key=lambda ratio: abs(np.log(ratio)) if ratio > 0 else np.inf)
    return old_verdict(claim, "1", worst, 1 / ORDER <= worst <= ORDER, f"{min(ratios):.2f} to {max(ratios):.2f} over n")


def _tempered(claim: Claim, evidence: Evidence) -> Verdict:
    theory, measured, holds = [], [], True
    for a in (2.0, 3.0):
        cell = evidence.at(f"power-{a:g}", ANCHOR)
        found = 1 + float(cell.noise.mean())
        holds = holds and abs(cell.theory / a - 1) <= THEORY and abs(found / a - 1) <= SIMULATION
        theory.append(f"{cell.theory:.3f}")
        measured.append(f"{found:.3f}")
    return old_verdict(claim, "2, 3", ", ".join(measured), holds, f"a = 2, 3 at n={ANCHOR}; theory {', '.join(theory)}")


def _catastrophic(claim: Claim, evidence: Evidence) -> Verdict:
    sizes = [max(2, round(times * evidence.tau)) for times in (8, 16)]
    found = [1 + float(evidence.at("exponential", n).noise.mean()) for n in sizes]
    expected = [n / evidence.tau for n in sizes]
    close = all(abs(one / law - 1) <= CATASTROPHE for one, law in zip(found, expected, strict=True))
    words = [", ".join(f"{value:.3g}" for value in values) for values in (expected, found)]
    return old_verdict(claim, words[0], words[1], close and found[1] > found[0], f"at n={sizes[0]}, {sizes[1]}")


def _conditions(claim: Claim, evidence: Evidence) -> Verdict:
    sizes = sorted(evidence.terms)
    if len(sizes) < 2:
        return old_verdict(claim, claim.prediction, None, None, "needs two sizes n")
    table = np.array([[t.r0_over_n, t.k_over_n, t.n_over_tail] for t in (evidence.terms[n] for n in sizes)])
    holds = bool(np.all(np.diff(table, axis=0) < 0))
    first, last = ("; ".join(f"{value:.3f}" for value in line) for line in (table[0], table[-1]))
    return old_verdict(claim, "falling", f"{first} to {last}", holds, f"exp-eps, n={sizes[0]} to {sizes[-1]}")


def _loses(claim: Claim, evidence: Evidence) -> Verdict:
    cell = evidence.at("power-3", ANCHOR)
    risk = evidence.sigma2 * float(cell.noise.mean()) + float(cell.signal.mean())
    ratio = risk / float(cell.tuned.mean())
    return old_verdict(
        claim, "> 1", ratio, ratio > WORSE, f"excess {risk:.3g} against {float(cell.tuned.mean()):.3g}, a=3, signal 1, n={ANCHOR}"
    )


JUDGES: dict[str, Callable[[Claim, Evidence], Verdict]] = {
    "BO1": _interpolates, "BO2": _meets, "BO3": _falls, "BO4": _rate, "BO5": _tempered, "BO6": _catastrophic, "BO8": _loses,
}  # fmt: skip
