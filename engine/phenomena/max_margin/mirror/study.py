"""What a run of study mirror computes: Gaussian points labelled by five of their features, and mirror descent with every exponent on them.

Sun, Ahn, Thrampoulidis, Azizan 2022, arXiv:2205.12808.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.errors import ProblemError
from engine.headline import Known
from engine.optimiser_runs import Steps, bring
from engine.phenomena.max_margin.config import MaxMarginConfig
from engine.phenomena.max_margin.margin_runs import PathRun
from engine.phenomena.max_margin.mirror import figures
from engine.phenomena.max_margin.mirror.headline import clauses
from engine.phenomena.max_margin.study import Study
from engine.phenomenon import geometric_grid
from engine.readings import Network
from engine.seeds import streams
from engine.state import Stateful
from engine.theory.implicit_bias.mirror_descent import MirrorDescent, Potential, own_norm_max_margin
from engine.theory.inputs import Floats
from engine.theory.margins.hard_margin import HardMargin, hard_margin_svm
from engine.theory.margins.mirror_margin import lp_margin, margin_mirror_descent

RELEVANT = 5  # features that make the labels
NORMS = tuple(np.round(np.arange(1.25, 4.01, 0.25), 2).tolist())  # exponents in whose norms margins are drawn
EUCLIDEAN = 2.0


@dataclass(frozen=True)
class Exponent:
    """The setting of a curve: mirror descent with |w|_p^p/p."""

    p: float

    @property
    def name(self) -> str:
        """Its key."""
        return f"p-{self.p:.12g}"

    @property
    def label(self) -> str:
        """What a legend calls it."""
        return f"potential p={self.p:g}"


class Mirrored:
    """One seed's points, and the largest margins on them.

    Attributes:
        Z: (n, d) rows y_i x_i; w_star: (d,) that made the labels; svm: the hard-margin SVM.

    Raises:
        NotSeparable: labels that nothing separates.
    """

    def __init__(self, config: MaxMarginConfig, seed: int) -> None:
        drawn = streams(seed, 1)
        X = drawn.data.standard_normal((config.n, config.d))
        self.w_star = (np.arange(config.d) < RELEVANT).astype(np.float64)
        y = np.where(X @ self.w_star < 0, -1.0, 1.0)
        y[drawn.noise.permutation(config.n)[: config.flips]] *= -1
        self.X, self.y, self.Z = X, y, X * y[:, None]
        try:
            self.svm: HardMargin = hard_margin_svm(self.Z)
        except ProblemError as error:
            ways = ["raise d", "lower n"] + (["lower flips"] if config.flips else [])
            raise ProblemError(error.message, ", or ".join(ways)) from None
        self._largest: dict[float, tuple[float, Floats]] = {}

    def largest(self, p: float) -> tuple[float, Floats]:
        """Return the largest margin in the l_p norm, and weights (d,) of norm 1 that have it."""
        if p not in self._largest:
            self._largest[p] = own_norm_max_margin(self.Z, Potential(p))
        return self._largest[p]

    def share(self, w: Floats, p: float) -> Floats:
        """Margin of weights (..., d) in the l_p norm, over the largest."""
        return lp_margin(self.Z, w, p) / self.largest(p)[0]

    @property
    def narrow(self) -> float:
        """The SVM's margin over the longest row."""
        return self.svm.margin / float(np.linalg.norm(self.Z, axis=1).max())

    @cached_property
    def svm_distance(self) -> float:
        """Distance of the direction that is best in l_2, by the dual programme, from the SVM's."""
        return float(np.linalg.norm(self.largest(EUCLIDEAN)[1] - self.svm.w * self.svm.margin))


