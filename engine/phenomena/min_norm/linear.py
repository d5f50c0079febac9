"""Six optimisers on one least-squares problem, step for step, and what descent is predicted to do from the same starts.

Gradient descent runs from 0 and from another start at once; stochastic descent, momentum, Nesterov, Adam and sign descent from the
chosen one. Beside them, for two claims: gradient descent and Adam from 0 with three step sizes each, and Adam on data where its limit is
known (Wilson et al. 2017, arXiv:1705.08292, Lemma 3.1). Adam and sign descent never rest at a constant step: theirs falls along half
a cosine to 0.

Shapes: X (n, d), y (n,), w (d,).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.min_norm.lanes import Lane
from engine.phenomena.min_norm.readings import read_weights
from engine.phenomena.min_norm.wilson import angle, wilson_data, wilson_direction
from engine.seeds import Streams
from engine.theory.implicit_bias.interpolators import norm
from engine.theory.implicit_bias.optimisers import Optimiser, Schedule
from engine.theory.inputs import Floats
from engine.theory.linear_models.least_squares_descent import Method, least_squares_optimiser, step_limit
from engine.theory.linear_models.min_norm import SATURATION, LeastSquares, least_squares

OTHER_LENGTH = 1.0  # of the second start while the chosen one is 0
FRACTIONS = (0.1, 0.5, 0.9)  # steps of gradient descent that are compared, of 2/s_max^2
RATES = (1e-3, 1e-2, 1e-1)  # steps of Adam that are compared; the middle one is that of the arms shown
SHOWN_RATE = 1
BATCHES = 6  # minibatches of an epoch
ADAPTIVE: tuple[Method, ...] = ("adam", "sign")
OTHERS: tuple[Method, ...] = ("sgd", "momentum", "nesterov", *ADAPTIVE)
CHECKED = (1, 10, 100, 1000)  # steps at which the simulation is held against the closed form


@dataclass(frozen=True)
class LinearDesign:
    """A Gaussian problem and its optimisers. d >= n; r2 = |w_star|^2; sigma: deviation of the noise; eta: of 2/s_max^2; start: |w_0|."""

    n: int
    d: int
    r2: float
    sigma: float
    eta: float
    beta: float
    start: float


@dataclass(frozen=True)
class LinearProblem:
    """X (n, d) are the first columns of wide (n, D), so that a larger d only appends columns; y = X w_star + noise."""

    wide: Floats
    w_star: Floats
    squares: LeastSquares


def draw_linear(design: LinearDesign, streams: Streams, columns: int) -> LinearProblem:
    """Draw a problem with `columns` >= d columns at hand."""
    features, weights = streams.data.spawn(2)
    wide = features.standard_normal((columns, design.n)).T
    w_star = weights.standard_normal(design.d)
    w_star *= np.sqrt(design.r2) / np.linalg.norm(w_star)
    X = wide[:, : design.d]
    return LinearProblem(wide, w_star, least_squares(X, X @ w_star + design.sigma * streams.noise.standard_normal(design.n)))


class LinearPart:
    """One seed's optimisers.

    Attributes:
        problem: the draw. arms: names of the optimisers shown, "gd" from the chosen start and "gd-other" first. starts: (arms, d).
        limits: (arms, d) X^+ y + P_null w_0. step: of gradient descent, 2/s_max^2 being 1.
    """

    def __init__(self, design: LinearDesign, streams: Streams, grid: NDArray[np.int64], columns: int, others: bool) -> None:
        self.design, self.problem = design, draw_linear(design, streams, columns)
        squares = self.problem.squares
        self.eta = design.eta * squares.step_limit
        direction = streams.init.standard_normal(design.d)
        direction /= np.linalg.norm(direction)
        chosen, other = design.start * direction, (0.0 if design.start else OTHER_LENGTH) * direction
        self.arms = ("gd", "gd-other", *(OTHERS if others else ()))
        self.starts = np.stack([chosen, other, *([chosen] * (len(self.arms) - 2))])
        self.limits = np.stack([squares.limit(chosen), squares.limit(other), *([squares.limit(chosen)] * (len(self.arms) - 2))])
        self._workers: dict[str, Optimiser] = {"gd": self._optimiser("gd", start=self.starts[:2])}
        self._wilson: tuple[Floats, Floats] | None = None
        if others:
            self._add_others(streams, int(grid[-1]))
        self.lanes = {name: Lane(worker, grid) for name, worker in self._workers.items()}

    def _add_others(self, streams: Streams, steps: int) -> None:
        chosen, design = self.starts[0], self.design
        rates, fractions = np.array(RATES)[:, None], np.array(FRACTIONS)[:, None] * self.problem.squares.step_limit
        falling = Schedule(RATES[SHOWN_RATE], "cosine", steps)
        batch = max(1, design.n // BATCHES)
        X, y = wilson_data(design.n, design.d, streams.data)
        self._wilson = X, y
        self._workers |= {
            "sgd": self._optimiser("sgd", start=chosen, batch=batch, rng=streams.order),
            "momentum": self._optimiser("momentum", start=chosen),
            "nesterov": self._optimiser("nesterov", start=chosen),
            "adam": self._optimiser("adam", falling, start=chosen),
            "sign": self._optimiser("sign", falling, start=chosen),
            "gd-steps": self._optimiser("gd", Schedule(fractions), start=np.zeros((len(FRACTIONS), design.d))),
            "adam-steps": self._optimiser("adam", Schedule(rates, "cosine", steps), start=np.zeros((len(RATES), design.d))),
            "wilson": least_squares_optimiser("adam", least_squares(X, y), falling),
        }

    def _optimiser(
        self, method: Method, schedule: Schedule | None = None, *, start: Floats, batch: int = 1, rng: np.random.Generator | None = None
    ) -> Optimiser:
        return least_squares_optimiser(
            method, self.problem.squares, schedule or Schedule(self.eta), start=start, beta=self.design.beta, batch=batch, rng=rng
        )

    @property
    def w(self) -> Floats:
        """The present weights of the arms, (arms, d); diverging ones are cut at a size whose square is finite."""
        rest = [self._workers[name].w for name in self.arms[2:]]
        w: Floats = np.clip(np.stack([*self._workers["gd"].w, *rest]), -SATURATION, SATURATION)
        return w

    def divergent(self, arm: str) -> bool:
        """Whether theory says that an arm's step is too large to converge (of minibatches it says so too early)."""
        method: Method = "gd" if arm == "gd-other" else arm  # type: ignore[assignment]
        return self.eta >= step_limit(method, self.problem.squares, self.design.beta)

    # ------------------------------------------------------------ theory

    def closed_form(self, steps: Floats) -> list[dict[str, Floats]]:
        """Return the readings (k,) of both starts of gradient descent after each of the k step counts, without iterating."""
        squares = self.problem.squares
        paths = [squares.descend(steps, self.eta, start) for start in self.starts[:2]]
        return [read_weights(squares, w, self.limits[arm], self.starts[arm]) for arm, w in enumerate(paths)]

    # ------------------------------------------------------------ measuring

    def measure(self) -> dict[str, Floats]:
        """Return every reading (arms,) or (arms, directions), and what the claims need."""
        squares, step = self.problem.squares, self._workers["gd"].step
        found = read_weights(squares, self.w, self.limits, self.starts)
        if step in CHECKED:
            found["gap"] = self._gap(step)
        if self._wilson is not None and step:
            found |= self._spreads()
        return found

    def _gap(self, step: int) -> Floats:
        """Relative difference of simulation and closed form, of both starts."""
        closed = np.concatenate([self.problem.squares.descend([step], self.eta, start) for start in self.starts[:2]])
        size = norm(closed, "l2")
        return norm(self.w[:2] - closed, "l2") / np.where(size > 0, size, 1.0)

    def _spreads(self) -> dict[str, Floats]:
        gd, adam, y = self._workers["gd-steps"].w, self._workers["adam-steps"].w, self.problem.squares.y
        apart = [np.linalg.norm(one - other) for one in gd for other in gd]
        residuals = np.linalg.norm(adam @ self.problem.squares.X.T - y, axis=1) / np.linalg.norm(y)
        return {
            "gd-spread": np.array([max(apart) / np.linalg.norm(self.problem.squares.solution)]),
            "adam-norms": np.linalg.norm(adam, axis=1),
            "adam-residual": residuals,
            "wilson-angle": np.array([angle(self._workers["wilson"].w, self._wilson_direction)]),
        }

    @cached_property
    def _wilson_direction(self) -> Floats:
        return wilson_direction(*self._wilson)[0] if self._wilson is not None else np.zeros(0)
