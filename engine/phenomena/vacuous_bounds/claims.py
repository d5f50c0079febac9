"""The claims about generalization bounds: what each says, its tolerance, and how the measurements decide it.

Dziugaite, Roy 2017, arXiv:1703.11008; Nagarajan, Kolter 2019, arXiv:1902.04742; Bartlett et al. 2017, arXiv:1706.08498.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Verdict
from engine.phenomena.vacuous_bounds.table import CLASS_BOUNDS, COLUMNS, RANDOM, TRUE
from engine.transition import old_verdict

SEES, NOT_RANDOM, ORDERED = 1.5, 0.9, 1e-9  # VB3, VB6, VB7
SUFFICES, TOO_FEW = 1024, 64  # D/m of VB8 and VB9
SMALL_ERROR, LARGE_ERROR = 1e-3, 0.1

BFT, DR = "Bartlett et al. 2017, arXiv:1706.08498", "Dziugaite, Roy 2017, arXiv:1703.11008"
NK, ZHANG = "Nagarajan, Kolter 2019, arXiv:1902.04742", "Zhang et al. 2017, arXiv:1611.03530"
CLAIMS = (
    Claim("VB1", "Class-based bounds are vacuous", ZHANG, "VC, parameters, class Rademacher >= 1", "none"),
    Claim("VB2", "... and blind to labels", ZHANG, "complexity terms, true minus random: 0", "exact"),
    Claim("VB3", "The spectral bound sees labels", BFT, "random/true > 1, same n and margin", ">= 1.5", ("standard",)),
    Claim("VB4", "PAC-Bayes certifies true labels", DR, "certificate < 1", "none", ("quick",)),
    Claim("VB5", "... validly", DR, "certificate minus stochastic test error >= 0", "none"),
    Claim("VB6", "... and not random ones", DR, "random certificate near 1", ">= .9", ("quick",)),
    Claim("VB7", "Inversion is right", DR, "kl form below 1 and below qhat + sqrt(Bnd/2)", "1e-9"),
    Claim("VB8", "Two-sided uniform convergence fails", f"{NK}, Theorem 3.1", "D=1024m: test error 0; error on S' 1", "< 1e-3; exact"),
    Claim("VB9", "... D matters", f"{NK}, Theorem 3.1", "D=64m: test error not small", "> .1", ("quick",)),
    Claim("VB10", "Norms grow with n", f"{NK}, Section 2", "log-log slope of distance and spectral product > 0", "2 SE", ("standard",)),
    Claim("VB11", "Bounds fall slower than error, if at all", f"{NK}, Section 2", "slope(bound) - slope(error) > 0", "none", ("standard",)),
    Claim("VB12", "The whole bound grows", f"{NK}, Section 2", "slope(bound) > 0", "none", ("nagarajan-mnist",)),
)  # fmt: skip
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Certified:
    """A member's certificate: value, its Pinsker form, and the error of the stochastic classifier on test points of the same law."""

    arm: str
    value: float
    pinsker: float
    test_error: float


@dataclass(frozen=True)
class Slope:
    """Of `ln y` against `ln n` by least squares, with its standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:+.2f} (SE {self.error:.2f})"


@dataclass(frozen=True)
class Evidence:
    """What was measured so far.

    class_bounds: by arm, (members, 3, 2): value and complexity of CLASS_BOUNDS, empty until the networks are trained;
    certificates: final ones; rows: finished networks over n, columns COLUMNS; followed: whether all are; wanted: whether any
    are asked for; two_sided: by D/m, (seeds, 2): test error and error on S'.
    """

    class_bounds: Mapping[str, Floats]
    certificates: Sequence[Certified]
    rows: Floats
    followed: bool
    wanted: bool
    two_sided: Mapping[int, Floats]

    def column(self, name: str, random: bool = False) -> Floats:
        """Return a column of the rows with true (or random) labels that reached the margin."""
        kept = (self.rows[:, COLUMNS.index("random")] == random) & (self.rows[:, COLUMNS.index("reached")] == 1)
        return np.asarray(self.rows[kept, COLUMNS.index(name)])

    def slope(self, name: str) -> Slope | None:
        """Return the slope over n of a column with true labels; None below three positive points."""
        return slope(self.column("n"), self.column(name))


def slope(n: Floats, values: Floats) -> Slope | None:
    """Return the log-log slope of positive values, None where fewer than three n are left."""
    kept = values > 0
    if np.unique(n[kept]).size < 3:
        return None
    from scipy.stats import linregress

    found = linregress(np.log(n[kept]), np.log(values[kept]))
    return Slope(float(found.slope), float(found.stderr))


Judgement = tuple[float | str | None, bool | None, str]
UNDECIDED: Judgement = (None, None, "")


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Return the verdict on a claim."""
    return old_verdict(claim, claim.prediction, *JUDGES[claim.id](evidence))