class Mirror(Study):
    """Attributes: settings: an exponent each, ascending; norms: exponents in whose norms margins are drawn; problems: one per seed;
    runs: by exponent, one per seed; solved: whether the largest margins are there.
    """

    def __init__(self, config: MaxMarginConfig, seeds: tuple[int, ...]) -> None:
        self.config, self.seeds = config, seeds
        self.total, self.grid = config.steps, geometric_grid(config.steps)
        self.settings = [Exponent(p) for p in sorted(set(config.p))]
        self.norms = sorted({*NORMS, *(setting.p for setting in self.settings)})
        self.problems = [Mirrored(config, seed) for seed in seeds]
        self.networks = [Network(setting, seed) for setting in self.settings for seed in seeds]
        self.runs: dict[Exponent, list[PathRun[MirrorDescent]]] = {
            setting: [PathRun(margin_mirror_descent(one.Z, Potential(setting.p), config.pace), self.grid) for one in self.problems]
            for setting in self.settings
        }
        self.solved = False
        self.notes = ("steps are descent on log(loss), whose gradient does not fade",)

    @property
    def complete(self) -> bool:
        """Whether the largest margins are there."""
        return self.solved

    def pieces(self) -> Iterator[None]:
        """Find the largest margin in every norm; then make steps."""
        for one in self.problems:
            for p in self.norms:
                one.largest(p)
                yield
        self.solved = True
        yield
        for place in range(int(np.searchsorted(self.grid, self.step)), len(self.grid)):
            yield from bring((run for runs in self.runs.values() for run in runs), place)
            self.step = int(self.grid[place])
            yield

    def steps_kept(self) -> Steps:
        """The steps after 0 at which every run has kept its weights."""
        k = min(len(run.path) for runs in self.runs.values() for run in runs)
        return self.grid[1 : k + 1] if len(self.grid) > 1 else self.grid[:0]

    def walks(self, setting: Exponent) -> list[tuple[Mirrored, Floats]]:
        """An exponent's weights (k, d) at `steps_kept`, seed by seed, each with its points."""
        k = len(self.steps_kept())
        return [(one, run.path[:k]) for one, run in zip(self.problems, self.runs[setting], strict=True)]

    def matrix(self) -> Floats:
        """Margin over the largest, (seeds, p, p): of every exponent's present weights (rows) in every exponent's norm (columns)."""
        return np.array([
            [[float(one.share(self.runs[row][seed].stepper.w, column.p)) for column in self.settings] for row in self.settings]
            for seed, one in enumerate(self.problems)
        ])  # fmt: skip

    def leads(self) -> Floats:
        """By how much each exponent's margin in its own norm is above the best of the others there, (seeds, p); nan of one alone."""
        matrix = self.matrix()
        own = np.einsum("sii->si", matrix)
        others = np.where(np.eye(len(self.settings), dtype=bool), np.nan, matrix)
        return np.asarray(own - np.nanmax(others, axis=1)) if len(self.settings) > 1 else np.full_like(own, np.nan)

    def measure(self) -> dict[str, Any]:
        """Return the largest l_2 margin at step 0; then every run's margin in its own norm, over the largest."""
        if self.step == 0:
            return {"margin": self.problems[0].svm.margin}
        return {"own margin": np.einsum("sii->is", self.matrix()).ravel().tolist()}

    def curves(self) -> Iterable[Series]:
        """See `figures`."""
        return figures.curves(self)

    def markers(self) -> Iterable[Marker]:
        """The largest margin."""
        return figures.markers()

    def pictures(self) -> Iterable[Picture]:
        """The margin matrix."""
        return (figures.matrix_picture(self),) if len(self.steps_kept()) else ()

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen."""
        return clauses(self, known)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's X (n, d), y (n,), w_star, w_hat (d,); p (exponents,); w, w_limit (exponents, d); matrix."""
        one = self.problems[0]
        found: dict[str, NDArray[Any]] = {"X": one.X, "y": one.y, "w_star": one.w_star, "w_hat": one.svm.w}
        found |= {"p": np.array([setting.p for setting in self.settings])}
        found |= {"w": np.stack([np.array(self.runs[setting][0].stepper.w) for setting in self.settings])}
        if self.solved:
            found |= {"w_limit": np.stack([one.largest(setting.p)[1] for setting in self.settings]), "matrix": self.matrix()}
        return found

    def parts(self) -> Mapping[str, Stateful]:
        """Weights and paths."""
        return {
            f"{setting.name}/{seed}": run
            for setting, runs in self.runs.items() for seed, run in zip(self.seeds, runs, strict=True)
        }  # fmt: skip
