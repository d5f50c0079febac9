"""Six optimisers on one least-squares problem, step for step, and what descent is predicted to do from the same starts.

Gradient descent runs from 0 and from another start at once; stochastic descent, momentum, Nesterov, Adam and sign descent from the
chosen one. Beside them, for two claims: gradient descent and Adam from 0 with three step sizes each, and Adam on data where its limit is
known (Wilson et al. 2017, arXiv:1705.08292, Lemma 3.1). Adam and sign descent never rest at a constant step: theirs falls along half
a cosine to 0.

Shapes: X (n, d), y (n,), w (d,).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data.regression import draw_rows
from engine.optimiser_runs import OptimiserRun, Steps
from engine.phenomena.min_norm.config import MinNormConfig
from engine.phenomena.min_norm.weight_readings import NamedSetting, read_weights
from engine.phenomena.min_norm.wilson import angle, wilson_data, wilson_direction
from engine.seeds import Streams, streams
from engine.theory.implicit_bias.interpolators import norm
from engine.theory.implicit_bias.optimisers import Optimiser, Schedule
from engine.theory.inputs import Floats
from engine.theory.linear_models.least_squares_descent import Method, least_squares_optimiser, step_limit, steps_to
from engine.theory.linear_models.min_norm import SATURATION, least_squares

OTHER_LENGTH = 1.0  # of the second start while the chosen one is 0
FRACTIONS = (0.1, 0.5, 0.9)  # steps of gradient descent that are compared, of 2/s_max^2
RATES = (1e-3, 1e-2, 1e-1)  # steps of Adam that are compared; the middle one is the one shown
SHOWN_RATE = 1
BATCHES = 6  # minibatches of an epoch
ADAPTIVE: tuple[Method, ...] = ("adam", "sign")
OTHERS: dict[Method, str] = {"sgd": "SGD", "momentum": "momentum", "nesterov": "Nesterov", "adam": "Adam", "sign": "sign descent"}
CHECKED = (1, 10, 100, 1000)  # steps at which the simulation is held against the closed form


class Linear:
    """One seed's Gaussian problem, y = X w_star + noise, or its draw of imported rows, and its optimisers.

    Attributes:
        problem: X (n, d), y (n,). wide: (n, D) whose first columns are X, so that a larger d only appends columns. w_star: (d,), empty of
            imported rows, whose other rows are `tested`: (s, D) and (s,).
        settings: gradient descent from the chosen start, "gd", and from another, then the other optimisers if they are shown.
        starts, limits: (settings, d), limits being X^+ y + P_null w_0. eta: the step of gradient descent.
        goals: steps at the measurements. runs: by name.
    """

    def __init__(self, config: MinNormConfig, seed: int, grid: Steps, columns: int) -> None:
        self.config, self.goals = config, grid
        draws = streams(seed)
        self._draw(draws, columns)
        self.eta = config.eta * self.problem.step_limit
        direction = draws.init.standard_normal(config.d)
        direction /= np.linalg.norm(direction)
        chosen, other = config.w0 * direction, (0.0 if config.w0 else OTHER_LENGTH) * direction
        elsewhere = NamedSetting("gd-other", "GD from 0" if config.w0 else f"GD, |w0|={OTHER_LENGTH:.3g}")
        others = [NamedSetting(*item) for item in OTHERS.items()] if config.param == "linear" else []
        self.settings = (NamedSetting("gd", "GD"), elsewhere, *others)
        self.starts = np.stack([chosen, other, *([chosen] * len(others))])
        self.limits = np.stack([self.problem.limit(start) for start in self.starts])
        self._optimisers = {"gd": self._optimiser("gd", start=self.starts[:2])}
        if others:
            self._add_others(draws, int(grid[-1]))
        self.runs = {name: OptimiserRun(optimiser, grid) for name, optimiser in self._optimisers.items()}

    def _draw(self, draws: Streams, columns: int) -> None:
        self.wide: Floats
        self.w_star: Floats
        config = self.config
        self.tested: tuple[Floats, Floats] | None = None
        if config.own_rows:
            (rng,) = draws.data.spawn(1)
            rows = draw_rows(config.dataset, config.dataset_sha256, config.n, config.order, rng).of_full_rank(config.dataset)
            self.wide, self.w_star, self.tested = rows.X[:, :columns], np.zeros(0), (rows.X_test[:, :columns], rows.y_test)
            self.problem = least_squares(self.wide[:, : config.d], rows.y)
            return
        features, weights = draws.data.spawn(2)
        self.wide = features.standard_normal((columns, config.n)).T
        self.w_star = weights.standard_normal(config.d)
        self.w_star *= np.sqrt(config.r2) / np.linalg.norm(self.w_star)
        X = self.wide[:, : config.d]
        self.problem = least_squares(X, X @ self.w_star + config.sigma * draws.noise.standard_normal(config.n))

    def _add_others(self, draws: Streams, steps: int) -> None:
        config, chosen = self.config, self.starts[0]
        rates, fractions = np.array(RATES)[:, None], np.array(FRACTIONS)[:, None] * self.problem.step_limit
        falling = Schedule(RATES[SHOWN_RATE], "cosine", steps)
        X, y = wilson_data(config.n, config.d, draws.data)
        self._wilson = wilson_direction(X, y)[0]
        self._optimisers |= {
            "sgd": self._optimiser("sgd", start=chosen, batch=self._batch, rng=draws.order),
            "momentum": self._optimiser("momentum", start=chosen),
            "nesterov": self._optimiser("nesterov", start=chosen),
            "adam": self._optimiser("adam", falling, start=chosen),
            "sign": self._optimiser("sign", falling, start=chosen),
            "gd-steps": self._optimiser("gd", Schedule(fractions), start=np.zeros((len(FRACTIONS), config.d))),
            "adam-steps": self._optimiser("adam", Schedule(rates, "cosine", steps), start=np.zeros((len(RATES), config.d))),
            "wilson": least_squares_optimiser("adam", least_squares(X, y), falling),
        }

    @property
    def _batch(self) -> int:
        return max(1, self.config.n // BATCHES)

    def _optimiser(self, method: Method, schedule: Schedule | None = None, **given: Any) -> Optimiser:
        return least_squares_optimiser(method, self.problem, schedule or Schedule(self.eta), beta=self.config.beta, **given)

    def chosen(self, config: MinNormConfig) -> int:
        """Return the place of the optimiser whose norms and directions are shown."""
        return [setting.name for setting in self.settings].index(config.optimiser)

    @property
    def w(self) -> Floats:
        """The present weights, (settings, d); diverging ones are cut at a size whose square is finite."""
        rest = [self._optimisers[setting.name].w for setting in self.settings[2:]]
        w: Floats = np.clip(np.stack([*self._optimisers["gd"].w, *rest]), -SATURATION, SATURATION)
        return w

    def divergent(self, method: Method) -> bool:
        """Whether theory says that an optimiser's step is too large to converge (of minibatches it says so too early)."""
        return self.eta >= step_limit(method, self.problem, self.config.beta)

    def needed(self, method: Method, tolerance: float) -> float:
        """Steps that an optimiser needs for its distance to the limit to shrink by `tolerance`, at least.

        Those of stochastic descent each do one batch's share of a step, in orders of which an unlucky one takes about twice as long.
        """
        steps = steps_to(method, self.problem, self.eta, tolerance, self.config.beta)
        return 2 * steps * np.ceil(self.config.n / self._batch) if method == "sgd" else steps

    def closed_form(self, steps: Floats) -> list[dict[str, Floats]]:
        """Return the readings (k,) of both starts of gradient descent after each of the k step counts, without iterating."""
        paths = [self.problem.descend(steps, self.eta, start) for start in self.starts[:2]]
        return [read_weights(self.problem, w, self.limits[place], self.starts[place]) for place, w in enumerate(paths)]

    def test_errors(self, widths: Steps) -> Floats:
        """Return the mean squared error (k,) of X^+ y on the rows that imported data keep for testing, with so many columns each."""
        assert self.tested is not None
        X, y = self.tested
        solved = (np.linalg.lstsq(self.wide[:, :d], self.problem.y, rcond=None)[0] for d in widths)
        return np.array([np.mean((X[:, : w.size] @ w - y) ** 2) for w in solved])

    # ------------------------------------------------------------ measuring

    def measure(self) -> dict[str, Floats]:
        """Return every reading, (settings,)."""
        return read_weights(self.problem, self.w, self.limits, self.starts)

    def checks(self) -> dict[str, Any]:
        """Return what the claims need besides: numbers of this seed."""
        step = self._optimisers["gd"].step
        gap = {"gap": self._gap(step).tolist()} if step in CHECKED else {}
        return gap | (self._spreads() if step and len(self.settings) > 2 else {})

    def _gap(self, step: int) -> Floats:
        """Difference of simulation and closed form, of both starts, relative to the closed form or to its limit, whichever is longer."""
        closed = np.concatenate([self.problem.descend([step], self.eta, start) for start in self.starts[:2]])
        return norm(self.w[:2] - closed, "l2") / np.maximum(norm(closed, "l2"), norm(self.limits[:2], "l2"))

    def _spreads(self) -> dict[str, Any]:
        gd, adam, y = self._optimisers["gd-steps"].w, self._optimisers["adam-steps"].w, self.problem.y
        apart = [np.linalg.norm(one - other) for one in gd for other in gd]
        residuals = np.linalg.norm(adam @ self.problem.X.T - y, axis=1) / np.linalg.norm(y)
        return {
            "gd-spread": float(max(apart) / np.linalg.norm(self.problem.solution)),
            "adam-norms": np.linalg.norm(adam, axis=1).tolist(),
            "adam-residual": residuals.tolist(),
            "wilson-angle": angle(self._optimisers["wilson"].w, self._wilson),
        }
