"""Where uniform convergence fails provably: the linear example of Nagarajan, Kolter 2019, arXiv:1902.04742, Theorem 3.1.

Labels y = +-1; inputs (x1, x2) with `x1 = 2 y u`, `|u|^2 = 1/m`, and `x2 ~ N(0, (32/D) I_D)`. One full gradient step from
0 on the summed linear loss at rate 1 gives `w1 = 2 m u` and `w2 = sum_i y_i x2_i`. The sample S' negates every x2: it has
the law of S, and the learnt classifier errs on all of it while its test error vanishes.

All of this depends on x2 only through the Gram matrix of `y_i x2_i`, whose law is Wishart: it is drawn exactly in
m^2 numbers instead of m D.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

from engine.seeds import streams
from engine.theory.conditions import Floats, number, require
from engine.theory.quantities import finite

VARIANCE = 32.0  # of x2 in all D dimensions together
SIGNAL = 4.0  # y w1.x1 = 2 m u . 2 u
DRAW = 6  # independent draw of a seed's streams


@dataclass(frozen=True)
class TwoSided:
    """One draw of S, its classifier and its errors.

    labels: y_i, (m,). noise_outputs: `w2.x2_i`, (m,); the classifier's output is `4 y + w2.x2` on S, `4 y - w2.x2` on S'.
    test_error: exact given w2.
    """

    dimensions: int
    labels: Floats
    noise_outputs: Floats
    train_error: float
    flipped_error: float
    test_error: float

    @property
    def gap_lower_bound(self) -> float:
        """What any two-sided algorithm-dependent bound must at least report: the error on S' less the test error."""
        return self.flipped_error - self.test_error

    @property
    def plane(self) -> tuple[Floats, Floats]:
        """(w1.x1, w2.x2) of S and of S', each (m, 2); the boundary is the line where they sum to 0."""
        signal = SIGNAL * self.labels
        return np.column_stack([signal, self.noise_outputs]), np.column_stack([signal, -self.noise_outputs])


def wishart_gram(samples: int, dimensions: int, rng: np.random.Generator) -> Floats:
    """Return `G_ij = y_i y_j x2_i.x2_j`, (m, m), drawn exactly by Bartlett's decomposition.

    Raises:
        ProblemError: m below 1, D below m.
    """
    number("m", samples, least=1)
    require(dimensions >= samples, f"D must be at least m = {samples}, got {dimensions}", "raise D_over_m")
    factor = np.tril(rng.standard_normal((samples, samples)), -1)
    factor[np.diag_indices(samples)] = np.sqrt(rng.chisquare(dimensions - np.arange(samples)))
    return VARIANCE / dimensions * (factor @ factor.T)


def two_sided(gram: ArrayLike, labels: ArrayLike, dimensions: int) -> TwoSided:
    """Return the classifier after its one step, from the Gram matrix of `y_i x2_i`.

    `y_i w2.x2_i = (G 1)_i`, `|w2|^2 = 1'G 1`, test error `Q(4/(|w2| sqrt(32/D)))` with Q the Gaussian tail.

    Args:
        gram: (m, m), symmetric.
        labels: (m,), +1 or -1.
        dimensions: D of x2.

    Raises:
        ProblemError: shapes that do not fit, labels that are not signs, D below 1.
    """
    matrix, signs = finite("the Gram matrix", gram), finite("labels", labels)
    require(matrix.shape == (signs.size, signs.size), f"the Gram matrix must have shape ({signs.size}, {signs.size}), got {matrix.shape}")
    require(bool(np.all(np.abs(signs) == 1)), f"labels must be +1 or -1, got {np.unique(signs)[:4].tolist()}")
    aligned = matrix.sum(axis=1)  # y_i w2.x2_i
    deviation = math.sqrt(max(float(aligned.sum()), 0.0) * VARIANCE / number("D", dimensions, least=1))
    test_error = 0.5 * float(erfc(SIGNAL / deviation / math.sqrt(2))) if deviation > 0 else 0.0
    return TwoSided(dimensions, signs, signs * aligned, _error(SIGNAL + aligned), _error(SIGNAL - aligned), test_error)


def draw_two_sided(samples: int, dimensions: int, rng: np.random.Generator) -> TwoSided:
    """Return one draw of the example for m samples in D noise dimensions (D = 1024 m suffices, D = 64 m does not).

    Raises:
        ProblemError: m below 1, D below m.
    """
    gram = wishart_gram(samples, dimensions, rng)
    return two_sided(gram, rng.choice([-1.0, 1.0], samples), dimensions)


def draw_examples(samples: int, ratios: Iterable[int], seeds: Sequence[int]) -> dict[int, list[TwoSided]]:
    """Return one draw a seed at every D/m, by D/m from the smallest on."""
    return {ratio: [draw_two_sided(samples, ratio * samples, streams(seed, DRAW).data) for seed in seeds] for ratio in sorted(set(ratios))}


def two_spheres(
    n: int, dimensions: int, rng: np.random.Generator, radii: tuple[float, float] = (1.0, 1.2)
) -> tuple[Floats, NDArray[np.int64]]:
    """Return n points uniform on two concentric spheres (their Section 3.2) and the class, 0 inner or 1 outer.

    Returns:
        Inputs (n, d) and classes (n,).

    Raises:
        ProblemError: n or d below 1, radii that do not grow from above 0.
    """
    number("n", n, least=1)
    number("the dimension", dimensions, least=1)
    number("the outer radius", radii[1], above=number("the inner radius", radii[0], above=0))
    classes = rng.integers(0, 2, n)
    directions = rng.standard_normal((n, dimensions))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions * np.asarray(radii)[classes][:, None], classes


def swap_spheres(inputs: ArrayLike, classes: ArrayLike, radii: tuple[float, float] = (1.0, 1.2)) -> tuple[Floats, NDArray[np.int64]]:
    """Return S': every point of `two_spheres` moved along its ray to the other sphere, its class flipped.

    Raises:
        ProblemError: shapes that do not fit, classes other than 0 and 1, radii that do not grow from above 0.
    """
    points, kinds = finite("inputs", inputs), np.asarray(classes)
    number("the outer radius", radii[1], above=number("the inner radius", radii[0], above=0))
    require(kinds.shape == points.shape[:1], f"there must be one class a point, got {kinds.shape} for {points.shape}")
    require(bool(np.isin(kinds, (0, 1)).all()), f"classes must be 0 or 1, got {np.unique(kinds)[:4].tolist()}")
    other = 1 - kinds.astype(np.int64)
    pair = np.asarray(radii)
    return points * (pair[other] / pair[1 - other])[:, None], other


def _error(aligned: Floats) -> float:
    return float(np.mean(aligned <= 0))
