"""Norms of a network's weights and what bounds are built on: spectral products, distance from initialisation, complexity terms.

The terms leave out constants, logarithms and the margin error: they are compared between networks, and are no bounds
(`spectral_bounds` has them whole).

Bartlett, Foster, Telgarsky 2017, arXiv:1706.08498; Neyshabur, Bhojanapalli, Srebro 2018, arXiv:1707.09564; for two layers
Neyshabur, Li, Bhojanapalli, LeCun, Srebro 2019, arXiv:1805.12076. Weights are lists of matrices A_i of shape (out, in),
first layer first, ReLU between them; M_i are the initial ones.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigvalsh

from engine.theory.bounds.risk_bounds import Bound
from engine.theory.conditions import Floats, number, require
from engine.theory.quantities import finite

NO_BOUND = "without constants, logarithms and the margin error: no bound"


def layers_of(weights: Sequence[ArrayLike]) -> list[Floats]:
    """Return the matrices as float64, refused unless finite and each layer takes what the one before gives.

    Raises:
        ProblemError: no layer, values that are not finite, shapes that do not chain.
    """
    require(len(weights) > 0, "a network must have at least one layer, got 0")
    layers = [finite(f"layer {i}", layer) for i, layer in enumerate(weights)]
    for i, layer in enumerate(layers):
        require(layer.ndim == 2, f"layer {i} must have shape (out, in), got {layer.shape}")
    for i, (below, layer) in enumerate(itertools.pairwise(layers)):
        require(layer.shape[1] == below.shape[0], f"layer {i + 1} must take {below.shape[0]} inputs, got shape {layer.shape}")
    return layers


def fold_biases(weights: Sequence[ArrayLike], biases: Sequence[ArrayLike]) -> list[Floats]:
    """Return matrices without biases that compute the same network on inputs with a 1 appended.

    Every layer but the last gets a unit that carries the constant (`relu(1) = 1`), so norms count the biases.

    Raises:
        ProblemError: as `layers_of`; a bias that does not fit its layer.
    """
    layers = layers_of(weights)
    require(len(biases) == len(layers), f"there must be one bias a layer, got {len(biases)} for {len(layers)} layers")
    folded = []
    for i, (layer, bias) in enumerate(zip(layers, biases, strict=True)):
        column = finite(f"bias {i}", bias)
        require(column.shape == (layer.shape[0],), f"bias {i} must have shape ({layer.shape[0]},), got {column.shape}")
        carry = np.eye(1, layer.shape[1] + 1, layer.shape[1])  # (1, in + 1), picks the constant
        rows = np.column_stack([layer, column])
        folded.append(np.vstack([rows, carry]) if i < len(layers) - 1 else rows)
    return folded


def spectral_norms(weights: Sequence[ArrayLike]) -> Floats:
    """Return the largest singular value of each layer, (L,), from the smaller Gram matrix."""
    return np.array([_spectral_norm(layer) for layer in layers_of(weights)])


def frobenius_product(weights: Sequence[ArrayLike]) -> float:
    """Return `prod_j |W_j|_F`, infinite where it leaves the doubles."""
    return math.prod(float(np.linalg.norm(layer)) for layer in layers_of(weights))


def distance(weights: Sequence[ArrayLike], initial: Sequence[ArrayLike]) -> float:
    """Return `|w - w0|`, the Euclidean distance of all weights from their initial values.

    Raises:
        ProblemError: as `layers_of`; shapes that differ.
    """
    return math.hypot(*(float(np.linalg.norm(step)) for step in steps_of(weights, initial)))


def spectral_complexity(weights: Sequence[ArrayLike], initial: Sequence[ArrayLike]) -> float:
    """Return `R_A = prod_i |A_i|_2 (sum_i (|A_i^T - M_i^T|_{2,1}/|A_i|_2)^(2/3))^(3/2)` (arXiv:1706.08498, eq. 1.2, ReLU).

    `|.|_{2,1}` is the sum over output units of the l2 norm of their incoming weights. The product is taken inside the
    sum, so that a layer of zeros has its limit instead of 0/0.

    Raises:
        ProblemError: as `layers_of`; shapes that differ.
    """
    norms: list[float] = spectral_norms(weights).tolist()
    moved = [float(np.linalg.norm(step, axis=1).sum()) for step in steps_of(weights, initial)]
    terms = [path * math.prod(norms[:i] + norms[i + 1 :]) if path > 0 else 0.0 for i, path in enumerate(moved)]
    largest = max(terms)
    if largest == 0 or math.isinf(largest):
        return largest
    return largest * math.pow(sum(math.pow(term / largest, 2 / 3) for term in terms), 1.5)


def bartlett_bound(weights: Sequence[ArrayLike], initial: Sequence[ArrayLike], inputs_norm: float, n: int, margin: float) -> Bound:
    """Return `|X|_F R_A/(m n)`, the complexity term of Bartlett, Foster and Telgarsky.

    Args:
        weights: A_i, (out, in) each.
        initial: M_i, the initial weights.
        inputs_norm: `|X|_F` of the training inputs.
        n: points.
        margin: m, above 0.

    Raises:
        ProblemError: as `spectral_complexity`; n below 1, a margin that is not above 0, a negative norm.
    """
    r_a = spectral_complexity(weights, initial)
    spectral = math.prod(spectral_norms(weights).tolist())
    value = number("|X|_F", inputs_norm, least=0) * r_a / (number("the margin", margin, above=0) * number("n", n, least=1))
    constants = {"|X|_F": inputs_norm, "R_A": r_a, "m": margin, "n": n, "prod |A_i|_2": spectral}
    return Bound("spectral", value, value, "|X|_F R_A/(m n)", constants, NO_BOUND)


def neyshabur_bound(
    weights: Sequence[ArrayLike], radius: float, n: int, margin: float, initial: Sequence[ArrayLike] | None = None
) -> Bound:
    """Return `sqrt(B^2 D^2 h ln(D h) prod |W_i|_2^2 sum(|W_i|_F^2/|W_i|_2^2)/(m^2 n))` (arXiv:1707.09564, Theorem 1).

    With initial weights M_i the sum is of `|W_i - M_i|_F^2/|W_i|_2^2`, as Nagarajan, Kolter 2019, arXiv:1902.04742, plot it.

    Args:
        weights: W_i, (out, in) each; D layers, h the most units of a hidden layer (of the output, when there is none).
        radius: B, the largest norm of an input.
        n: points.
        margin: m, above 0.
        initial: M_i, the initial weights; none: zeros.

    Raises:
        ProblemError: as `layers_of`; shapes that differ, n below 1, a margin that is not above 0, a negative radius.
    """
    layers = layers_of(weights)
    ways = layers if initial is None else steps_of(layers, initial)
    depth, width = len(layers), max(layer.shape[0] for layer in layers[:-1] or layers)
    require(depth * width > 1, "this bound needs D h of at least 2, since ln(D h) is a factor, got 1")
    norms = spectral_norms(layers).tolist()
    # prod |W|_2^2 |W_i|_F^2/|W_i|_2^2, square roots added in quadrature so that nothing overflows early
    terms = [float(np.linalg.norm(way)) * math.prod(norms[:i] + norms[i + 1 :]) for i, way in enumerate(ways)]
    scale = number("the input radius B", radius, least=0) * depth * math.sqrt(width * math.log(depth * width))
    value = scale * math.hypot(*terms) / (number("the margin", margin, above=0) * math.sqrt(number("n", n, least=1)))
    ratios = sum((float(np.linalg.norm(way)) / norm) ** 2 for way, norm in zip(ways, norms, strict=True) if norm > 0)
    summed = f"sum({'|W_i|' if initial is None else '|W_i - M_i|'}_F^2/|W_i|_2^2)"
    constants = {"B": radius, "D": depth, "h": width, "prod |W_i|_2": math.prod(norms), summed.replace("(", " ").replace(")", ""): ratios}
    constants |= {"m": margin, "n": n}
    form = f"sqrt(B^2 D^2 h ln(D h) prod |W_i|_2^2 {summed}/(m^2 n))"
    return Bound("Neyshabur", value, value, form, constants, NO_BOUND)


def two_layer_bound(weights: Sequence[ArrayLike], initial: Sequence[ArrayLike], inputs: ArrayLike, margin: float) -> Bound:
    """Return `|V|_F (|U-U0|_F |X|_F + |U0 X|_F)/(m n) + sqrt(h/n)` (arXiv:1805.12076, Theorem 2), without constants and logs.

    For networks `V relu(U x)` with one output: the capacity of a unit is its way from its initial weights.

    Args:
        weights: U (h, in) and V (1, h).
        initial: U0 and V0, of which V0 does not enter.
        inputs: X, (n, in).
        margin: m, above 0.

    Raises:
        ProblemError: not two layers, not one output, shapes that do not fit, values that are not finite, a margin not above 0.
    """
    layers, points = layers_of(weights), finite("the inputs", inputs)
    require(len(layers) == 2, f"this bound is for networks of two layers, got {len(layers)}")
    first, last = layers
    require(last.shape[0] == 1, f"this form of the bound is for one output, got {last.shape[0]}")
    fits = points.ndim == 2 and points.shape[1] == first.shape[1]
    require(fits, f"inputs must have shape (n, {first.shape[1]}), got {points.shape}")
    n, h = len(points), len(first)
    way, outer, scale = (float(np.linalg.norm(item)) for item in (steps_of(layers, initial)[0], last, points))
    begun = float(np.linalg.norm(points @ layers_of(initial)[0].T))
    value = outer * (way * scale + begun) / (number("the margin", margin, above=0) * n) + math.sqrt(h / n)
    constants = {"|V|_F": outer, "|U-U0|_F": way, "|X|_F": scale, "|U0 X|_F": begun, "h": h, "m": margin, "n": n}
    form = "|V|_F (|U-U0|_F |X|_F + |U0 X|_F)/(m n) + sqrt(h/n)"
    return Bound("two-layer", value, value, form, constants, NO_BOUND)


def normalised_margins(margins: ArrayLike, r_a: float, inputs_norm: float, n: int) -> Floats:
    """Return margins divided by `|X|_F R_A/n`, the scale on which Bartlett et al. compare labels (their Figure 1).

    Args:
        margins: `y f(x)`, or the true logit less the largest other, any shape.
        r_a: `spectral_complexity`, above 0.
        inputs_norm: `|X|_F`, above 0.
        n: points.

    Raises:
        ProblemError: a scale that is not above 0, margins that are not finite.
    """
    scale = number("R_A", r_a, above=0) * number("|X|_F", inputs_norm, above=0) / number("n", n, least=1)
    return np.asarray(finite("margins", margins) / scale)


def steps_of(weights: Sequence[ArrayLike], initial: Sequence[ArrayLike]) -> list[Floats]:
    """Return how far each layer is from its initial weights, A_i - M_i.

    Raises:
        ProblemError: as `layers_of`; shapes that differ.
    """
    layers, start = layers_of(weights), layers_of(initial)
    shapes, first = [layer.shape for layer in layers], [layer.shape for layer in start]
    require(shapes == first, f"initial weights must have the shapes of the weights, {shapes}, got {first}")
    return [layer - m for layer, m in zip(layers, start, strict=True)]


def _spectral_norm(layer: Floats) -> float:
    gram = layer @ layer.T if layer.shape[0] <= layer.shape[1] else layer.T @ layer
    last = len(gram) - 1
    return math.sqrt(max(0.0, float(eigvalsh(gram, subset_by_index=(last, last))[0])))
