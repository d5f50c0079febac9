"""Matrix completion by products of 2, 3 and 4 factors, read like any interpolation problem: the observed entries are the equations.

With W as a vector of d^2 weights, X picks the observed entries: the interpolator of least Euclidean (Frobenius) norm leaves the
others at 0, the row space is what is seen, and the l1, l2 and l_inf norms of the singular values are the nuclear, Frobenius and
spectral norms of W. Products of small factors reach neither that interpolator nor the one of least nuclear norm.
Arora, Cohen, Hu, Luo 2019, arXiv:1905.13655.

Shapes: W (d, d).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.optimiser_runs import OptimiserRun, Steps, proportional_goals
from engine.phenomena.min_norm.config import MinNormConfig
from engine.phenomena.min_norm.deep_factorisation import singular_value_flow
from engine.phenomena.min_norm.figures import PROGRESS
from engine.phenomena.min_norm.matrix_completion import Completion, DeepFactorisationDescent, NuclearNormSplitting, completion_problem
from engine.phenomena.min_norm.weight_readings import NamedSetting, by_direction
from engine.seeds import streams
from engine.theory.implicit_bias.interpolators import Order, norm
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.inputs import Floats

DEPTHS = (2, 3, 4)
FRACTION = 0.5  # of the stable step, beside another parameterisation
STEPS = 4000  # likewise
SPLITTING = 2000  # most iterations of the nuclear norm's splitting
DRAW = 2  # of the seed's problems
ORDERS: tuple[Order, ...] = ("l1", "l2", "linf")


def stable_step(problem: Completion, depth: int) -> float:
    """2/(N s^(2-2/N)), s the largest singular value of the target: the limit at a balanced solution with every entry seen."""
    largest = float(np.linalg.norm(problem.target, 2))
    return float(2 / (depth * largest ** (2 - 2 / depth)))


class DeepMatrix:
    """One seed's products.

    Attributes:
        problem: target and observed entries; filled: the completion of least Frobenius norm. targets: singular values followed.
        settings: one a depth. nuclear: on its way to the completion of least nuclear norm. goals: steps at the measurements. runs: by name.
    """

    def __init__(self, config: MinNormConfig, seed: int, grid: Steps) -> None:
        steps, fraction = (config.steps, config.eta) if config.param == "deep-matrix" else (STEPS, FRACTION)
        draws = streams(seed, DRAW)
        self.problem = completion_problem(config.side, config.rank, max(1, round(config.share * config.side**2)), draws.data)
        self.filled = self.problem.observed * self.problem.target
        self.targets: Floats = np.linalg.svd(self.problem.target, compute_uv=False)[: min(config.rank, len(PROGRESS))].astype(np.float64)
        self.settings = tuple(NamedSetting(f"depth-{depth}", f"depth {depth}") for depth in DEPTHS)
        self.goals = grid if steps == grid[-1] else proportional_goals(grid, steps)
        self._scale = config.scale
        self._rates = {depth: fraction * stable_step(self.problem, depth) for depth in DEPTHS}
        self._products = [
            DeepFactorisationDescent(self.problem, depth, config.scale, Schedule(rate), draws.init) for depth, rate in self._rates.items()
        ]
        self.nuclear = NuclearNormSplitting(self.problem)
        self.runs: dict[str, OptimiserRun[Any]] = {
            item.name: OptimiserRun(product, self.goals) for item, product in zip(self.settings, self._products, strict=True)
        }
        self.runs["nuclear"] = OptimiserRun(self.nuclear, proportional_goals(grid, SPLITTING))

    def chosen(self, config: MinNormConfig) -> int:
        """Return the place of the depth whose norms and singular values are shown."""
        return DEPTHS.index(config.depth)

    @property
    def w(self) -> Floats:
        """The present products, (depths, d, d)."""
        return np.stack([product.w for product in self._products])

    def flow(self, depth: int, steps: Floats) -> dict[str, Floats]:
        """Return progress (k,) of the singular values at k step counts, as if factors were balanced and singular vectors right at once.

        Their gradient is then, on average over which entries are seen, the share seen of that of all entries.
        """
        times = self._rates[depth] * self.problem.observed.mean() * steps
        return by_direction(singular_value_flow(self._scale, self.targets, depth, times) / self.targets)

    def measure(self) -> dict[str, Floats]:
        """Return every reading, and the completion's error, (depths,)."""
        W, seen = self.w, self.problem.observed
        values = np.linalg.svd(W, compute_uv=False).astype(np.float64)
        size = np.linalg.norm(W, axis=(1, 2))
        return {
            **{order: norm(values, order) for order in ORDERS},
            "distance": np.linalg.norm(W - self.filled, axis=(1, 2)) / np.linalg.norm(self.filled),
            "off-limit": np.linalg.norm(W - self.problem.target, axis=(1, 2)) / np.linalg.norm(self.problem.target),
            "null": np.linalg.norm((1 - seen) * W, axis=(1, 2)) / np.where(size > 0, size, 1.0),
            "loss": 0.5 * np.sum((seen * (W - self.problem.target)) ** 2, axis=(1, 2)),
            "error": np.array([self.problem.error(product) for product in W]),
            **by_direction(values[:, : len(self.targets)] / self.targets),
        }
