"""What a run of task classification draws and knows: counts of duals and support vectors, errors and risks, with their theory.

Draw j is draw j // K of seed j mod K, K seeds, as in task regression.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from engine.phenomena.benign_overfitting.classification.problems import (
    Isotropic,
    bi_level_problems,
    draw_bi_level,
    draw_isotropic,
    isotropic_problems,
)
from engine.phenomena.benign_overfitting.config import BenignOverfittingConfig
from engine.seeds import Streams, streams
from engine.state import Draws
from engine.theory.inputs import Floats
from engine.theory.margins.bi_level import BiLevel
from engine.theory.margins.support_vectors import half_point, negative_duals

ANCHOR = 2.0  # c whose fraction of support vectors is told, or the one nearest to it


class Classification:
    """The draws of task classification.

    Attributes:
        isotropic: every n with every c; bi_level: every n with every q; sizes: every n; least: the n whose support vectors are counted.
        draws: per draw, negative duals and support vectors (isotropic,), wrong signs, regression risk and negative duals (bi_level,).
    """

    def __init__(self, config: BenignOverfittingConfig, seeds: tuple[int, ...]) -> None:
        self.config, self.seeds = config, seeds
        self.sizes = sorted(set(config.n))
        self.least = self.sizes[0]
        self.isotropic, self.bi_level = isotropic_problems(config), bi_level_problems(config)
        first, second = (len(self.isotropic),), (len(self.bi_level),)
        self.draws = Draws(config.draws, {"negative": first, "support": first, "error": second, "risk": second, "negative-bi": second})
        self.risk_theory = np.array([one.regression_risk() for one in self.bi_level])
        self.error_theory = np.array([one.misclassified(config.flip) for one in self.bi_level])

    @cached_property
    def expected(self) -> Floats:
        """The expected negative duals of each isotropic problem."""
        return np.array([float(negative_duals(one.n, one.d)) for one in self.isotropic])

    # ------------------------------------------------------------ drawing

    def pieces(self) -> Iterator[None]:
        """Solve problem after problem of draw after draw; a draw that was cut short is drawn again."""
        while not self.draws.complete:
            rows = {name: np.zeros(len(problems)) for name, problems in self._columns().items()}
            for index, problem in enumerate(self.isotropic):
                counts = draw_isotropic(problem, self._streams(index), problem.n == self.least)
                rows["negative"][index], rows["support"][index] = counts
                yield
            for place, n in enumerate(self.sizes):
                where = np.array([one.n == n for one in self.bi_level])
                ensembles = [one for one in self.bi_level if one.n == n]
                found = draw_bi_level(ensembles, self.config.flip, self._streams(len(self.isotropic) + place))
                rows["error"][where], rows["risk"][where], rows["negative-bi"][where] = found
                yield
            self.draws.add(rows)
            yield

    def _columns(self) -> dict[str, tuple[Isotropic, ...] | tuple[BiLevel, ...]]:
        first, second = ("negative", "support"), ("error", "risk", "negative-bi")
        return {**dict.fromkeys(first, self.isotropic), **dict.fromkeys(second, self.bi_level)}

    def _streams(self, index: int) -> Streams:
        """Streams of one problem: the seed takes turns, the draw's number tells problems and draws apart."""
        number, seed = divmod(self.draws.done, len(self.seeds))
        return streams(self.seeds[seed], 1 + number * (len(self.isotropic) + len(self.sizes)) + index)

    # ------------------------------------------------------------ what was drawn

    def drawn(self, column: str, problem: Isotropic | BiLevel, seed: int | None = None) -> Floats:
        """Return a column over the draws of a problem, (draws,): of all seeds, or of one by its place."""
        problems: tuple[Isotropic | BiLevel, ...] = self._columns()[column]
        return np.asarray(self.draws[column][slice(seed, None, None if seed is None else len(self.seeds)), problems.index(problem)])

    def positive(self, problem: Isotropic, seed: int | None = None) -> Floats:
        """The share of points whose dual is not negative, of each draw."""
        return 1 - self.drawn("negative", problem, seed) / problem.n

    def all_support(self, problem: Isotropic, seed: int | None = None) -> Floats:
        """Whether every point is a support vector, of each draw, as 1 and 0."""
        return np.asarray(self.drawn("negative", problem, seed) == 0, dtype=np.float64)

    def half_point(self, n: int, seed: int | None = None) -> float:
        """The least c from which half of the draws have support vectors alone, between two c by a straight line; nan where none has."""
        problems = [one for one in self.isotropic if one.n == n]
        share = np.array([values.mean() if len(values := self.all_support(one, seed)) else np.nan for one in problems])
        above = np.flatnonzero(share >= 0.5)
        if not len(above) or above[0] == 0:
            return np.nan
        place = int(above[0])
        low, high = share[place - 1 : place + 1]
        c = [one.c for one in problems]
        return float(c[place - 1] + (0.5 - low) / (high - low) * (c[place] - c[place - 1]))

    def half_theory(self, n: int) -> float:
        """The c at which half of all draws have support vectors alone, by theory."""
        return half_point(n)

    def law(self, n: int, c: Floats) -> tuple[Floats, Floats]:
        """Return the c at which d = c n ln n is at least n, and the expected negative duals there."""
        c = np.maximum(c, 1 / np.log(n))
        return c, negative_duals(n, np.maximum(n, c * n * np.log(n)))

    # ------------------------------------------------------------ which are told

    @property
    def anchor(self) -> Isotropic:
        """The isotropic problem that numbers are told of: the largest n, c nearest to 2."""
        return min((one for one in self.isotropic if one.n == self.sizes[-1]), key=lambda one: abs(one.c - ANCHOR))

    def curve(self, q: float) -> list[BiLevel]:
        """Return the bi-level problems of a q, by n."""
        return [one for one in self.bi_level if one.q == q]

    @property
    def shares(self) -> list[float]:
        """The values of q, ascending."""
        return sorted({one.q for one in self.bi_level})

    @property
    def chosen(self) -> float:
        """The q that numbers are told of: the middle one."""
        return self.shares[len(self.shares) // 2]

    def at(self, problem: BiLevel, n: int) -> BiLevel:
        """Return the same ensemble at another n."""
        return replace(problem, n=n)

    def theory(self, column: str, problem: BiLevel) -> float:
        """Return the theory of `error` or `risk`."""
        values = self.error_theory if column == "error" else self.risk_theory
        return float(values[self.bi_level.index(problem)])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Per isotropic problem: sv_n, sv_d, sv_expected (negative duals), draws_negative (draws, problems), draws_support of the least n.

        Per bi-level problem: bi_n, bi_q, error_theory, risk_theory, draws_error, draws_risk, draws_negative_bi (draws, problems).
        """
        isotropic, bi_level = np.array([(one.n, one.d) for one in self.isotropic]), np.array([(one.n, one.q) for one in self.bi_level])
        return {
            "sv_n": isotropic[:, 0], "sv_d": isotropic[:, 1], "sv_expected": self.expected, "bi_n": bi_level[:, 0], "bi_q": bi_level[:, 1],
            "error_theory": self.error_theory, "risk_theory": self.risk_theory,
            **{f"draws_{name.replace('-', '_')}": self.draws[name].copy() for name in self._columns()},
        }  # fmt: skip

    def luck(self, problem: Isotropic) -> float:
        """How rarely a Poisson count lies as far from the expected negative duals of all draws, on either side.

        Counts vary less than a Poisson variable of their mean, since one negative dual makes another less likely.
        """
        counts = self.drawn("negative", problem)
        total, mean = int(counts.sum()), self.expected[self.isotropic.index(problem)] * len(counts)
        return float(min(1.0, 2 * min(poisson.cdf(total, mean), poisson.sf(total - 1, mean))))
