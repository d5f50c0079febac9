"""What a run of multiple descent draws: rows added to one training set, the shortest fit and the best ridge at every number of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.headline import Known
from engine.interruption import checkpoint
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.multiple import figures, headline
from engine.phenomena.double_descent.multiple.problem import problem_of
from engine.phenomena.double_descent.study import DrawnStudy
from engine.seeds import streams
from engine.state import Draws
from engine.theory.inputs import Floats
from engine.theory.linear_models.sample_wise import Parts, bayes_ridge, directions, shortest


class MultipleDescent(DrawnStudy):
    """The draws of multiple descent; draw j is draw j // K of seed j mod K, K seeds.

    Attributes:
        draws: per draw unlearnt and noise, the parts of the shortest fit's risk, and tuned, the best ridge's risk, (k,) over `problem.n`;
            learnt, the share of each block that the shortest fit learns, (k, blocks).
    """

    def __init__(self, config: DoubleDescentConfig, seeds: tuple[int, ...]) -> None:
        self.config, self.seeds = config, seeds
        self.problem, self.notes = problem_of(config)
        k = self.problem.n.size
        shapes = {"unlearnt": (k,), "noise": (k,), "tuned": (k,), "learnt": (k, self.problem.ends.size)}
        self.draws = Draws(config.draws * len(seeds), shapes)
        self.notes = ("risks are exact given the inputs: means over weights and noise", *self.notes)
        self._theory = tuple(figures.theory(self.problem))
        self._pictures = (figures.picture(self.problem),)

    def pieces(self) -> Iterator[None]:
        """Draw training set after training set."""
        problem = self.problem
        while not self.draws.complete:
            number, seed = divmod(self.draws.done, len(self.seeds))
            data = streams(self.seeds[seed], number).data
            factor = np.zeros((0, problem.d))  # R of the rows so far, or the rows themselves
            before, row = 0, {name: list[Any]() for name in ("unlearnt", "noise", "tuned", "learnt")}
            for n in problem.n.tolist():
                rows = data.standard_normal((n - before, problem.d)) * np.sqrt(problem.eigenvalues)
                factor, before = _reduced(np.vstack([factor, rows])), n
                found = directions(factor, problem.eigenvalues)
                parts = shortest(found)
                row["unlearnt"].append(parts.unlearnt)
                row["noise"].append(parts.noise)
                row["tuned"].append(bayes_ridge(found, problem.tau2, problem.sigma2))
                row["learnt"].append(problem.by_block(found.learnt))
                checkpoint()
                yield
            self.draws.add({name: np.array(values, dtype=np.float64) for name, values in row.items()})
            yield

    # ------------------------------------------------------------ what was drawn

    def risks(self) -> Floats:
        """The shortest fit's test MSE of every draw, (draws, k)."""
        return Parts(self.draws["unlearnt"], self.draws["noise"]).risk(self.problem.tau2, self.problem.sigma2)

    def at_ends(self) -> Iterator[tuple[int, int]]:
        """The places in `problem.n` of each valley and of the end of the block behind it."""
        n = self.problem.n.tolist()
        for valley, end in zip(self.problem.valleys.tolist(), self.problem.ends.tolist(), strict=True):
            if valley:
                yield n.index(valley), n.index(end)

    def peaks(self, risks: Floats) -> list[int]:
        """The ends of blocks at which the median of risks (draws, k) stands above the lowest on either side, up to the next ends."""
        middle, n, ends = np.median(risks, axis=0), self.problem.n, self.problem.ends.tolist()
        found, before = [], 0
        for end, after in zip(ends, [*ends[1:], np.inf], strict=True):
            sides = [middle[(n > low) & (n < high)] for low, high in ((before, end), (end, after))]
            top = middle[n == end]
            if top.size and all(side.size and side.min() < top[0] for side in sides):
                found.append(int(end))
            before = end
        return found

    def measured(self) -> dict[str, Any]:
        """Return the number of draws, and the medians at d."""
        record: dict[str, Any] = {"draws": float(self.draws.done)}
        if self.draws.done:
            place = int(np.flatnonzero(self.problem.n == max(self.problem.d, 2))[0])
            record |= {"risk-at-d": float(np.median(self.risks()[:, place])), "tuned-at-d": float(np.median(self.draws["tuned"][:, place]))}
        return record

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return eigenvalues (d,), block_ends, n (k,), theory_n, risk_theory, tuned_theory (g,); of draws risk, tuned, learnt."""
        problem = self.problem
        found = {"eigenvalues": problem.eigenvalues, "block_ends": problem.ends, "n": problem.n, "theory_n": problem.shown}
        found |= {"risk_theory": problem.risk, "tuned_theory": problem.tuned}
        if self.draws.done:
            found |= {"risk": self.risks(), "tuned": self.draws["tuned"].copy(), "learnt": self.draws["learnt"].copy()}
        return found

    # ------------------------------------------------------------ what is shown

    def series(self) -> Iterable[Series]:
        """Theory, which no draw changes, and the draws."""
        yield from self._theory
        yield from figures.simulated(self)

    def pictures(self) -> tuple[Picture, ...]:
        """The spectrum beside what n samples tell apart."""
        return self._pictures

    def markers(self) -> Iterable[Marker]:
        """The ends of the blocks."""
        return figures.markers(self.problem)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline.clauses(self, known)


def _reduced(rows: Floats) -> Floats:
    """Rows (n, d), or R (d, d) of their QR factorisation where they are more than d: both have the same Gram matrix X^T X."""
    return rows if rows.shape[0] <= rows.shape[1] else np.asarray(np.linalg.qr(rows, mode="r"))
