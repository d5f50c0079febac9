"""Class-wide and norm-based generalization bounds for networks, each with every constant it was made of.

VC (Vapnik; Bartlett, Harvey, Liaw, Mehrabian 2019, arXiv:1703.02930), parameter count, Rademacher complexity of the
class, and its margin form with Golowich, Rakhlin, Shamir 2018, arXiv:1712.06541. Spectral bounds are in `norm_bounds`.
Letters: n points, W weights, L layers of weights, delta the failure probability, 0-1 loss, natural logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.theory.conditions import number, require
from engine.theory.quantities import confidence, error_rate

BITS_PER_WEIGHT = 32


@dataclass(frozen=True)
class Bound:
    """One bound: `value` is compared with 1, chance and the measured gap.

    complexity: value less the empirical term, or all of it for a bound without one; what VB2 compares between labels.
    constants: everything that entered, by the letter the formula uses.
    form: the formula as text; caveat: why it is no bound ("without constants, ..."), empty for a bound.
    """

    name: str
    value: float
    complexity: float
    form: str
    constants: Mapping[str, float] = field(default_factory=dict)
    caveat: str = ""

    @property
    def bounds(self) -> bool:
        """Whether it bounds the risk; what does not is neither vacuous nor informative."""
        return not self.caveat


def informativeness(value: float, classes: int = 2) -> Literal["vacuous", "useless", "informative"]:
    """Return what a bound on the risk says: vacuous at 1 or more, useless at chance `1 - 1/K` or more, else informative.

    A value that is not a number (weights that diverged) says nothing and counts as vacuous.

    Raises:
        ProblemError: fewer than two classes.
    """
    number("classes", classes, least=2)
    if not value < 1:
        return "vacuous"
    return "useless" if value >= 1 - 1 / classes else "informative"


def vc_complexity(n: int, vc: float, delta: float | None, *, capped: bool = True) -> float:
    """Return `sqrt((8/n) (V ln(2en/V) + ln(4/delta)))`, which bounds the gap.

    Args:
        n: points.
        vc: V, at least 1.
        delta: failure probability, or None to leave `ln(4/delta)` out.
        capped: let the log of the growth function of 2n points never exceed `2n ln 2`; needed when V > n.

    Raises:
        ProblemError: n or V below 1, V above n without the cap, delta outside (0, 1).
    """
    number("n", n, least=1)
    number("the VC dimension", vc, least=1)
    require(capped or vc <= n, f"the VC dimension must be at most n = {n} in this form, got {vc:g}", "cap the growth function at 2^(2n)")
    growth = 2 * n * math.log(2) if vc > n else vc * math.log(2 * math.e * n / vc)
    growth = min(growth, 2 * n * math.log(2)) if capped else growth
    tail = 0.0 if delta is None else math.log(4 / confidence("delta", delta))
    return math.sqrt(8 / n * (growth + tail))


def vc_bound(n: int, vc: float, risk: float, delta: float) -> Bound:
    """Return the VC bound on the risk, with the growth function capped at 2^(2n).

    Raises:
        ProblemError: as `vc_complexity`; a risk outside [0, 1].
    """
    gap = vc_complexity(n, vc, delta)
    constants = {"R": error_rate("the training error", risk), "n": n, "V": vc, "delta": delta}
    return Bound("VC", risk + gap, gap, "R + sqrt((8/n) (min(V ln(2en/V), 2n ln 2) + ln(4/delta)))", constants)


def largest_informative_vc(n: int, delta: float) -> int:
    """Return the largest V with `vc_complexity < 1`, 0 when there is none (1141 at n = 50,000, delta = .05).

    Raises:
        ProblemError: n below 1, delta outside (0, 1).
    """
    low, high = 0, int(number("n", n, least=1)) + 1  # the term grows with V up to n, and at V = n it exceeds 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if vc_complexity(n, middle, delta, capped=False) < 1 else (low, middle)
    return low


def relu_vc_scale(weights: int, layers: int) -> float:
    """Return `W L log2(W)`: the VC dimension of ReLU networks up to a constant, from above (arXiv:1703.02930, Theorem 6).

    Raises:
        ProblemError: no layer, fewer than two weights.
    """
    return number("weights", weights, least=2) * number("layers", layers, least=1) * math.log2(weights)


def relu_vc_lower_scale(weights: int, layers: int) -> float:
    """Return `W L log2(W/L)`: the same from below (arXiv:1703.02930, Theorem 3).

    Raises:
        ProblemError: no layer, not more weights than layers.
    """
    number("layers", layers, least=1)
    return number("weights", weights, above=layers) * layers * math.log2(weights / layers)


def parameter_bound(n: int, weights: int, risk: float, delta: float) -> Bound:
    """Return `R + sqrt((32 W ln 2 + ln(1/delta))/(2n))`: a finite class, every weight written in 32 bits.

    Raises:
        ProblemError: n or W below 1, a risk outside [0, 1], delta outside (0, 1).
    """
    number("n", n, least=1)
    bits = BITS_PER_WEIGHT * number("weights", weights, least=1)
    gap = math.sqrt((bits * math.log(2) + math.log(1 / confidence("delta", delta))) / (2 * n))
    constants = {"R": error_rate("the training error", risk), "n": n, "W": weights, "bits": bits, "delta": delta}
    return Bound("parameters", risk + gap, gap, "R + sqrt((32 W ln 2 + ln(1/delta))/(2n))", constants)


def deviation(n: int, delta: float) -> float:
    """Return `3 sqrt(ln(2/delta)/(2n))`, the price of measuring the Rademacher complexity on the sample itself."""
    return 3 * math.sqrt(math.log(2 / confidence("delta", delta)) / (2 * number("n", n, least=1)))


def rademacher_bound(n: int, risk: float, delta: float, rademacher: float = 1.0) -> Bound:
    """Return `R + Rad + 3 sqrt(ln(2/delta)/(2n))`; Rad is never more than 1.

    Raises:
        ProblemError: Rad outside [0, 1], n below 1, a risk outside [0, 1], delta outside (0, 1).
    """
    gap = error_rate("the Rademacher complexity", rademacher) + deviation(n, delta)
    constants = {"R": error_rate("the training error", risk), "Rad": rademacher, "n": n, "delta": delta}
    return Bound("Rademacher", risk + gap, gap, "R + Rad + 3 sqrt(ln(2/delta)/(2n))", constants)


def least_rademacher(n: int, fitted: float, delta: float) -> float:
    """Return `2a - 1 - sqrt(2 ln(1/delta)/n)`, at least 0: what the Rademacher complexity of the class is at least.

    A network of the class that fits a share a of n random signs correlates with them by 2a - 1, and the supremum over the class
    concentrates around its mean (McDiarmid).

    Raises:
        ProblemError: a share outside [0, 1], n below 1, delta outside (0, 1).
    """
    spread = math.sqrt(2 * math.log(1 / confidence("delta", delta)) / number("n", n, least=1))
    return max(0.0, 2 * error_rate("the share of random signs that is fitted", fitted) - 1 - spread)


def linear_rademacher(norm: float, radius: float, n: int) -> float:
    """Return `|w| B/sqrt(n)`, above the Rademacher complexity of linear maps of norm |w| on inputs of norm at most B."""
    return number("the norm", norm, least=0) * number("the input radius B", radius, least=0) / math.sqrt(number("n", n, least=1))


def golowich_rademacher(norm_product: float, radius: float, layers: int, n: int) -> float:
    """Return `B (sqrt(2 ln 2 L) + 1) prod_j |W_j|_F / sqrt(n)` (arXiv:1712.06541, Theorem 1), for networks without biases.

    Biases are covered by `norm_bounds.fold_biases`, with the constant 1 counted in B.
    """
    depth_factor = math.sqrt(2 * math.log(2) * number("layers", layers, least=1)) + 1
    return depth_factor * linear_rademacher(norm_product, radius, n)


def margin_bound(n: int, rademacher: float, margin: float, margin_risk: float, delta: float, name: str = "margin") -> Bound:
    """Return `R_m + (2/m) Rad + 3 sqrt(ln(2/delta)/(2n))`; m fixed beforehand, R_m the share of points with margin below m.

    Rad belongs to a class fixed beforehand: a radius read off the trained weights is rounded up by `rounded_up` and delta
    shared out by `shared_delta`.

    Raises:
        ProblemError: Rad below 0, m not above 0, R_m outside [0, 1], n below 1, delta outside (0, 1).
    """
    gap = 2 / number("the margin", margin, above=0) * number("the Rademacher complexity", rademacher, least=0) + deviation(n, delta)
    constants = {"R_m": error_rate("the margin error", margin_risk), "Rad": rademacher, "m": margin, "n": n, "delta": delta}
    return Bound(name, margin_risk + gap, gap, "R_m + (2/m) Rad + 3 sqrt(ln(2/delta)/(2n))", constants)


def rounded_up(value: float, fineness: int = 1) -> tuple[float, int]:
    """Return the smallest 2^(k/fineness) at or above a positive value, and k: the grid of a union bound.

    Raises:
        ProblemError: a value that is not above 0, a fineness below 1.
    """
    steps = number("the fineness", fineness, least=1)
    power = math.ceil(steps * math.log2(number("the value", value, above=0)))
    power += 2.0 ** (power / steps) < value  # where the logarithm was rounded down
    return 2.0 ** (power / steps), power


def shared_delta(delta: float, exponent: int) -> float:
    """Return the share of delta that the exponent k of `rounded_up` gets; the shares of all whole k sum to delta."""
    total = math.pi**2 / 3 - 1  # sum over whole k of 1/(1+|k|)^2
    return confidence("delta", delta) / (total * (1 + abs(exponent)) ** 2)
