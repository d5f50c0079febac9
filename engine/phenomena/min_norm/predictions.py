"""Lines of theory that take longer than a closed form: worked out one after the other, while true steps are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ProblemError
from engine.optimiser_runs import Steps
from engine.phenomena.min_norm.config import MinNormConfig
from engine.phenomena.min_norm.deep_matrix import DEPTHS, ORDERS, DeepMatrix
from engine.phenomena.min_norm.diagonal import Diagonal
from engine.phenomena.min_norm.linear import Linear
from engine.theory.implicit_bias.interpolators import Order, min_norm_interpolator, norm
from engine.theory.inputs import Floats
from engine.theory.linear_models.min_norm import LeastSquares
from engine.theory.linear_models.norm_law import nested_norms

SWEPT = np.geomspace(1e-4, 10.0, 21)  # where the limit of networks is drawn
LARGEST_PROGRAMME = 200_000
"""Entries of X up to which the l1 and l_inf minima are sought: beyond, a linear programme takes many seconds."""

Path = dict[str, Floats]
"""What is read off weights at `steps` (k,), each (k,)."""


class Predictions:
    """Theory as far as it is there; lists hold an entry a seed.

    Attributes:
        steps: (k,) at which paths are predicted.
        paths: of gradient descent by its closed form, or of the chosen network by its flow, as they are shown. growth: by depth.
        nested: norms (widths,) of one y with ever more columns; test_errors: (widths,) alike, of imported rows.
        limits: weights (d,) of networks, by the place of alpha in `SWEPT`.
        least: norms of weights that fit, by parameterisation and norm, None where it would take too long: those of every seed's problem of
            the parameterisation that is followed, and of the first seed's diagonal networks.
        refusals: what has no solution, and why.

    shown: every seed's problem of the parameterisation that is followed; none of matrices.
    """

    def __init__(
        self, config: MinNormConfig, grid: Steps, widths: Steps, linear: Sequence[Linear], diagonal: Sequence[Diagonal],
        matrix: Sequence[DeepMatrix], shown: Sequence[LeastSquares],
    ) -> None:  # fmt: skip
        self.steps = grid[grid >= 1].astype(np.float64)
        self.paths: list[Path] = []
        self.growth: dict[int, list[Path]] = {depth: [] for depth in DEPTHS}
        self.nested: list[Floats] = []
        self.test_errors: list[Floats] = []
        self.limits: list[list[Floats]] = [[] for _ in SWEPT]
        self.least: dict[tuple[str, Order], list[float | None]] = {}
        self.refusals: list[str] = []
        self._left: list[tuple[Callable[[Any], None], Callable[[], Any]]] = []
        for run, network, product in zip(linear, diagonal, matrix, strict=True):  # none beside a study of its own
            if config.param == "linear":
                self._later(self.paths.append, partial(_descent, run, self.steps))
            self._later(self.nested.append, partial(nested_norms, run.wide, run.problem.y, widths))
            if config.own_rows:
                self._later(self.test_errors.append, partial(run.test_errors, widths))
            if config.param == "diagonal":
                self._later(self.paths.append, partial(network.flow, self.steps))
            for depth in DEPTHS if config.param == "deep-matrix" and config.eta else ():
                self._later(self.growth[depth].append, partial(product.flow, depth, self.steps))
            for place, alpha in enumerate(SWEPT):
                self._later(self.limits[place].append, partial(network.limit, float(alpha)))
        sought = {"diagonal": [network.problem for network in diagonal[:1]], config.param: list(shown)}
        for param, problems in sought.items():
            for order in ORDERS:
                found = self.least[param, order] = []
                for problem in problems:
                    self._later(found.append, partial(least_norm, problem, order))

    @property
    def done(self) -> bool:
        """Whether nothing is left to work out."""
        return not self._left

    def advance(self) -> None:
        """Work out the next line."""
        keep, work_out = self._left.pop(0)
        try:
            keep(work_out())
        except ProblemError as error:
            self.refusals.append(error.message)

    def _later(self, keep: Callable[[Any], None], work_out: Callable[[], Any]) -> None:
        self._left.append((keep, work_out))


def _descent(run: Linear, steps: Floats) -> Path:
    return run.closed_form(steps)[0]


def least_norm(problem: LeastSquares, order: Order) -> float | None:
    """Return the smallest norm of an interpolator, by linear programming for l1 and l_inf; None where that would take too long."""
    if order == "l2":
        return float(norm(problem.solution, "l2"))
    if problem.X.size > LARGEST_PROGRAMME:
        return None
    return _least(problem.X.shape, problem.X.tobytes(), problem.y.tobytes(), order)


@lru_cache(maxsize=32)
def _least(shape: tuple[int, ...], X: bytes, y: bytes, order: Order) -> float:
    matrix: NDArray[Any] = np.frombuffer(X).reshape(shape)
    return float(norm(min_norm_interpolator(matrix, np.frombuffer(y), order), order))
