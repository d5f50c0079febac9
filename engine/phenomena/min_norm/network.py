"""Diagonal networks w = u*u - v*v on a sparse problem: true descent from several scales alpha, the flow, and the predicted limits.

Woodworth et al. 2020, arXiv:2002.09277: a large alpha gives the interpolator of least l2 norm (the kernel regime), a small one that
of least l1 norm (the rich regime), with a logarithmic passage between. Targets are y = X w_star without noise, w_star having
entries 1 at a few places and 0 elsewhere.

Shapes: X (n, d), y (n,), w (d,).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.min_norm.claims import COMPARED
from engine.phenomena.min_norm.lanes import Lane
from engine.phenomena.min_norm.readings import read_weights
from engine.seeds import streams
from engine.theory.implicit_bias.diagonal_flow import DiagonalNetworkDescent, diagonal_flow, diagonal_step
from engine.theory.implicit_bias.diagonal_network import kkt_residual, q_interpolator
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.inputs import Floats
from engine.theory.linear_models.min_norm import LeastSquares, least_squares

SWEPT = np.geomspace(1e-4, 10.0, 21)  # where the predicted limit is drawn
FRACTION = 0.2  # of the stable step: at .5 the optimality residual is 5e-3 from discretisation alone
STEPS = 30_000  # of the networks beside another parameterisation
DRAW = 1  # of the seed's problems, 0 being the linear one


@lru_cache(maxsize=32)
def sparse_problem(n: int, d: int, nonzeros: int, seed: int) -> LeastSquares:
    """Return a Gaussian problem (n, d) whose targets come from `nonzeros` unit entries, the first ones."""
    X = streams(seed, DRAW).data.standard_normal((n, d))
    return least_squares(X, X[:, :nonzeros].sum(axis=1))


@lru_cache(maxsize=512)
def predicted_limit(n: int, d: int, nonzeros: int, seed: int, alpha: float) -> Floats:
    """Return the interpolator (d,) of least Q_alpha on `sparse_problem`."""
    return q_interpolator(sparse_problem(n, d, nonzeros, seed), alpha)


class NetworkPart:
    """One seed's networks.

    Args:
        key: n, d, non-zero entries, seed. alpha: of the knob. goals: steps at the measuring points.

    Attributes:
        problem: X, y. w_star: (d,). alphas: scales trained, descending. fraction: step, of the stable one. arms: a name per alpha.
    """

    def __init__(self, key: tuple[int, int, int, int], alpha: float, goals: NDArray[np.int64], fraction: float) -> None:
        self.key = key
        self.problem = sparse_problem(*key)
        self.w_star = (np.arange(key[1]) < key[2]).astype(np.float64)
        self.alpha, self.fraction, self.goals = alpha, fraction, goals
        self.alphas = sorted({*COMPARED, alpha}, reverse=True)
        self.arms = tuple(f"alpha-{value:g}" for value in self.alphas)
        self._workers = [
            DiagonalNetworkDescent(self.problem, value, Schedule(diagonal_step(self.problem, value, fraction))) for value in self.alphas
        ]
        self.lanes = {name: Lane(worker, goals) for name, worker in zip(self.arms, self._workers, strict=True)}

    @property
    def chosen(self) -> int:
        """Which arm has the knob's alpha."""
        return self.alphas.index(self.alpha)

    @property
    def w(self) -> Floats:
        """The present weights, (alphas, d)."""
        return np.stack([worker.w for worker in self._workers])

    def limit(self, alpha: float) -> Floats:
        """The predicted limit (d,) of an alpha."""
        return predicted_limit(*self.key, alpha)

    def flow(self, steps: Floats) -> dict[str, Floats]:
        """Return the readings (k,) of gradient flow from the chosen alpha at the times of k positive step counts."""
        times = diagonal_step(self.problem, self.alpha, self.fraction) * steps
        return read_weights(self.problem, diagonal_flow(self.problem, self.alpha, times), self.limit(self.alpha), np.zeros(self.key[1]))

    def measure(self) -> dict[str, Floats]:
        """Return every reading (alphas,) or (alphas, directions), fit and optimality residual."""
        w = self.w
        limits = np.stack([self.limit(alpha) for alpha in self.alphas])
        found = read_weights(self.problem, w, limits, np.zeros_like(w))
        found["misfit"] = np.sqrt(2 * found["loss"]) / np.linalg.norm(self.problem.y)
        found["kkt"] = np.array([kkt_residual(self.problem, row, alpha) for row, alpha in zip(w, self.alphas, strict=True)])
        return found
