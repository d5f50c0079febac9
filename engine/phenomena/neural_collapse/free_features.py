"""The unconstrained-features model, minimised from a random start by L-BFGS (Liu, Nocedal 1989), beside its exact minimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from engine.phenomena.neural_collapse.config import NeuralCollapseConfig
from engine.seeds import streams
from engine.theory.inputs import Floats
from engine.theory.neural_collapse.unconstrained_features import SimplexMinimum, objective, simplex_minimum

SCALE = 0.5  # deviation of the first weights and features
DRAW = 1  # of the seed; the networks use draw 0
ITERATIONS = 5000


@dataclass(frozen=True)
class FreeFeatures:
    """One descent. exact: the minimum with at least K - 1 features.

    gap: (iterations,) objective less the exact minimum; angle: (iterations,) largest |cos + 1/(K-1)| between class means; cosines: (K, K)
    at the end.
    """

    exact: SimplexMinimum
    gap: Floats
    angle: Floats
    cosines: Floats

    @property
    def vanishes(self) -> bool:
        """Whether decay is so strong that nothing is learnt."""
        return self.exact.weights == 0


def minimise(config: NeuralCollapseConfig, seed: int) -> FreeFeatures:
    """Descend from a seed's first weights and features until the objective falls no further."""
    c, k = config, config.classes
    labels = np.repeat(np.arange(k), c.free_examples)
    size = k * c.free_features
    exact = simplex_minimum(k, c.free_examples, c.lw, c.lh)
    path: list[tuple[float, float]] = []

    def whole(flat: Floats) -> tuple[float, Floats]:
        loss, *gradients = objective(flat[:size].reshape(k, -1), flat[size:].reshape(c.free_features, -1), labels, c.lw, c.lh)
        return loss, np.concatenate([part.ravel() for part in gradients])

    def seen(flat: Floats) -> None:
        path.append((whole(flat)[0] - exact.loss, _angle(_cosines(flat[size:].reshape(c.free_features, k, -1)))))

    start = SCALE * streams(seed, DRAW).init.standard_normal(size + c.free_features * k * c.free_examples)
    seen(start)
    limits: Any = {"maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS, "ftol": 0.0, "gtol": 1e-13, "maxcor": 30}
    found = minimize(whole, start, jac=True, method="L-BFGS-B", callback=seen, options=limits)  # type: ignore[call-overload]
    gap, angle = np.array(path).T
    return FreeFeatures(exact, gap, angle, _cosines(found.x[size:].reshape(c.free_features, k, -1)))


def _cosines(features: Floats) -> Floats:
    """Return the cosines (K, K) between class means less their mean, of features (d, K, n)."""
    means = features.mean(axis=2).T
    means = means - means.mean(axis=0)
    norms = np.maximum(np.linalg.norm(means, axis=1), np.finfo(float).tiny)
    return np.asarray(means @ means.T / np.outer(norms, norms))


def _angle(cosines: Floats) -> float:
    classes = len(cosines)
    return float(np.abs(cosines[~np.eye(classes, dtype=bool)] + 1 / (classes - 1)).max())
