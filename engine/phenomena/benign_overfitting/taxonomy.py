"""Benign, tempered or catastrophic: what interpolating pure noise costs as n grows.

Mallinar et al. 2022 (arXiv:2207.06569): the excess noise risk E0 - 1 vanishes, levels off, or grows without bound.
Laptop sizes cannot tell a logarithmic decay from a level: the `log` family is benign and reads as tempered even at n = 1e5.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import number, numbers, require
from engine.theory.spectra.spectra import Family

Overfitting = Literal["benign", "tempered", "catastrophic"]

LEVEL = 0.3
"""A log-log slope of E0 - 1 over n within this of 0 counts as level: benign families at lab sizes fall at least so fast."""


def slope(n: ArrayLike, excess: ArrayLike) -> float:
    """Return the least-squares slope of log(excess) over log(n).

    Raises:
        ProblemError: fewer than two sizes, or an excess that is not positive.
    """
    sizes, values = numbers("n", n, above=0), numbers("the excess risk", excess, above=0)
    require(sizes.size >= 2, f"a slope needs at least 2 sizes n, got {sizes.size}")
    x = np.log(sizes) - np.log(sizes).mean()
    return float(x @ np.log(values) / (x @ x))


def classify(n: ArrayLike, E0: ArrayLike, level: float = LEVEL) -> Overfitting:
    """Return the class that E0 (g,) at sizes n (g,) reads as, by the slope of E0 - 1."""
    trend = slope(n, np.asarray(E0, dtype=np.float64) - 1)
    if trend < -level:
        return "benign"
    return "catastrophic" if trend > level else "tempered"


def family_class(family: Family, a: float = 2.0, c: float = 2.0) -> Overfitting:
    """Return the class a family tends to: Bartlett et al.'s Theorem 6 for `exp-eps` and `log`, Mallinar et al. for the others.

    `power` needs a > 1; isotropic data at a fixed gamma are tempered. The `log` family is benign for c > 1.

    Raises:
        ProblemError: an exponent for which the spectrum is not summable.
    """
    if family == "power":
        number("the exponent a of a summable power law", a, above=1)
    if family == "log":
        number("the exponent c of a summable log law", c, above=1)
    return {"exp-eps": "benign", "log": "benign", "exponential": "catastrophic"}.get(family, "tempered")  # type: ignore[return-value]
