"""One diagonal network w = u*u - v*v three times: by gradient descent, with fresh noise on every label, and with noise on u and v.

The noise on u and v has at the start the variance that the noise on labels gives them, and a Gaussian's shape (HaoChen et al. 2020,
arXiv:2006.08680). The first steps are noisy; clean ones follow, which fit. What remains is a matter of the effective scales
sqrt(u_j v_j) that the noise has left: `engine.theory.implicit_bias.label_noise`. The sparse problem is that of the diagonal network.

Shapes: X (n, d), y (n,), w (d,).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.errors import ProblemError
from engine.optimiser_runs import OptimiserRun, Steps
from engine.phenomena.min_norm.config import MinNormConfig
from engine.phenomena.min_norm.diagonal import predicted_limit, sparse_problem
from engine.phenomena.min_norm.noise_claims import LABELS, QUIET, WEIGHTS
from engine.phenomena.min_norm.weight_readings import NamedSetting, read_weights
from engine.theory.implicit_bias.label_noise import (
    NoisyDiagonalDescent,
    decay_of_scales,
    hypentropy_interpolator,
    weighted_l1_interpolator,
)
from engine.theory.inputs import Floats

SETTINGS = (NamedSetting(QUIET, "no noise"), NamedSetting(LABELS, "noise on labels"), NamedSetting(WEIGHTS, "noise on weights"))
LARGEST = 200_000  # entries of X up to which the weighted l1 minimum is sought
TINY = 1e-290  # products u v beyond keep their digits


@lru_cache(maxsize=32)
def least_weighted_l1(n: int, d: int, nonzeros: int, seed: int) -> Floats:
    """Return the limit of label noise (d,) on `sparse_problem`; not numbers where the programme would take too long."""
    if n * d > LARGEST:
        return np.full(d, np.nan)
    return weighted_l1_interpolator(sparse_problem(n, d, nonzeros, seed))


class LabelNoise:
    """One seed's three networks.

    Attributes:
        problem: X (n, d), y (n,). w_star: (d,). settings: one a network. goals: steps at the measurements. runs: by name.
        limits: (settings, d), of gradient descent the least hypentropy's of alpha, of both noises the least weighted l1 norm's.
    """

    settings = SETTINGS

    def __init__(self, config: MinNormConfig, seed: int, grid: Steps) -> None:
        c, self.goals = config, grid
        self.problem = sparse_problem(c.n, c.d, c.nonzeros, seed)
        self.w_star = (np.arange(c.d) < c.nonzeros).astype(np.float64)
        self.noisy, self.last = c.noisy_steps, c.steps
        key = c.n, c.d, c.nonzeros, seed
        sparse = least_weighted_l1(*key)
        self.limits = np.stack([_of_descent(key, c.alpha), sparse, sparse])
        given = (self.problem, c.alpha, c.noise_step, c.delta)
        self._networks = {
            QUIET: NoisyDiagonalDescent(*given, 0, seed),
            LABELS: NoisyDiagonalDescent(*given, self.noisy, seed),
            WEIGHTS: NoisyDiagonalDescent(*given, self.noisy, seed, "weights"),
        }
        self.runs = {name: OptimiserRun(network, grid) for name, network in self._networks.items()}

    def chosen(self, config: MinNormConfig) -> int:
        """Return the place of the network whose norms and directions are shown."""
        return 1

    @property
    def w(self) -> Floats:
        """The present weights, (settings, d)."""
        return np.stack([network.w for network in self._networks.values()])

    def decay(self, steps: Floats) -> Floats:
        """Return the predicted mean of log(alpha_j/alpha) after each of k step counts, (k,)."""
        network = self._networks[LABELS]
        rate = float(decay_of_scales(self.problem, network.eta, network.delta, 1).mean())
        return np.asarray(rate * np.minimum(steps, self.noisy))

    def measure(self) -> dict[str, Floats]:
        """Return every reading, and those of the effective scales, (settings,); noise on weights leaves them no meaning."""
        w = self.w
        found = read_weights(self.problem, w, self.limits, np.zeros_like(w))
        found["misfit"] = np.sqrt(2 * found["loss"]) / np.linalg.norm(self.problem.y)
        scaled = [self._networks[QUIET], self._networks[LABELS]]
        found["log-scale"] = np.array([*(network.log_product.mean() / 2 for network in scaled), np.nan])
        found["identity"] = np.array([*(_identity(network) for network in scaled), np.nan])
        if self._networks[LABELS].step == self.last:
            found["hyperentropy"] = np.array([np.nan, self._from_hypentropy(w[1]), np.nan])
        return found

    def _from_hypentropy(self, w: Floats) -> float:
        """Relative distance of w to the interpolator of least hypentropy of the present scales; not a number where it is not found."""
        try:
            expected = hypentropy_interpolator(self.problem, self._networks[LABELS].scales)
        except ProblemError:
            return np.nan
        return float(np.linalg.norm(w - expected) / np.linalg.norm(expected))


def _of_descent(key: tuple[int, int, int, int], alpha: float) -> Floats:
    try:
        return predicted_limit(*key, alpha)
    except ProblemError:
        return np.full(key[1], np.nan)


def _identity(network: NoisyDiagonalDescent) -> float:
    """Largest difference of log|u v/alpha^2| and the sum over steps, over coordinates whose product has not vanished."""
    product = np.abs(network.u * network.v)
    there = product > TINY
    if not there.any():
        return np.nan
    return float(np.abs(np.log(product[there] / network.alpha**2) - network.log_product[there]).max())
