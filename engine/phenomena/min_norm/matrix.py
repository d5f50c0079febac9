"""Matrix completion by products of 2, 3 and 4 factors, read like any interpolation problem: the observed entries are the equations.

With W as a vector of d^2 weights, X picks the observed entries: the interpolator of least Euclidean (Frobenius) norm leaves the
others at 0, the row space is what is seen, and the l1, l2 and l_inf norms of the singular values are the nuclear, Frobenius and
spectral norms of W. Products of small factors reach neither that interpolator nor the one of least nuclear norm.
Arora, Cohen, Hu, Luo 2019, arXiv:1905.13655.

Shapes: W (d, d).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.min_norm.lanes import Lane, in_step
from engine.phenomena.min_norm.matrix_completion import Completion, DeepFactorisationDescent, NuclearNormSplitting, completion_problem
from engine.seeds import streams
from engine.theory.implicit_bias.interpolators import norm
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.inputs import Floats

DEPTHS = (2, 3, 4)
FRACTION = 0.5  # of the stable step, beside another parameterisation
STEPS = 4000  # likewise
SPLITTING = 2000  # most iterations of the nuclear norm's splitting
DRAW = 2  # of the seed's problems
SHOWN = 3  # singular values that are followed


def stable_step(problem: Completion, depth: int) -> float:
    """2/(N s^(2-2/N)), s the largest singular value of the target: the limit at a balanced solution with every entry seen."""
    largest = float(np.linalg.norm(problem.target, 2))
    return float(2 / (depth * largest ** (2 - 2 / depth)))


class MatrixPart:
    """One seed's products.

    Attributes:
        problem: target and observed entries. arms: a name per depth. nuclear: on its way to the completion of least nuclear norm.
    """

    def __init__(
        self, side: int, rank: int, share: float, seed: int, scale: float, grid: NDArray[np.int64], steps: int, fraction: float
    ) -> None:
        draws = streams(seed, DRAW)
        self.problem = completion_problem(side, rank, max(1, round(share * side**2)), draws.data)
        self.goals = grid if steps == grid[-1] else in_step(grid, steps)
        self.arms = tuple(f"depth-{depth}" for depth in DEPTHS)
        self.rates = [fraction * stable_step(self.problem, depth) for depth in DEPTHS]
        self._workers = [
            DeepFactorisationDescent(self.problem, depth, scale, Schedule(rate), draws.init)
            for depth, rate in zip(DEPTHS, self.rates, strict=True)
        ]
        self.nuclear = NuclearNormSplitting(self.problem)
        self.filled = self.problem.observed * self.problem.target
        self._values: Floats = np.linalg.svd(self.problem.target, compute_uv=False)[: min(rank, SHOWN)].astype(np.float64)
        self.lanes = {name: Lane(worker, self.goals) for name, worker in zip(self.arms, self._workers, strict=True)}
        self.lanes["nuclear"] = Lane(self.nuclear, in_step(grid, SPLITTING))

    @property
    def targets(self) -> Floats:
        """The singular values of the target that are followed."""
        return self._values

    @property
    def w(self) -> Floats:
        """The present products, (depths, d, d)."""
        return np.stack([worker.w for worker in self._workers])

    def measure(self) -> dict[str, Floats]:
        """Return every reading (depths,) of `READ`, progress of the singular values (depths, rank), and the completion's error."""
        W, seen = self.w, self.problem.observed
        values = np.linalg.svd(W, compute_uv=False)
        size = np.linalg.norm(W, axis=(1, 2))
        found = {name: norm(values, name) for name in ("l1", "l2", "linf")}  # type: ignore[arg-type]
        return found | {
            "distance": np.linalg.norm(W - self.filled, axis=(1, 2)) / np.linalg.norm(self.filled),
            "off-limit": np.linalg.norm(W - self.problem.target, axis=(1, 2)) / np.linalg.norm(self.problem.target),
            "null": np.linalg.norm((1 - seen) * W, axis=(1, 2)) / np.where(size > 0, size, 1.0),
            "loss": 0.5 * np.sum((seen * (W - self.problem.target)) ** 2, axis=(1, 2)),
            "progress": values[:, : len(self._values)] / self._values,
            "error": np.array([self.problem.error(product) for product in W]),
        }
