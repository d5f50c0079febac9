"""The settings: which covariance spectrum at which n, and how often it is drawn.

Sizes follow Bartlett et al. 2020 (arXiv:1906.11300), Theorem 6 (p = n^1.5 for `exp-eps`), and the limits of double precision
(n/tau < 30 for `exponential`). Power laws are cut at p >= 20 n, where the missing tail changes E0 by under 5 %. An imported spectrum
is the same at every n, at its own scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from engine.data.spectrum import own_spectrum
from engine.errors import ProblemError
from engine.phenomena.benign_overfitting.config import BenignOverfittingConfig
from engine.theory.inputs import Floats
from engine.theory.spectra.spectra import Family, spectrum

TAIL = 20  # features per sample of a spectrum without an end
LEAST = 3000  # features of such a spectrum at least
ANCHOR = 80  # n at which the power laws' claims are decided
EXPONENTS = (2.0, 3.0)  # of these power laws
LEARNT = ("power", ANCHOR, 3.0)  # always with a signal, for which the best ridge is looked for
HEAVY = 15  # draws of `exponential` for each of the others: its noise risk has a heavy tail
DECADES = 30  # largest n/tau of `exponential`: beyond it the smallest eigenvalues are lost to rounding
FAINTEST = math.exp(-DECADES)  # share of the first eigenvalue below which others are lost
GAMMA = 2  # p/n of isotropic features
LARGE, FEWER = 1000, 5  # n from which a setting is drawn so many times less often

Kind = Family | Literal["own"]
LABELS: dict[Kind, str] = {
    "exp-eps": "exp+eps", "exponential": "exp", "power": "k^-", "log": "log", "isotropic": "isotropic", "own": "",
}  # fmt: skip
"""Legend names; their order is that of the curves' colours."""


@dataclass(frozen=True)
class Setting:
    """One family at one n. `parameter` is a of a power law or tau of an exponential; signal is tr(Sigma b b^T).

    name_of, sha256: which imported spectrum the family `own` is.
    """

    family: Kind
    n: int
    p: int
    parameter: float
    signal: float
    repeats: int = 1  # problems averaged within a draw
    every: int = 1  # drawn in each so-many-th draw
    name_of: str = ""
    sha256: str = ""

    @property
    def group(self) -> str:
        """The curve it belongs to: a family with its exponent, whatever n."""
        return f"power-{self.parameter:g}" if self.family == "power" else self.family

    @property
    def label(self) -> str:
        """What that curve is called."""
        return self.name_of or LABELS[self.family] + (f"{self.parameter:g}" if self.family == "power" else "")

    @property
    def name(self) -> str:
        """Its key."""
        return f"{self.group}-n{self.n}"

    @property
    def place(self) -> tuple[int, bool, float]:
        """Where its curve stands among the others, which no knob changes."""
        return list(LABELS).index(self.family), self.parameter not in EXPONENTS, self.parameter

    @cached_property
    def eigenvalues(self) -> Floats:
        """Covariance eigenvalues (p,), largest first."""
        if self.family == "own":
            return own_spectrum(self.name_of, self.sha256).eigenvalues
        return spectrum(self.family, self.n, self.p, tau=self.parameter, a=self.parameter)

    @cached_property
    def target(self) -> Floats:
        """True coefficients b (p,), those imported, or equal in all directions, with b^T Sigma b = signal."""
        given = own_spectrum(self.name_of, self.sha256).target if self.family == "own" else None
        if given is not None:
            return given
        return np.full(self.p, np.sqrt(self.signal / self.eigenvalues.sum()))

    def at(self, n: int) -> Setting:
        """Return the same family at another n."""
        return replace(self, n=n, p=self.p if self.family == "own" else features(self.family, n, self.parameter))


def features(family: Family, n: int, tau: float) -> int:
    """Return p, the number of features of a family at n; tau is that of `exponential`."""
    if family == "exp-eps":
        return round(n * math.sqrt(n))
    if family == "exponential":
        return round(n + 40 * tau)  # what is cut off is e^-40 of what is left
    return GAMMA * n if family == "isotropic" else max(LEAST, TAIL * n)


def settings_of(config: BenignOverfittingConfig) -> tuple[Setting, ...]:
    """Return every setting of a config, smallest problems first so that curves appear early."""
    tau, beside = config.tau, config.family in ("log", "isotropic")
    families: list[tuple[Family, float]] = [("exp-eps", tau), ("power", config.a), *([(config.family, 2.0)] if beside else [])]
    accurate = {max(2, round(times * tau)) for times in (4, 8, 16)} | {n for n in config.n if n < DECADES * tau}
    wanted: set[tuple[Family, int, float]] = {(family, n, parameter) for n in config.n for family, parameter in families}
    wanted |= {("power", ANCHOR, a) for a in (*EXPONENTS, config.a)} | {("exponential", n, tau) for n in accurate}
    found = [*(_setting(config, *one) for one in wanted), *own_settings(config)]
    return tuple(sorted(found, key=lambda one: (one.n * one.n * one.p, one.group)))


def resolved(eigenvalues: Floats) -> int:
    """Return how many eigenvalues (p,), largest first, are not lost to rounding beside the first."""
    return int((eigenvalues >= FAINTEST * eigenvalues[0]).sum())


def own_settings(config: BenignOverfittingConfig) -> list[Setting]:
    """Return the imported spectrum at every n that it interpolates in double precision; none without one.

    Raises:
        ProblemError: it has too few eigenvalues for any n, above 0 or above what rounding leaves of its first.
    """
    if not config.imported:
        return []
    given = own_spectrum(config.spectrum, config.spectrum_sha256)
    p = given.eigenvalues.size
    count = resolved(given.eigenvalues)
    sizes = sorted({n for n in config.n if n < min(p, 1 + count)})
    if not sizes and count < p:
        held = f"{given.name} has {count:,} eigenvalues above {FAINTEST:.0e} of its first, below which rounding loses them"
        raise ProblemError(f"{held}; interpolation needs as many as samples, at least {min(config.n)}", "lower n")
    if not sizes:
        zero = f"; {given.zeros:,} are 0" if given.zeros else ""
        held = f"{given.name} has {p:,} eigenvalues above 0{zero}"
        raise ProblemError(f"{held}, and interpolation needs more of them than samples, at least {min(config.n)}", "lower n")
    signal = config.signal if given.target is None else float(given.eigenvalues @ given.target**2)
    return [Setting("own", n, p, 0.0, signal, name_of=given.name, sha256=given.sha256) for n in sizes]


def _setting(config: BenignOverfittingConfig, family: Family, n: int, parameter: float) -> Setting:
    """A setting of the config's signal, but for the one setting that always has one."""
    signal = max(config.signal, 1.0) if (family, n, parameter) == LEARNT else config.signal
    repeats, every = HEAVY if family == "exponential" else 1, FEWER if n > LARGE else 1
    return Setting(family, n, features(family, n, parameter), parameter, signal, repeats, every)


def curves_of(settings: Sequence[Setting]) -> list[list[Setting]]:
    """Return the settings curve by curve, each by n."""
    groups: dict[str, list[Setting]] = {}
    for setting in sorted(settings, key=lambda one: (one.place, one.n)):
        groups.setdefault(setting.group, []).append(setting)
    return list(groups.values())
