"""Diagonal networks w = u*u - v*v on a sparse problem: true descent from several scales alpha, the flow, and the predicted limits.

Woodworth et al. 2020, arXiv:2002.09277: a large alpha gives the interpolator of least l2 norm (the kernel regime), a small one that
of least l1 norm (the rich regime), with a logarithmic passage between. Targets are y = X w_star without noise, w_star having
entries 1 at a few places and 0 elsewhere.

Shapes: X (n, d), y (n,), w (d,).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.optimiser_runs import OptimiserRun, Steps, proportional_goals
from engine.phenomena.min_norm.claims import COMPARED
from engine.phenomena.min_norm.config import MinNormConfig
from engine.phenomena.min_norm.weight_readings import NamedSetting, read_weights
from engine.seeds import streams
from engine.theory.implicit_bias.diagonal_flow import DiagonalNetworkDescent, diagonal_flow, diagonal_step
from engine.theory.implicit_bias.diagonal_network import kkt_residual, q_interpolator
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.inputs import Floats
from engine.theory.linear_models.min_norm import LeastSquares, least_squares

SIZE = (8, 30)  # samples and features beside another parameterisation
FRACTION = 0.2  # likewise, of the stable step: at .5 the optimality residual is 5e-3 from discretisation alone
STEPS = 30_000  # likewise
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


class Diagonal:
    """One seed's networks.

    Attributes:
        problem: X (n, d), y (n,). w_star: (d,). alphas: scales trained, descending; settings: one each. fraction: step, of the stable one.
        goals: steps at the measurements. runs: by name.
    """

    def __init__(self, config: MinNormConfig, seed: int, grid: Steps) -> None:
        shown = config.param == "diagonal"
        n, d = (config.n, config.d) if shown else SIZE
        self._key = n, d, config.nonzeros, seed
        self.problem = sparse_problem(*self._key)
        self.w_star = (np.arange(d) < config.nonzeros).astype(np.float64)
        self.alpha, self.fraction = config.alpha, config.eta if shown else FRACTION
        self.alphas = sorted({*COMPARED, self.alpha}, reverse=True)
        self.settings = tuple(NamedSetting(f"alpha-{value:.12g}", f"alpha={value:g}") for value in self.alphas)
        self.goals = grid if shown else proportional_goals(grid, STEPS)
        descents = [DiagonalNetworkDescent(self.problem, value, Schedule(self._step(value))) for value in self.alphas]
        self.runs = {item.name: OptimiserRun(descent, self.goals) for item, descent in zip(self.settings, descents, strict=True)}

    def _step(self, alpha: float) -> float:
        return diagonal_step(self.problem, alpha, self.fraction)

    def chosen(self, config: MinNormConfig) -> int:
        """Return the place of the network that has the knob's alpha."""
        return self.alphas.index(config.alpha)

    @property
    def w(self) -> Floats:
        """The present weights, (alphas, d)."""
        return np.stack([run.stepper.w for run in self.runs.values()])

    def limit(self, alpha: float) -> Floats:
        """The predicted limit (d,) of an alpha."""
        return predicted_limit(*self._key, alpha)

    def flow(self, steps: Floats) -> dict[str, Floats]:
        """Return the readings (k,) of gradient flow from the chosen alpha at the times of k positive step counts."""
        path = diagonal_flow(self.problem, self.alpha, self._step(self.alpha) * steps)
        return read_weights(self.problem, path, self.limit(self.alpha), np.zeros_like(self.w_star))

    def measure(self) -> dict[str, Floats]:
        """Return every reading, fit and optimality residual, (alphas,)."""
        w = self.w
        limits = np.stack([self.limit(alpha) for alpha in self.alphas])
        found = read_weights(self.problem, w, limits, np.zeros_like(w))
        found["misfit"] = np.sqrt(2 * found["loss"]) / np.linalg.norm(self.problem.y)
        found["kkt"] = np.array([kkt_residual(self.problem, row, alpha) for row, alpha in zip(w, self.alphas, strict=True)])
        return found
