"""What a model with nested features is: how one draw of it is made, what is read off its fits, what theory says of them.

The first p of D columns are the features of the smaller model, so that one draw gives a whole curve (see
`engine.theory.linear_models.nested`). Outputs of a draw come in the order noisy target, the same without noise, the noise alone; a model
may leave out the last ones, or let others follow. By linearity the second gives the bias and the third the variance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested_curves import NestedCurves

Whole = NDArray[np.int64]

SMALL = 0.01
"""A small ridge, as a share of n: flattens the peak of isotropic features to about 5 sigma^2 without removing it."""

RUNGS = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Ridges, as shares of n, of which the best is taken where no formula names the optimum."""

NEAR = 25
"""Every p within this distance of n is kept, the rest thinned."""

GROUPS = 10
"""Draws are told apart in so many groups, by whose scatter the mean fit's errors are known."""

LEAST = 4
"""Distance of p from n from which the risk of Gaussian features has a variance, so that a mean has a standard error."""


@dataclass(frozen=True)
class Draw:
    """One draw. X: (n, D). Y: (n, m) targets. b: (D, m) true weights where risk is |w - b|^2, else test: X (s, D), Y (s, m).

    main: how many of the outputs belong to the curve itself; the others serve claims.
    """

    X: Floats
    Y: Floats
    b: Floats | None
    test: tuple[Floats, Floats] | None
    main: int

    def alone(self) -> Draw:
        """Return the draw without the outputs that serve claims."""
        k = self.main
        test = None if self.test is None else (self.test[0], self.test[1][:, :k])
        return Draw(self.X, self.Y[:, :k], None if self.b is None else self.b[:, :k], test, k)


@dataclass(frozen=True)
class Prediction:
    """Theory at p (k,): means of the test MSE with the noise of the test label, of its two decompositions, and of |w|^2.

    variance, bias: over label noise, given the inputs. over_sets: squared bias and variance over training sets, inputs and noise;
    None, like the norm, where there is no formula.
    """

    p: Floats
    test: Floats
    variance: Floats
    bias: Floats
    norm: Floats | None
    basis: Literal["exact", "asymptotic"]
    over_sets: tuple[Floats, Floats] | None = None


class Model(Protocol):
    """Nested features, fitted by minimum-norm least squares or with ridge.

    quantities: what `read` returns, of test, variance, bias, norm. cheap: whether theory at every p costs nothing.
    """

    quantities: ClassVar[tuple[str, ...]]
    cheap: ClassVar[bool]

    @property
    def n(self) -> int:
        """Samples."""

    @property
    def D(self) -> int:
        """Most features."""

    def draw(self, streams: Streams) -> Draw:
        """Return the draw of these streams."""

    def read(self, curves: NestedCurves) -> Mapping[str, Floats]:
        """Return each of `quantities`, (g,), from the curves of a draw's main outputs, whatever follows them."""

    def predict(self, p: Whole, ridge: Floats | None = None) -> Prediction | None:
        """Return theory at p (k,), each with its ridge (k,), or ridgeless; None where there is none."""

    def ladder(self, p: Whole) -> Floats:
        """Return ridges (L, k) of which the best is taken at each p."""


def rungs(n: int, count: int) -> Floats:
    """Return the ridges to try at each of `count` sizes, (L, count)."""
    return n * np.repeat(np.array(RUNGS)[:, None], count, axis=1)


def shown(n: int, D: int, count: int = 300) -> Whole:
    """Return the p whose curves are kept draw by draw, (k,): 0..D, every one near 0 and near n, the rest about `count`."""
    every = np.r_[0 : min(30, D) + 1, max(0, n - NEAR) : min(D, n + NEAR) + 1, np.linspace(0, D, count).round().astype(np.int64)]
    return np.unique(every)


def coarse(n: int, D: int, count: int) -> Whole:
    """Return the p of a ridge curve, (k,), denser towards n and towards 0, with n and D among them."""
    below = n * (1 - np.linspace(0, 1, count // 2 + 1)[:-1] ** 1.5)
    above = n + (D - n) * np.linspace(0, 1, count - count // 2) ** 2
    return np.unique(np.r_[1, np.minimum(10, D), below.round(), above.round()].astype(np.int64)).clip(1, D)
