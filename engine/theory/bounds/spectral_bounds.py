"""The two spectral bounds with every constant, logarithm and the margin error: bounds on the risk, unlike those of `norm_bounds`.

Bartlett, Foster, Telgarsky 2017, arXiv:1706.08498: covering numbers of Theorem 3.3 in the entropy integral of Lemma A.5, as in
their Lemma A.8. Neyshabur, Bhojanapalli, Srebro 2018, arXiv:1707.09564: Lemmas 1 and 2 and the prior of the proof of their
Theorem 1. Both for ReLU networks of one output without biases (`norm_bounds.fold_biases`), whose margin is y f(x).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.bounds.norm_bounds import layers_of, spectral_norms, steps_of
from engine.theory.bounds.risk_bounds import Bound, deviation, rounded_up, shared_delta
from engine.theory.conditions import number, require
from engine.theory.quantities import confidence, error_rate

FINENESS = 8  # norms are rounded up to powers of 2^(1/8): a union over them costs little, rounding at most 9 % of a norm
LEAST_NORM = 2.0**-40  # of the grid, for layers that have not moved


def bartlett_risk_bound(
    weights: Sequence[ArrayLike], initial: Sequence[ArrayLike], inputs_norm: float, n: int, margin: float, margin_risk: float, delta: float
) -> Bound:
    """Return `R_m + 8/n^(3/2) + 36 |X|_F R ln(n) sqrt(ln(2 W^2))/(m n) + 3 sqrt(ln(2/delta_s)/(2n))`.

    R is `norm_bounds.spectral_complexity` from norms rounded up to the grid, over which delta is shared out. Theorem 3.3:
    the outputs have `ln N(e) <= |X|_F^2 R^2 ln(2 W^2)/e^2`, those of the ramp of width m the same at e m. Lemma A.5 from
    1/n on: `Rad <= 4/n^(3/2) + (12/n) (|X|_F R/m) sqrt(ln(2 W^2)) ln(n^(3/2))`, and the risk pays 2 Rad. Lemma A.8 has 72
    for 36, since the margin between two logits moves twice as fast as they do.

    Args:
        weights: A_i, (out, in) each, the last with one output.
        initial: M_i, which must not depend on the training points.
        inputs_norm: `|X|_F` of the training inputs.
        n: training points.
        margin: m, fixed beforehand.
        margin_risk: share of training points with margin below m.
        delta: failure probability.

    Raises:
        ProblemError: shapes that do not fit, more than one output, n below 2, anything out of its range.
    """
    layers = _of_one_output(weights)
    exact = spectral_norms(layers).tolist(), [float(np.linalg.norm(step, axis=1).sum()) for step in steps_of(layers, initial)]
    share, rounded = confidence("delta", delta), []
    for norms in exact:
        grid = [rounded_up(max(norm, LEAST_NORM), FINENESS) for norm in norms]
        rounded.append([value for value, _ in grid])
        for _, power in grid:
            share = shared_delta(share, power)
    spectral, moved = rounded
    product, width = math.prod(spectral), max(max(layer.shape) for layer in layers)
    complexity = product * math.pow(sum((way / norm) ** (2 / 3) for way, norm in zip(moved, spectral, strict=True)), 1.5)
    points, scale = number("n", n, least=2), number("|X|_F", inputs_norm, least=0) / number("the margin", margin, above=0)
    capacity = 36 * scale * complexity * math.log(points) * math.sqrt(math.log(2 * width**2)) / points
    gap = 8 / points**1.5 + capacity + deviation(n, share)
    constants = {"R_m": error_rate("the margin error", margin_risk), "|X|_F": inputs_norm, "R": complexity, "W": width, "m": margin, "n": n}
    form = "R_m + 8/n^(3/2) + 36 |X|_F R ln(n) sqrt(ln(2 W^2))/(m n) + 3 sqrt(ln(2/delta_s)/(2n)), R from norms rounded up to 2^(k/8)"
    return Bound("BFT", margin_risk + gap, gap, form, {**constants, "delta_s": share, "delta": delta})


def neyshabur_risk_bound(weights: Sequence[ArrayLike], radius: float, n: int, margin: float, margin_risk: float, delta: float) -> Bound:
    """Return `R_m + 4 sqrt((KL + ln(6 n N/delta))/(n-1))`, `KL = |w|^2/(2 s^2)`, `s = m/(42 D B b^(D-1) sqrt(h ln(4 D h)))`.

    w are the weights after every layer is scaled to the spectral norm `beta = (prod |W_i|_2)^(1/D)`, which leaves the network as it
    is; b is the point next to beta of a cover of N points, D n^(1/(2D)) of them at most: where beta is beyond it, the bound
    is at least 1 and needs no proof.

    Args:
        weights: W_i, (out, in) each, the last with one output; D layers, h the most inputs or outputs of a layer.
        radius: B, which no input exceeds, known before the data are.
        n: training points.
        margin: m, fixed beforehand.
        margin_risk: share of training points with margin below m.
        delta: failure probability.

    Raises:
        ProblemError: more than one output, n below 2, anything out of its range.
    """
    layers = _of_one_output(weights)
    depth, width, points = len(layers), max(max(layer.shape) for layer in layers), number("n", n, least=2)
    reach, share = number("the input radius B", radius, above=0), confidence("delta", delta)
    norms = spectral_norms(layers).tolist()
    beta = math.prod(norm ** (1 / depth) for norm in norms)
    least = (number("the margin", margin, above=0) / (2 * reach)) ** (1 / depth)
    cover = math.ceil(depth * points ** (1 / (2 * depth)))
    place = math.floor(max(beta / least - 1, 0) * depth / 2)
    near = least * (1 + (2 * place + 1) / depth)  # within least/D of every beta of its place
    spread = margin / (42 * depth * reach * near ** (depth - 1) * math.sqrt(width * math.log(4 * depth * width)))
    ratios = sum((float(np.linalg.norm(layer)) / norm) ** 2 for layer, norm in zip(layers, norms, strict=True) if norm > 0)
    kl = 0.5 * ratios * (beta / spread) ** 2
    gap = 4 * math.sqrt((kl + math.log(6 * points * cover / share)) / (points - 1))
    constants = {
        "R_m": error_rate("the margin error", margin_risk), "KL": kl, "s": spread, "beta": beta, "b": near, "N": cover, "B": reach,
        "D": depth, "h": width, "m": margin, "n": n, "delta": delta,
    }  # fmt: skip
    form = "R_m + 4 sqrt((KL + ln(6 n N/delta))/(n-1)), KL = |w|^2/(2 s^2), s = m/(42 D B b^(D-1) sqrt(h ln(4 D h)))"
    return Bound("NBS", margin_risk + gap, gap, form, constants)


def _of_one_output(weights: Sequence[ArrayLike]) -> list[np.ndarray]:
    layers = layers_of(weights)
    require(layers[-1].shape[0] == 1, f"this form of the bound is for one output, got {layers[-1].shape[0]}")
    return layers
