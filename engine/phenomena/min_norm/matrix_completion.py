"""Matrix completion by gradient descent on a product of N matrices, against the completion of smallest nuclear norm.

Loss .5 sum over observed entries of (W - M)^2, W = W_N ... W_1, all factors d x d, from small Gaussian factors: with few
observations deeper products find lower rank than the minimum nuclear norm, with many all agree.
Source: Arora, Cohen, Hu, Luo 2019, arXiv:1905.13655, Figures 1, 2 (100 x 100, rank 5, 2000 or 5000 entries).
Nuclear norm: Douglas-Rachford splitting of |W|_* and the observed entries (Combettes, Pesquet 2011, arXiv:0912.3522).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.state import State
from engine.theory.implicit_bias.optimisers import Optimiser, Schedule
from engine.theory.inputs import Floats, require
from engine.theory.linear_models.min_norm import SATURATION

RUNAWAY = 1e6
"""A residual that many times the target's norm means divergence: products of N factors grow like a power tower from there."""


@dataclass(frozen=True)
class Completion:
    """A completion problem. target: (d, d) of Frobenius norm d; observed: (d, d) of 0 and 1."""

    target: Floats
    observed: Floats

    def error(self, W: Floats) -> float:
        """Relative Frobenius error |W - M| / |M| over all entries, seen and unseen."""
        return float(np.linalg.norm(W - self.target) / np.linalg.norm(self.target))


def completion_problem(d: int, rank: int, entries: int, rng: np.random.Generator) -> Completion:
    """Draw a Gaussian rank-r target and a uniformly random set of observed entries.

    Raises:
        ProblemError: rank outside 1..d or entries outside 1..d^2.
    """
    require(1 <= rank <= d, f"the rank must be between 1 and d={d}, got {rank}")
    require(1 <= entries <= d * d, f"the observed entries must be between 1 and d^2={d * d}, got {entries}")
    target = rng.standard_normal((d, rank)) @ rng.standard_normal((rank, d))
    observed = np.zeros(d * d)
    observed[rng.permutation(d * d)[:entries]] = 1
    return Completion(target * (d / np.linalg.norm(target)), observed.reshape(d, d))


class DeepFactorisationDescent(Optimiser):
    """Gradient descent on the factors; `w` is the product (d, d).

    Args:
        depth: number of factors. scale: Frobenius norm of the initial product, about, in units of sqrt(d).
        rng: draws the factors.
    """

    buffers = ("factors",)

    def __init__(self, problem: Completion, depth: int, scale: float, schedule: Schedule, rng: np.random.Generator) -> None:
        require(depth >= 1, f"depth must be at least 1, got {depth}")
        require(scale > 0, f"the initial scale must be positive, got {scale:g}: from zero factors nothing moves")
        d = len(problem.target)
        self.problem = problem
        self.factors = rng.standard_normal((depth, d, d)) * (scale ** (1 / depth) / np.sqrt(d))  # (N, d, d), W_1 first
        super().__init__(self._residual, self._products()[-1], schedule)

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor of the schedule."""
        limit = RUNAWAY * float(np.linalg.norm(self.problem.target))
        depth = len(self.factors)
        for factor in factors:
            below = self._products()  # W_j ... W_1, j = 1..N
            back = self._residual(below[-1])  # (W_N ... W_{j+1})^T residual
            if not np.linalg.norm(back) < limit:
                self.factors.fill(SATURATION ** (1 / depth))
                break
            rate = self.schedule.eta * factor
            for j in range(depth - 1, -1, -1):
                change = back @ below[j - 1].T if j else back
                back = self.factors[j].T @ back
                self.factors[j] -= rate * change
        self.w = self._products()[-1]

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        super().restore(state)
        self.w = self._products()[-1]

    def _products(self) -> list[Floats]:
        products = [self.factors[0]]
        for factor in self.factors[1:]:
            products.append(factor @ products[-1])
        return products

    def _residual(self, w: Floats) -> Floats:
        residual: Floats = self.problem.observed * (w - self.problem.target)
        return residual


class NuclearNormSplitting:
    """Douglas-Rachford splitting towards the completion of smallest nuclear norm; `advance` rests once it has converged.

    Attributes:
        completion: (d, d), fits every observed entry. moved: relative change of it in the last iteration. step: iterations asked for.
    """

    def __init__(self, problem: Completion, tolerance: float = 1e-4) -> None:
        self.problem, self.tolerance = problem, tolerance
        self.step, self.moved = 0, np.inf
        self._y = problem.observed * problem.target
        self._threshold = 0.3 * float(np.linalg.norm(self._y, 2))  # sets the speed, not the answer
        self._seen = problem.observed > 0

    @property
    def converged(self) -> bool:
        """Whether the last iteration moved the completion by less than the tolerance."""
        return self.moved < self.tolerance

    @property
    def completion(self) -> Floats:
        """The present completion (d, d)."""
        return np.where(self._seen, self.problem.target, self._y)

    def advance(self, steps: int) -> None:
        """Make further iterations, none after convergence."""
        self.step += steps
        for _ in range(steps):
            if self.converged:
                break
            completed = self.completion
            left, values, right = np.linalg.svd(2 * completed - self._y, full_matrices=False)
            change = (left * np.maximum(values - self._threshold, 0)) @ right - completed
            self._y = self._y + change
            self.moved = float(np.linalg.norm(change) / np.linalg.norm(completed))

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""
        return State({"y": self._y.copy()}, {"step": self.step, "moved": self.moved if np.isfinite(self.moved) else None})

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        self._y, self.step = np.array(state.arrays["y"], dtype=np.float64), int(state.scalars["step"])
        self.moved = np.inf if state.scalars["moved"] is None else float(state.scalars["moved"])
