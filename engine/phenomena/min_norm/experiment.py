"""Optimisers, networks and products of every seed go on side by side, with the draws of exercise 1 and lines of theory between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series, Spec, unmet
from engine.errors import Diverged
from engine.headline import Known
from engine.judging import Judges
from engine.optimiser_runs import OptimiserRun, bring, proportional_goals
from engine.phenomena.min_norm import SPEC
from engine.phenomena.min_norm.claims import JUDGES
from engine.phenomena.min_norm.config import MIRROR, NOISE, MinNormConfig
from engine.phenomena.min_norm.curves import curves, markers
from engine.phenomena.min_norm.deep_matrix import DeepMatrix
from engine.phenomena.min_norm.diagonal import Diagonal
from engine.phenomena.min_norm.draws import NormDraws, drawn_widths, nested_widths
from engine.phenomena.min_norm.figures import GONE, PLANE
from engine.phenomena.min_norm.headline import clauses as headline_clauses
from engine.phenomena.min_norm.label_noise import LabelNoise
from engine.phenomena.min_norm.linear import Linear
from engine.phenomena.min_norm.mirror import Mirror
from engine.phenomena.min_norm.noise_curves import noise_curves, noise_markers
from engine.phenomena.min_norm.own_rows import own_in_words
from engine.phenomena.min_norm.plane import plane_picture
from engine.phenomena.min_norm.predictions import Predictions
from engine.phenomena.min_norm.scalars import READERS
from engine.phenomena.min_norm.weight_readings import NamedSetting
from engine.phenomenon import Pieces, geometric_grid
from engine.readings import Network
from engine.scalars import Readers
from engine.state import Stateful
from engine.theory.inputs import Floats
from engine.theory.linear_models.min_norm import LeastSquares
from engine.theory.linear_models.norm_law import expected_squared_norm

Parameterisation = Linear | Diagonal | DeepMatrix | LabelNoise | Mirror
Parameterisations = Mapping[str, Sequence[Parameterisation]]
FIRST_LOOK = 0.03  # seconds of theory before the first curves are shown


class MinNorm(Pieces[MinNormConfig]):
    """Three parameterisations of every seed, each step for step; instead of them noise on labels or mirror descent where that is followed.

    Attributes:
        linear, diagonal, matrix: one each a seed, empty while one of the two studies is followed; noise, mirror: likewise, empty while not.
        draws: of exercise 1, all seeds'; none beside a study. theory: lines that take longer.
        widths: those of one y with ever more columns.
    """

    spec: ClassVar[Spec] = SPEC
    judges: ClassVar[Judges[Any]] = JUDGES
    readers: ClassVar[Readers[Any]] = READERS

    def __init__(self, config: MinNormConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        c = config
        self.total, self.grid = c.steps, _grid(c)
        most = c.most_columns
        self.widths = nested_widths(c.n, c.d, most)
        self._own = own_in_words(c)
        here = () if c.alone else seeds
        self.linear = [Linear(c, seed, self.grid, int(self.widths[-1])) for seed in here]
        self.diagonal = [Diagonal(c, seed, self.grid) for seed in here]
        self.matrix = [DeepMatrix(c, seed, self.grid) for seed in here]
        self.noise = [LabelNoise(c, seed, self.grid) for seed in seeds] if c.param == NOISE else []
        self.mirror = [Mirror(c, seed, self.grid) for seed in seeds] if c.param == MIRROR else []
        self.draws = NormDraws(c.n, drawn_widths(c.n, c.d, most), 0 if c.own_rows or c.alone else c.draws, c.r2, c.sigma**2, seeds)
        self.theory = Predictions(c, self.grid, self.widths, self.linear, self.diagonal, self.matrix, self._problems)
        self.networks = [Network(setting, seed) for _, seed, part in self._each() for setting in part.settings]
        self._runs: dict[str, OptimiserRun[Any]] = {
            f"{seed}/{param}/{name}": run for param, seed, part in self._each() for name, run in part.runs.items()
        }
        self._runs["draws"] = OptimiserRun(self.draws, proportional_goals(self.grid, self.draws.squares.size))
        self._looked = self._told = False

    @property
    def _parts(self) -> Parameterisations:
        parts: Parameterisations = {
            "linear": self.linear, "diagonal": self.diagonal, "deep-matrix": self.matrix, NOISE: self.noise, MIRROR: self.mirror,
        }  # fmt: skip
        return parts

    @property
    def _problems(self) -> list[LeastSquares]:
        """Every seed's problem of the parameterisation that is followed; none of matrices."""
        return [part.problem for part in self.shown if not isinstance(part, DeepMatrix)]

    def _each(self) -> Iterator[tuple[str, int, Parameterisation]]:
        for param, parts in self._parts.items():
            for seed, part in zip(self.seeds, parts, strict=False):
                yield param, seed, part

    @property
    def shown(self) -> Sequence[Parameterisation]:
        """The parameterisation that the training figures follow."""
        return self._parts[self.config.param]

    @property
    def chosen(self) -> NamedSetting:
        """Whose norms and directions are shown."""
        return self.shown[0].settings[self.shown[0].chosen(self.config)]

    # ------------------------------------------------------------ running

    @property
    def ready(self) -> bool:
        """Whether theory has been looked at, and is complete where the last step is measured."""
        return self._looked and (self.step < self.grid[-1] or self.theory.done)

    @property
    def complete(self) -> bool:
        """Whether theory, which no state holds, has been worked out, and a divergence told."""
        return self.theory.done and (self._told or not self._lost)

    @property
    def over(self) -> bool:
        """Whether the last step has been measured."""
        return self.target is None

    def pieces(self) -> Iterator[None]:
        """Make true steps towards every measurement, with a line of theory between them; a first look at theory comes before all.

        Raises:
            Diverged: at the end, when gradient descent or the chosen optimiser has left for infinity.
        """
        deadline = perf_counter() + FIRST_LOOK
        while not self.theory.done and perf_counter() < deadline:
            self.theory.advance()
        self._looked = True
        yield
        for place in range(int(np.searchsorted(self.grid, self.step)), len(self.grid)):
            for _ in bring(self._runs.values(), place):
                if not self.theory.done:
                    self.theory.advance()
                yield
            self.step = int(self.grid[place])
            yield
        while not self.theory.done:
            self.theory.advance()
            yield
        if self._lost:
            self._told = True
            self._say()  # the sentence stands for itself
            raise Diverged(self._lost)

    def measure(self) -> dict[str, Any]:
        """Return every reading of every network, not a number where its parameterisation has none, and what claims need of each seed."""
        self._say(self._lost)
        measured = [part.measure() for _, _, part in self._each()]
        record: dict[str, Any] = {}
        for name in dict.fromkeys(name for found in measured for name in found):
            values = [found.get(name, np.full(len(found["distance"]), np.nan)) for found in measured]
            record[name] = np.concatenate(values).tolist()
        checks = [linear.checks() for linear in self.linear]
        return record | {name: [check[name] for check in checks] for name in (checks[0] if checks else ())}

    def steps_made(self, param: str) -> Floats:
        """Return the steps (k,) that networks of a parameterisation had made at the measurements."""
        return self._parts[param][0].goals[np.searchsorted(self.grid, self.history.steps)].astype(np.float64)

    def divergence(self, setting: NamedSetting) -> int | None:
        """Return the place of the first measurement at which weights have diverged in some seed, or None."""
        lost = (self.readings.table("distance", setting.name)[1] > GONE).any(axis=1)
        return int(np.argmax(lost)) if lost.any() else None

    @property
    def _lost(self) -> str:
        """What diverges of gradient descent and the optimiser that is shown; nothing if all goes well."""
        c = self.config
        watched = [item for item in self.shown[0].settings if c.param != "linear" or item.name in ("gd", c.optimiser)]
        gone = next((setting for setting in watched if self.divergence(setting) is not None), None)
        if gone is None:
            return ""
        if c.param == NOISE:
            return (
                f"{gone.label} diverged: noise_step is {c.noise_step:g} and delta {c.delta:g}, its weights grow without bound"
                f" (seen up to step {self.step:,})"
            )
        why = "its weights grow without bound"
        if gone.name == "gd":
            why = f"a step multiplies its error by {self.linear[0].problem.growth_factor(self.linear[0].eta):.3g}"
        limit = " times the limit 2/s_max^2" if c.param == "linear" else ""
        return f"{gone.label} diverged: eta is {c.eta:g}{limit}, {why} (seen up to step {self.step:,})"

    def _say(self, lost: str = "") -> None:
        still = "" if self.config.eta or self.noise else "step size eta is 0: gradient descent stays where it starts"
        self.notes = tuple(filter(None, (still, *self.theory.refusals, *self._own, lost)))

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Every curve."""
        return (*curves(self), *noise_curves(self))

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """What a start keeps, rounding, where weights diverge, the chosen alpha and d."""
        return (*markers(self), *noise_markers(self))

    def pictures(self) -> tuple[Picture, ...]:
        """The plane with the paths from the chosen start, where it is meant for these settings."""
        return () if unmet(PLANE.domain, self.config) else (plane_picture(self.config),)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem in the chosen parameterisation, and its solution.

        X (n, d), y (n,), w_star (d,), w (d,) reached, w_hat (d,) predicted, singular_values; of deep-matrix W for w: w_star, w, w_hat
        (side, side) and observed. Imported rows have no w_star, but X_test and y_test. Of drawn ones norm_d (k,), norm_measured,
        norm_theory (k,): root mean squares of exercise 1.
        """
        c, draws = self.config, self.draws
        none = c.own_rows or c.alone
        mean = [expected_squared_norm(c.n, int(d), c.r2, c.sigma**2) for d in draws.widths]
        found: dict[str, NDArray[Any]] = {} if none else {"norm_d": draws.widths, "norm_theory": np.sqrt(mean)}
        if draws.done:
            found["norm_measured"] = np.sqrt(np.mean(draws.squares[: draws.done], axis=0))
        shown = self.shown[0]
        w = shown.w[shown.chosen(c)]
        if isinstance(shown, DeepMatrix):
            return found | {"w_star": shown.problem.target, "observed": shown.problem.observed, "w": w}
        w_hat = shown.limit(c.alpha) if isinstance(shown, Diagonal) else shown.limits[shown.chosen(c)]
        problem = shown.problem
        solution = {"X": problem.X, "y": problem.y, "w": w, "w_hat": w_hat}
        if isinstance(shown, Linear) and shown.tested is not None:
            solution |= {"X_test": shown.tested[0][:, : c.d], "y_test": shown.tested[1]}
        else:
            solution |= {"w_star": shown.w_star}
        return found | solution | {"singular_values": problem.singular_values}

    # ------------------------------------------------------------ storage

    def parts(self) -> Mapping[str, Stateful]:
        """Every optimiser, and the draws; theory is worked out again."""
        return self._runs


def _grid(config: MinNormConfig) -> NDArray[np.int64]:
    """The steps to measure; the end of the noise is one of them."""
    grid = geometric_grid(config.steps)
    return np.union1d(grid, [config.noisy_steps]) if config.param == NOISE else grid
