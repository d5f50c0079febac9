"""What a run of early stopping draws: inputs of every problem, and on each the paths of flow and ridge, averaged over weights and noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.headline import Known
from engine.interruption import checkpoint
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.stopping import figures, headline
from engine.phenomena.double_descent.stopping.problems import TENTHS, Problem, plain_risks, problems_of
from engine.phenomena.double_descent.study import DrawnStudy, by_seed
from engine.seeds import Streams, streams
from engine.state import Draws, Stateful
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.early_stopping import RATIO_PLACE, Path, path
from engine.theory.linear_models.sample_wise import Directions, directions

PARTS = ("flow_bias", "flow_variance", "ridge_bias", "ridge_variance")
EQUAL, TRIED = 20, 4001  # directions of equal singular values, and times at which their ratio is looked for


class EarlyStopping(DrawnStudy):
    """The draws of early stopping; draw j is draw j // K of seed j mod K, K seeds.

    Attributes:
        problems: every spectrum in every dimension; shown: the one that the figures of one problem are of.
        draws: per draw and problem the parts of both risks, `NAME/flow_bias` and so on, (times,).
        plain: once the draws are there, mean and standard error of each method's risk over drawn weights and noise on the first inputs of
            each problem, (problems, methods, 2).
    """

    def __init__(self, config: DoubleDescentConfig, seeds: tuple[int, ...]) -> None:
        self.config, self.seeds = config, seeds
        self.problems, said = problems_of(config)
        mine = [one for one in self.problems if one.kind == self.problems[0].kind]
        self.shown = min(mine, key=lambda one: abs(np.log(one.d / config.n)))
        shapes = {f"{one.name}/{part}": (one.times.size,) for one in self.problems for part in PARTS}
        self.draws = Draws(config.draws * len(seeds), shapes)
        self.plain = Draws(1 if config.weight_draws else 0, {"risk": (len(self.problems), 2, 2)})
        alike = "risks are exact given the inputs: means over weights and noise"
        self.notes = (alike, *said)
        self._theory = tuple(figures.theory(self))
        first = directions(self.shown.rows(config.n, self._streams(0, self.shown)), self.shown.eigenvalues)
        self._pictures = (figures.picture(first, self.shown),)

    def pieces(self) -> Iterator[None]:
        """Draw problem after problem of draw after draw, then hold the formula against draws of weights and noise."""
        while not self.draws.complete:
            row: dict[str, Floats] = {}
            for problem in self.problems:
                found = self._found(self.draws.done, problem)
                along = path(found, problem.times, problem.tau2, problem.sigma2)
                row |= {f"{problem.name}/{part}": getattr(along, part) for part in PARTS}
                checkpoint()
                yield
            self.draws.add(row)
            yield
        while not self.plain.complete:
            risks = np.zeros((len(self.problems), 2, 2))
            for place, problem in enumerate(self.problems):
                own = self._streams(0, problem)
                X, time = problem.rows(self.config.n, own), self.compared_at(place)
                if time:
                    drawn = plain_risks(X, problem, time, self.config.weight_draws, own)
                    risks[place] = [[float(value) for value in mean_and_error(values)] for values in drawn]
                checkpoint()
                yield
            self.plain.add({"risk": risks})
            yield

    @property
    def complete(self) -> bool:
        """Whether the formula is held against draws."""
        return self.plain.complete

    def parts(self) -> Mapping[str, Stateful]:
        """The draws of the inputs, and those of weights and noise."""
        return {"draws": self.draws, "plain": self.plain}

    def _streams(self, index: int, problem: Problem) -> Streams:
        number, seed = divmod(index, len(self.seeds))
        return streams(self.seeds[seed], number * len(self.problems) + [one.name for one in self.problems].index(problem.name))

    def _found(self, index: int, problem: Problem) -> Directions:
        return directions(problem.rows(self.config.n, self._streams(index, problem)), problem.eigenvalues)

    # ------------------------------------------------------------ what was drawn

    def paths(self, problem: Problem) -> Path:
        """Both risks of every draw, (draws, times) each."""
        return Path(problem.times, *(self.draws[f"{problem.name}/{part}"] for part in PARTS))

    def largest(self, problem: Problem) -> Floats:
        """The largest ratio along the path of each draw, (draws,)."""
        return np.asarray(self.paths(problem).ratio.max(axis=1))

    def largest_drawn(self) -> float:
        """The largest ratio of any draw in the figures: of the shown spectrum, where something is learnt and about the best time."""
        mine = [one for one in self.problems if one.kind == self.shown.kind]
        return max(float(self.paths(one).ratio[:, figures.around(self, one.times)].max(initial=1.0)) for one in mine)

    def best_ratio(self, problem: Problem) -> Floats:
        """Flow's risk at its best time over that of the best ridge, of each draw, (draws,); nan where both are 0."""
        along = self.paths(problem)
        flow, ridge = along.flow.min(axis=1), along.ridge.min(axis=1)
        return np.asarray(np.divide(flow, ridge, out=np.full_like(flow, np.nan), where=ridge > 0))

    def by_seed(self, values: Floats) -> list[Floats]:
        """The draws of each seed."""
        return by_seed(values, len(self.seeds))

    def compared_at(self, place: int) -> float:
        """The time at which a problem is held against draws: a tenth of the best one, the best one, ten of it, in turns; 0 without one."""
        best = self.problems[place].best
        return TENTHS[place % len(TENTHS)] * best if 0 < best < np.inf else 0.0

    def exact_at(self, place: int) -> tuple[float, float]:
        """The formula's risks of flow and ridge where they are held against draws."""
        problem = self.problems[place]
        found = path(self._found(0, problem), [self.compared_at(place)], problem.tau2, problem.sigma2)
        return float(found.flow[0]), float(found.ridge[0])

    @cached_property
    def sharp(self) -> float:
        """The largest ratio that is found without signal and with equal singular values."""
        rows = np.linalg.qr(streams(self.seeds[0]).order.standard_normal((2 * EQUAL, EQUAL)))[0]
        times = RATIO_PLACE * np.logspace(-1, 1, TRIED)
        return float(path(directions(rows, np.ones(EQUAL)), times, 0.0, 1.0).ratio.max())

    def measured(self) -> dict[str, Any]:
        """Return the number of draws, and the largest and the best ratio so far."""
        record: dict[str, Any] = {"draws": float(self.draws.done)}
        if self.draws.done:
            record["largest-ratio"] = max(float(self.largest(one).max()) for one in self.problems)
            best = np.concatenate([self.best_ratio(one) for one in self.problems])
            if np.isfinite(best).all():
                record["best-ratio"] = float(best.max())
        return record

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return, by problem, eigenvalues (d,), t (k,) and the parts of both risks (draws, k)."""
        found: dict[str, NDArray[Any]] = {}
        for one in self.problems:
            name = one.name.replace("-", "_")
            found |= {f"{name}_eigenvalues": one.eigenvalues, f"{name}_t": one.times}
            if self.draws.done:
                found |= {f"{name}_{part}": self.draws[f"{one.name}/{part}"].copy() for part in PARTS}
        return found

    # ------------------------------------------------------------ what is shown

    def series(self) -> Iterable[Series]:
        """Theory, which no draw changes, and the draws."""
        yield from self._theory
        yield from figures.simulated(self)

    def pictures(self) -> tuple[Picture, ...]:
        """What flow and ridge keep of each direction."""
        return self._pictures

    def markers(self) -> Iterable[Marker]:
        """The bounds, and the best time."""
        return figures.markers(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline.clauses(self, known)
