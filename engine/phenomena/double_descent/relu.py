"""Random ReLU features of points on a sphere, with a linear target: the model of Mei, Montanari 2022 (arXiv:1908.05355)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.phenomena.double_descent.gaussian import read_tested
from engine.phenomena.double_descent.model import Draw, Prediction, Whole, rungs
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.kernels.random_features import RELU_Z2, error_terms
from engine.theory.linear_models.nested_curves import NestedCurves


def sphere(rng: np.random.Generator, count: int, d: int) -> Floats:
    """Return points (count, d) uniform on the sphere of radius sqrt(d): Mei and Montanari's inputs and weights."""
    points = rng.standard_normal((count, d))
    points *= np.sqrt(d) / np.linalg.norm(points, axis=1, keepdims=True)
    return points


@dataclass(frozen=True)
class Relu:
    """n points of d dimensions, D features relu(<theta, x>/sqrt(d)); target <b, x> with |b|^2 = r2; `tests` test points."""

    n: int
    D: int
    d: int
    sigma: float
    r2: float
    tests: int
    quantities: ClassVar[tuple[str, ...]] = ("test", "variance", "bias", "norm")
    cheap: ClassVar[bool] = True

    def draw(self, streams: Streams) -> Draw:
        """Return a draw of points, features, target and noise."""
        x, points = sphere(streams.data, self.n, self.d), sphere(streams.data, self.tests, self.d)
        theta = sphere(streams.init, self.D, self.d)
        b = streams.order.standard_normal(self.d)
        b *= np.sqrt(self.r2) / np.linalg.norm(b)
        noise = self.sigma * streams.noise.standard_normal(self.n)
        features, tested = (np.maximum(at @ theta.T / np.sqrt(self.d), 0.0) for at in (x, points))
        signal, truth = x @ b, np.outer(points @ b, [1.0, 1.0, 0.0])
        return Draw(features, np.column_stack([signal + noise, signal, noise]), None, (tested, truth), 3)

    def read(self, curves: NestedCurves) -> Mapping[str, Floats]:
        """Return test MSE, bias, norm, and the error that the draw's own noise makes."""
        return read_tested(curves, self.sigma)

    def predict(self, p: Whole, ridge: Floats | None = None) -> Prediction | None:
        """Return `limit` without ridge; there is none with one."""
        return self.limit(p) if ridge is None else None

    def limit(self, p: Whole) -> Prediction:
        """Return Mei and Montanari's ridgeless limit for p >= 1."""
        at, sigma2 = p[p >= 1].astype(np.float64), self.sigma**2
        bias, variance = error_terms(at / self.d, self.n / self.d, RELU_Z2)
        bias, variance = (scale * term if scale else np.zeros_like(term) for scale, term in ((self.r2, bias), (sigma2, variance)))
        return Prediction(at, sigma2 + bias + variance, variance, bias, None, "asymptotic")

    def ladder(self, p: Whole) -> Floats:
        """Return the ridges tried, (L, k)."""
        return rungs(self.n, p.size)
