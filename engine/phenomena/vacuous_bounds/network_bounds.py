"""Every bound of one trained network, from its weights and margins, with all its constants.

VC, parameter count and Rademacher of the class; Golowich et al. 2018, arXiv:1712.06541, in margin form; Bartlett, Foster,
Telgarsky 2017, arXiv:1706.08498, and Neyshabur et al. 2018, arXiv:1707.09564, whole and as the terms that papers compare, with
the term for two layers of 2019, arXiv:1805.12076; Occam with quantised weights, arXiv:2211.13609; Perez-Ortiz et al. 2021,
arXiv:2007.12911, on a trained posterior; and a test set as honest comparator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.config import Objective, Surrogate
from engine.phenomena.vacuous_bounds.pac_bayes_objectives import P_MIN
from engine.phenomena.vacuous_bounds.problem import folded, outputs
from engine.theory.bounds import norm_bounds as norms
from engine.theory.bounds import occam, pac_bayes
from engine.theory.bounds import risk_bounds as bounds
from engine.theory.bounds import spectral_bounds as spectral
from engine.theory.bounds.kl import held_out_bound, kl_inverse_lower
from engine.theory.bounds.risk_bounds import Bound

OCCAM_BITS = (2, 3, 4)
BUDGETS = {True: "(KL + ln(pi^2 n/(6 delta)) + 2 ln j)/(n-1)", False: "(KL + ln(2 sqrt(n)/delta))/n"}  # by whether on the grid
MARGIN_POWERS = range(-6, 6)  # margins 2^k that the margin form chooses from; each pays its share of delta
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrainedNetwork:
    """A network and what it was trained on: layers (weights (in, out) and biases alternating), inputs (n, d + 1), signs (n,).

    The last column of the inputs is 1 and carries the biases; reach: a norm that no input can exceed.
    """

    layers: Sequence[Floats]
    initial: Sequence[Floats]
    inputs: Floats
    signs: NDArray[np.float32]
    reach: float


def weight_bounds(net: TrainedNetwork, margins: Floats, test_error: float, n_test: int, delta: float, margin: float) -> list[Bound]:
    """Return the bounds that need no posterior, but for the Rademacher bound; then the complexity terms that are no bounds.

    Args:
        net: the network and its training set.
        margins: its training margins (n,).
        test_error, n_test: error on that many test points of the same law.
        delta: failure probability of each bound.
        margin: m of the spectral bounds and terms, fixed beforehand.
    """
    n, risk, margin_risk = len(margins), float(np.mean(margins <= 0)), float(np.mean(margins < margin))
    parameters, layers = sum(layer.size for layer in net.layers), len(net.layers) // 2
    weights, initial = folded(net.layers), folded(net.initial)
    squares = np.einsum("ij,ij->i", net.inputs, net.inputs)
    radius, inputs_norm = math.sqrt(squares.max()), math.sqrt(squares.sum())
    return [
        vapnik(n, parameters, layers, risk, delta),
        bounds.parameter_bound(n, parameters, risk, delta),
        golowich(margins, norms.frobenius_product(weights), radius, layers, delta),
        spectral.bartlett_risk_bound(weights, initial, inputs_norm, n, margin, margin_risk, delta),
        spectral.neyshabur_risk_bound(weights, net.reach, n, margin, margin_risk, delta),
        best_occam(net, delta),
        held_out(test_error, n_test, delta),
        norms.bartlett_bound(weights, initial, inputs_norm, n, margin),
        norms.neyshabur_bound(weights, radius, n, margin),
        *([norms.two_layer_bound(weights, initial, net.inputs, margin)] if layers == 2 else []),
    ]


def rademacher(n: int, risk: float, delta: float, fitted: float | None) -> Bound:
    """Return the Rademacher bound of the class.

    Args:
        n, risk, delta: training points, training error, failure probability.
        fitted: share of random signs that a network of the class was found to fit, which says what the bound is at least; None
            where no network was tried: then with 1, which no complexity exceeds.
    """
    if fitted is None:
        bound = bounds.rademacher_bound(n, risk, delta)
        return replace(bound, form=f"{bound.form}, Rad at most 1; no network was trained on random signs")
    bound = bounds.rademacher_bound(n, risk, delta, bounds.least_rademacher(n, fitted, delta))
    return replace(
        bound, form=f"{bound.form}, Rad at least 2a - 1 - sqrt(2 ln(1/delta)/n), a of n random signs being fitted",
        constants={**bound.constants, "a": fitted}, caveat="" if bound.value >= 1 else "its least value: few random signs are fitted yet",
    )  # fmt: skip


def vapnik(n: int, weights: int, layers: int, risk: float, delta: float) -> Bound:
    """Return the VC bound with V from above; beside it V from below, and the largest V at which a bound is below 1."""
    bound = bounds.vc_bound(n, bounds.relu_vc_scale(weights, layers), risk, delta)
    lower, most = bounds.relu_vc_lower_scale(weights, layers), bounds.largest_informative_vc(n, delta)
    around = {"W": weights, "L": layers, "W L log2(W/L)": lower, "largest V below 1": most}
    return replace(bound, form=f"{bound.form}, V = W L log2 W", constants={**bound.constants, **around})


def held_out(error: float, n_test: int, delta: float) -> Bound:
    """Return what a test set says of the true error; beside the bound from above the one from below, equally sure."""
    bound, least = held_out_bound(error, n_test, delta), float(kl_inverse_lower(error, math.log(1 / delta) / n_test))
    entered = {"E": error, "n_test": n_test, "delta": delta, "from below": least}
    return Bound("held out", bound, bound - error, "kl_inv(E, ln(1/delta)/n_test)", entered)


def golowich(margins: Floats, product: float, radius: float, layers: int, delta: float) -> Bound:
    """Return the best margin bound over margins 2^k that most points reach, radius rounded up to a power of two.

    Delta is shared out over both powers. Margins that most points miss would only say that an error is at most 1.
    """
    rounded, power = bounds.rounded_up(product)
    complexity = bounds.golowich_rademacher(rounded, radius, layers, len(margins))
    share = bounds.shared_delta(delta, power)
    each = [
        bounds.margin_bound(len(margins), complexity, 2.0**k, float(np.mean(margins < 2.0**k)), bounds.shared_delta(share, k), "Golowich")
        for k in MARGIN_POWERS
    ]
    reached = [bound for bound in each if bound.constants["R_m"] < 0.5]
    best = min(reached or each, key=lambda bound: bound.value)
    form = f"{best.form}, Rad = B (sqrt(2 ln 2 L) + 1) P/sqrt(n), P = prod |W_j|_F rounded up to a power of two, delta_s of delta"
    own = {"delta_s" if name == "delta" else name: value for name, value in best.constants.items()}
    entered = {"B": radius, "L": layers, "prod |W_j|_F": product, "P": rounded, "delta": delta}
    return replace(best, form=form.replace("2/delta)", "2/delta_s)"), constants={**own, **entered})


def best_occam(net: TrainedNetwork, delta: float) -> Bound:
    """Return the best Occam bound over how coarsely the distance from the initial weights is written; the message says how."""
    steps = [layer - first for layer, first in zip(net.layers, net.initial, strict=True)]
    found = []
    for bits in OCCAM_BITS:
        written = occam.quantise(steps, bits)
        layers = [first + step for first, step in zip(net.initial, written.weights, strict=True)]
        risk = float(np.mean(net.signs * outputs(layers, net.inputs[:, :-1])[:, 0] <= 0))
        bound = occam.occam_bound(occam.message(written).total, len(net.inputs), risk, delta)
        found.append(replace(bound, constants={**bound.constants, "levels": 2**bits - 1}))
    return min(found, key=lambda bound: bound.value)


def posterior_bounds(
    certificate: pac_bayes.Certificate, objective: Objective, surrogate: Surrogate, trained: float | None = None
) -> list[Bound]:
    """Return the certificate and Perez-Ortiz's three bounds of the same posterior, the error in them raised by its own inversion.

    Args:
        certificate: of the posterior.
        objective, surrogate: what it was trained on; a prior variance that was trained pays for its place j on the grid in each bound.
        trained: the weight l that was trained beside it, if one was.
    """
    c = certificate
    on_grid = {} if c.j is None else {"j": float(c.j)}
    beside = {"p_min": P_MIN} if surrogate == "bounded" else {}
    beside |= {} if trained is None else {"l trained": trained}
    shared = {"q": c.risk, "R": c.risk_inverted, "KL": c.kl, "n": c.n, **on_grid, "N": c.draws, "delta'": c.delta_draws}
    own_delta = "delta_j" if on_grid else "delta"
    spent = {own_delta: c.delta_spent, "confidence": c.confidence}
    given = (c.risk_inverted, c.kl, c.n, c.delta_spent)
    weight = pac_bayes.best_lambda(*given)
    first = {**shared, "Bnd": c.bnd, "lambda": c.prior_variance, "delta": c.delta, "confidence": c.confidence, **beside}
    form = f"trained on {objective}, {surrogate} loss; kl_inv(R, Bnd), R = kl_inv(q, ln(2/delta')/N), Bnd = {BUDGETS[bool(on_grid)]}"
    relaxed: tuple[tuple[str, float, str, dict[str, float]], ...] = (
        ("classic", pac_bayes.classic(*given), f"R + sqrt(k), k = (KL + ln(2 sqrt(n)/{own_delta}))/(2n)", {}),
        ("quadratic", pac_bayes.quadratic(*given), "(sqrt(R + k) + sqrt(k))^2", {}),
        ("lambda", pac_bayes.lambda_form(*given, weight), "R/(1 - l/2) + 2 n k/(n l (1 - l/2))", {"l": weight}),
    )
    return [
        Bound("PAC-Bayes", c.value, c.value - c.risk, form, first),
        *(Bound(name, value, value - c.risk, form, {**shared, **spent, **more}) for name, value, form, more in relaxed),
    ]


def narrow_bound(certificate: pac_bayes.Certificate, test_error: float) -> Bound:
    """Return the certificate of a narrow Gaussian around weights learnt on half of the data; beside it the test error of its draws."""
    c = certificate
    form = "kl_inv(R, Bnd), R = kl_inv(q, ln(2/delta')/N), Bnd = ln(2 sqrt(n)/delta)/n: KL = 0, n the half that was not learnt"
    entered = {"q": c.risk, "R": c.risk_inverted, "n": c.n, "N": c.draws, "delta'": c.delta_draws, "Bnd": c.bnd, "lambda": c.prior_variance}
    entered |= {"delta": c.delta, "confidence": c.confidence, "test error": test_error}
    return Bound("half data", c.value, c.value - c.risk, form, entered)
