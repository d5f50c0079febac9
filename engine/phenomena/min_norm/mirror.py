"""Mirror descent with the potentials |w|_p^p/p on a sparse problem: which exponent reaches which interpolator, at which step, from where.

Every exponent runs from 0, from 0 at half the step, and from a drawn start. The first two must end at the interpolator of least l_p norm,
the third at that of least Bregman divergence from its start (Gunasekar et al. 2018, arXiv:1802.08246). X has entries of variance 1/d, and
y has length 1.

Shapes: X (n, d), y (n,), w (d,).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.errors import ProblemError
from engine.optimiser_runs import OptimiserRun, Steps
from engine.phenomena.min_norm.config import MinNormConfig
from engine.phenomena.min_norm.diagonal import sparse_problem
from engine.phenomena.min_norm.weight_readings import NamedSetting, read_weights
from engine.seeds import streams
from engine.theory.implicit_bias.interpolators import norm
from engine.theory.implicit_bias.mirror_descent import MirrorDescent, Potential, least_divergence_interpolator
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.inputs import Floats
from engine.theory.linear_models.min_norm import LeastSquares, least_squares

EXPONENTS = (1.25, 1.5, 2.0, 3.0)
FACTORS = (1.5, 1.5, 1.0, 0.01)  # of the knob's step: the link's slope at the weights differs by as much
LENGTH = 0.3  # deviation of a drawn start
HALF, STARTED = 1, 2  # places of a stepper's runs; 0 is from 0 at the full step
DRAW = 3  # of the seed's problems


@lru_cache(maxsize=32)
def mirror_problem(n: int, d: int, nonzeros: int, seed: int) -> LeastSquares:
    """Return `sparse_problem` with X over sqrt(d), and targets of length 1."""
    problem = sparse_problem(n, d, nonzeros, seed)
    return least_squares(problem.X / np.sqrt(d), problem.y / np.linalg.norm(problem.y))


class Mirror:
    """One seed's runs.

    Attributes:
        problem: X (n, d), y (n,). w_star: (d,). exponents: ascending; settings: one each. goals: steps at the measurements. runs: by name.
        limits: (exponents, d) of least l_p norm; away: (exponents, d) of least divergence from the drawn start.
    """

    def __init__(self, config: MinNormConfig, seed: int, grid: Steps) -> None:
        c, self.goals = config, grid
        self.problem = mirror_problem(c.n, c.d, c.nonzeros, seed)
        true = (np.arange(c.d) < c.nonzeros).astype(np.float64)
        self.w_star = true * float(np.linalg.norm(self.problem.y) / np.linalg.norm(self.problem.X @ true))
        self.exponents = sorted({*EXPONENTS, c.p})
        self.settings = tuple(NamedSetting(f"p-{value:.12g}", f"potential p={value:g}") for value in self.exponents)
        start = LENGTH * streams(seed, DRAW).init.standard_normal(c.d)
        self._steppers = [self._stepper(value, c.eta * self.problem.step_limit, start) for value in self.exponents]
        self.runs = {item.name: OptimiserRun(stepper, grid) for item, stepper in zip(self.settings, self._steppers, strict=True)}
        self.limits = np.stack([_least(self.problem, value, None) for value in self.exponents])
        self.away = np.stack([_least(self.problem, value, start) for value in self.exponents])

    def _stepper(self, p: float, eta: float, start: Floats) -> MirrorDescent:
        X, y = self.problem.X, self.problem.y
        rate = eta * float(np.exp(np.interp(p, EXPONENTS, np.log(FACTORS))))
        starts = np.stack([np.zeros_like(start), np.zeros_like(start), start])
        return MirrorDescent(lambda w: (w @ X.T - y) @ X, starts, Schedule(rate * np.array([[1.0], [0.5], [1.0]])), Potential(p))

    def chosen(self, config: MinNormConfig) -> int:
        """Return the place of the exponent whose norms and directions are shown."""
        return self.exponents.index(config.p)

    @property
    def w(self) -> Floats:
        """The present weights from 0, (exponents, d)."""
        return np.stack([stepper.w[0] for stepper in self._steppers])

    def measure(self) -> dict[str, Floats]:
        """Return every reading, (exponents,): those of the runs from 0, and how far the others are from where they must end."""
        w, half, started = (np.stack([stepper.w[place] for stepper in self._steppers]) for place in (0, HALF, STARTED))
        found = read_weights(self.problem, w, self.limits, np.zeros_like(w))
        found["misfit"] = self._misfit(np.stack([w, half, started])).max(axis=0)
        found["off-half"] = norm(half - self.limits, "l2") / norm(self.limits, "l2")
        found["off-started"] = norm(started - self.away, "l2") / norm(self.away, "l2")
        return found

    def _misfit(self, w: Floats) -> Floats:
        """|X w - y|/|y| (...) of weights (..., d)."""
        return np.asarray(np.linalg.norm(w @ self.problem.X.T - self.problem.y, axis=-1) / np.linalg.norm(self.problem.y))


def _least(problem: LeastSquares, p: float, start: Floats | None) -> Floats:
    """The interpolator of least divergence; not numbers where its dual does not arrive."""
    try:
        return least_divergence_interpolator(problem, Potential(p), start)
    except ProblemError:
        return np.full(problem.X.shape[1], np.nan)
