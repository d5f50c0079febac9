"""What the networks learn: the first half of the classes against the rest (digits 0-4 against 5-9), or signs drawn at random.

Dziugaite, Roy 2017, arXiv:1703.11008, Section 5: binary labels, first weights `N(0, .04^2)` truncated at two deviations.
Pixels are shifted and scaled by the two numbers that the literature uses for MNIST: numbers taken from the training points
would make every prior around the first weights depend on them. So are the pixels of other published images. Imported data but bytes take
the two numbers from the test points, whose range they are cut at, so that there is a norm that no training point can exceed.
As published (the authors' code, gkdziugaite/pacbayes-opt), pixels stay between 0 and 1, and the biases of the first layer begin at .1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import truncnorm

from engine.data.registry import Source, load, source
from engine.data.split import Split, column_moments, moments
from engine.phenomena.vacuous_bounds.config import RANDOM, TRUE, Training
from engine.seeds import streams
from engine.theory.bounds.norm_bounds import fold_biases

DEVIATION = 0.04
PIXEL_MEAN, PIXEL_DEVIATION = np.float32(0.1307), np.float32(0.3081)
TESTS = 4000  # most test images
ROUNDING = 1e-6  # by which a number in single precision may lie beyond its edge
SHOWN = 5  # classes that are named on either side
Signs = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Data of one seed. x: (n, d); x_test: (n_test, d); signs, test_signs: by condition's name, (n,) and (n_test,), +1 or -1.

    The test signs of random labels are random as well: they have the law of those that are trained on. reach: a norm that no input
    with a 1 appended can exceed, whatever the training points are.
    """

    x: NDArray[np.float32]
    x_test: NDArray[np.float32]
    signs: dict[str, Signs]
    test_signs: dict[str, Signs]
    reach: float
    notes: tuple[str, ...] = ()

    @cached_property
    def inputs(self) -> Floats:
        """The training points in double precision with a 1 appended, which carries the biases, (n, d + 1)."""
        return np.column_stack([self.x.astype(np.float64), np.ones(len(self.x))])

    def first(self, count: int) -> Problem:
        """Return the same with the first training points only."""
        return replace(self, x=self.x[:count], signs={name: signs[:count] for name, signs in self.signs.items()})


def draw_problem(dataset: str, n: int, seed: int, sha256: str = "", training: Training = "short") -> Problem:
    """Draw the images, scaled, and both labellings of a seed. sha256: the content of an imported data set.

    training: published leaves pixels as they are.

    Raises:
        ProblemError: more images asked for than there are.
        DataError: the data set is not here.
    """
    from_seed, of = streams(seed), source(dataset, sha256)
    split = load(dataset, n, of.tests or min(TESTS, (of.size or n + TESTS) - n), from_seed, sha256)
    true, true_test = (np.where(y < split.classes // 2, -1, 1).astype(np.float32) for y in (split.y, split.y_test))
    random, random_test = (from_seed.noise.choice([-1.0, 1.0], len(y)).astype(np.float32) for y in (true, true_test))
    x, x_test, reach, notes = _scaled(split, of, training == "published")
    signs, test_signs = {TRUE.name: true, RANDOM.name: random}, {TRUE.name: true_test, RANDOM.name: random_test}
    return Problem(x, x_test, signs, test_signs, reach, (*split.notes, *notes))


def _scaled(split: Split, of: Source, as_they_are: bool) -> tuple[NDArray[np.float32], NDArray[np.float32], float, tuple[str, ...]]:
    """Return training and test inputs on their scale, the norm that no input with a 1 appended can exceed, and what is to be said."""
    if of.imported is None or (of.imported.whole_bytes and of.imported.image):  # every pixel lies between 0 and 1
        if as_they_are:
            return split.x, split.x_test, math.sqrt(split.x.shape[1] + 1), _against(of)
        x, x_test = ((pixels - PIXEL_MEAN) / PIXEL_DEVIATION for pixels in (split.x, split.x_test))
        largest = max(PIXEL_MEAN, 1 - PIXEL_MEAN) / PIXEL_DEVIATION
        return x, x_test, math.sqrt(split.x.shape[1] * float(largest) ** 2 + 1), _against(of)
    mean, deviation = column_moments(split.x_test) if split.by_column else moments(split.x_test)
    lo, hi = (edge(split.x_test, axis=0 if split.by_column else None) for edge in (np.min, np.max))
    cut_share = float(np.mean((split.x < lo) | (split.x > hi)))
    x, x_test = (np.asarray((np.clip(part, lo, hi) - mean) / deviation, dtype=np.float32) for part in (split.x, split.x_test))
    edges = np.maximum(np.abs((lo - mean) / deviation), np.abs((hi - mean) / deviation)) * (1 + ROUNDING)  # (d,) or one for all pixels
    reach = math.sqrt(float(np.sum(np.broadcast_to(edges, x.shape[1]) ** 2)) + 1)
    said = f"scaled by the test points and cut at their range ({cut_share:.1%} of the numbers): no prior may see a training point"
    return x, x_test, reach, (said, *_against(of))


def _against(of: Source) -> tuple[str, ...]:
    """Which classes of an imported or published data set stand against which."""
    half = len(of.names) // 2
    return (f"{', '.join(of.names[:half][:SHOWN])} against {', '.join(of.names[half:][:SHOWN])}",) if of.names else ()


def truncated_layers(sizes: Sequence[int], rng: np.random.Generator, first_bias: float = 0.0) -> list[Floats]:
    """Return weights (fan_in, fan_out) from the normal law truncated at two deviations, and biases, alternating.

    first_bias: of the first layer; the other biases are zero.
    """
    drawn: list[Floats] = []
    for shape in pairwise(sizes):
        bias = 0.0 if drawn else first_bias
        drawn += [DEVIATION * truncnorm.rvs(-2, 2, size=shape, random_state=rng), np.full((1, shape[1]), bias)]
    return drawn


def cut(row: NDArray[np.floating], sizes: Sequence[int]) -> list[Floats]:
    """Return one network's parameters (P,) layer by layer: weights (fan_in, fan_out), biases (1, fan_out), alternating."""
    parts, start = [], 0
    for a, b in pairwise(sizes):
        for shape in ((a, b), (1, b)):
            parts.append(np.asarray(row[start : start + shape[0] * b], dtype=np.float64).reshape(shape))
            start += shape[0] * b
    return parts


def outputs(layers: Sequence[Floats], x: NDArray[np.floating]) -> Floats:
    """Return the network's outputs (n, k) in double precision."""
    h = np.asarray(x, dtype=np.float64)
    *hidden, last = range(0, len(layers), 2)
    for index in hidden:
        h = np.maximum(h @ layers[index] + layers[index + 1], 0)
    return h @ layers[last] + layers[last + 1]


def folded(layers: Sequence[Floats]) -> list[Floats]:
    """Return a network's weights as (out, in) matrices that carry its biases."""
    return fold_biases([w.T for w in layers[0::2]], [b[0] for b in layers[1::2]])
