"""What is read off weights on their way to an interpolator: distances, part outside the row space, loss, norms, progress per direction.

Loss .5 |X w - y|^2 with X = U S V^T. In direction i the weights have come the share (v_i.w - v_i.w_0)/(v_i.w_hat - v_i.w_0) of their
way; gradient descent with step eta is at 1 - (1 - eta s_i^2)^t there, whatever its start.

Shapes: w (k, d), everything read from it (k,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.min_norm.figures import PROGRESS
from engine.theory.implicit_bias.interpolators import norm
from engine.theory.inputs import Floats
from engine.theory.linear_models.min_norm import LeastSquares


@dataclass(frozen=True)
class NamedSetting:
    """An optimiser, the scale of a network or the depth of a product. name: its key; label: what a legend calls it."""

    name: str
    label: str


def followed(problem: LeastSquares) -> NDArray[np.int64]:
    """Return the indices of the singular directions that are followed, from the largest singular value to the smallest."""
    return np.unique(np.linspace(0, problem.rank - 1, min(len(PROGRESS), problem.rank)).round().astype(np.int64))


def by_direction(progress: Floats) -> dict[str, Floats]:
    """Return the columns of progress (k, r) along the directions followed, by quantity."""
    return dict(zip(PROGRESS, progress.T, strict=False))


def read_weights(problem: LeastSquares, w: Floats, limits: Floats, starts: Floats) -> dict[str, Floats]:
    """Return every quantity, (k,), of weights w (k, d).

    distance: |w - X^+ y|/|X^+ y|. off-limit: the same to limits (k, d) or (d,). null: |P_null w|/|w|, 0 for w = 0. loss:
    .5 |X w - y|^2. l1, l2, linf: norms. `PROGRESS`: share of the way from starts (k, d) or (d,), per direction followed.
    """
    goal = problem.solution
    size = norm(w, "l2")
    null = norm(problem.null_component(w), "l2")
    directions = followed(problem)
    begun = problem.coordinates(starts)[..., directions]
    way = problem.targets[directions] - begun
    return {
        "distance": norm(w - goal, "l2") / norm(goal, "l2"),
        "off-limit": norm(w - limits, "l2") / norm(limits, "l2"),
        "null": null / np.where(size > 0, size, 1.0),
        "loss": problem.loss(w),
        "l1": norm(w, "l1"),
        "l2": size,
        "linf": norm(w, "linf"),
        **by_direction((problem.coordinates(w)[..., directions] - begun) / np.where(way == 0, 1.0, way)),
    }