def _vacuous(e: Evidence) -> Judgement:
    if not e.class_bounds:
        return UNDECIDED
    least = np.concatenate(list(e.class_bounds.values()))[:, :, 0].min(axis=0)
    words = ", ".join(f"{name} {value:.3g}" for name, value in zip(CLASS_BOUNDS, least, strict=True))
    return words, bool((least >= 1).all()), "the least over arms and seeds"


def _blind(e: Evidence) -> Judgement:
    if not e.class_bounds:
        return UNDECIDED
    if set(e.class_bounds) != {TRUE, RANDOM}:
        return None, None, "needs arm both"
    apart = float(np.abs(e.class_bounds[TRUE][:, :, 1] - e.class_bounds[RANDOM][:, :, 1]).max())
    return apart, apart == 0, ""


def _sees(e: Evidence) -> Judgement:
    random = e.column("spectral", True)
    if not e.wanted or (e.followed and not e.rows[:, COLUMNS.index("random")].any()):
        return None, None, "needs preset standard"
    if not e.followed:
        return UNDECIDED
    if not random.size:
        return None, None, "the random arm did not reach the margin"
    at = e.column("n") == e.column("n", True)[0]
    ratio = float(random.mean() / e.column("spectral")[at].mean())
    return ratio, ratio >= SEES, f"n = {e.column('n', True)[0]:.0f}"


def _worst(e: Evidence, arm: str, holds: Callable[[float], bool], pick: Callable[[Sequence[float]], float]) -> Judgement:
    values = [item.value for item in e.certificates if item.arm == arm]
    if not values:
        return UNDECIDED
    return pick(values), holds(pick(values)), ""


def _certifies(e: Evidence) -> Judgement:
    return _worst(e, TRUE, lambda value: value < 1, max)


def _not_random(e: Evidence) -> Judgement:
    return _worst(e, RANDOM, lambda value: value >= NOT_RANDOM, min)


def _validly(e: Evidence) -> Judgement:
    if not e.certificates:
        return UNDECIDED
    least = min(item.value - item.test_error for item in e.certificates)
    return least, least >= 0, "the least over arms and seeds"


def _inverted(e: Evidence) -> Judgement:
    if not e.certificates:
        return UNDECIDED
    most = max(item.value - min(1.0, item.pinsker) for item in e.certificates)
    return most, most <= ORDERED, "kl form less the smaller of the two"


def _two_sided(e: Evidence) -> Judgement:
    test, flipped = e.two_sided[SUFFICES].T
    words = f"test error {test.max():.1e}; error on S' {flipped.min():g}"
    return words, bool(test.max() < SMALL_ERROR and flipped.min() == 1), ""


def _dimensions(e: Evidence) -> Judgement:
    least = float(e.two_sided[TOO_FEW][:, 0].min())
    return least, least > LARGE_ERROR, ""


def _over_n(e: Evidence, names: Sequence[str]) -> list[Slope] | Judgement:
    if not e.wanted:
        return None, None, "needs preset standard"
    if not e.followed:
        return UNDECIDED
    found = [item for item in map(e.slope, names) if item is not None]
    return found if len(found) == len(names) else (None, None, "fewer than three n reached the margin")


def _norms_grow(e: Evidence) -> Judgement:
    found = _over_n(e, ("distance", "product"))
    if isinstance(found, tuple):
        return found
    holds = all(item.value > 2 * item.error for item in found)
    return f"distance {found[0]}; product {found[1]}", holds, ""


def _fall_slower(e: Evidence) -> Judgement:
    found = _over_n(e, ("spectral", "neyshabur", "test error"))
    if isinstance(found, tuple):
        return found
    least = min(found[0].value, found[1].value) - found[2].value
    return least, least > 0, f"spectral {found[0]}; Neyshabur {found[1]}; error {found[2]}"


def _whole_grows(e: Evidence) -> Judgement:
    found = _over_n(e, ("spectral", "neyshabur"))
    if isinstance(found, tuple):
        return found
    least = min(item.value for item in found)
    return least, least > 0, f"spectral {found[0]}; Neyshabur {found[1]}"


JUDGES: dict[str, Callable[[Evidence], Judgement]] = {
    "VB1": _vacuous, "VB2": _blind, "VB3": _sees, "VB4": _certifies, "VB5": _validly, "VB6": _not_random, "VB7": _inverted,
    "VB8": _two_sided, "VB9": _dimensions, "VB10": _norms_grow, "VB11": _fall_slower, "VB12": _whole_grows,
}  # fmt: skip
