"""Trains a PAC-Bayes posterior per arm and seed from the learnt network, then draws from it to certify the error.

Dziugaite, Roy 2017, arXiv:1703.11008, or an objective of Perez-Ortiz et al. 2021, arXiv:2007.12911, whose prior variance is
fixed. The error over N draws is their count of mistakes divided by N n; it is raised by its own inversion before the bound
is inverted. With a prior learnt on half of the data, n counts only the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.pac_bayes_objectives import Objective, Surrogate
from engine.phenomena.vacuous_bounds.pac_bayes_posterior import Learned, Posteriors, Rates
from engine.phenomena.vacuous_bounds.problem import Problem
from engine.seeds import streams
from engine.state import State
from engine.theory.bounds.pac_bayes import Certificate, certify_fixed, certify_posterior, gaussian_kl

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 100
ROOM = 2**22  # hidden activations of a chunk of draws
STEPS, DRAWS, PREVIEW = 1, 2, 3  # independent draws of a seed's streams
PREVIEWED = 20  # draws behind a certificate while the posterior is still being trained
Floats = NDArray[np.float64]


class Certifying:
    """Posteriors of all members and their Monte-Carlo errors; member `arm * seeds + seed`.

    Attributes:
        wrong: (members, 2) mistakes over the draws so far, on training and on test points.
        drawn: draws of the posteriors so far; steps: longest training; total: steps, then draws.
    """

    def __init__(
        self, problems: Sequence[Problem], seeds: Sequence[int], arms: Sequence[str], sizes: Sequence[int], start: NDArray[np.float32],
        centre: NDArray[np.float32], steps: Sequence[int], draws: int, delta: float, first: int, rates: Rates, objective: Objective,
        surrogate: Surrogate, device: str,
    ) -> None:  # fmt: skip
        import torch

        self.seeds, self.draws, self.delta, self.steps = tuple(seeds), draws, delta, max(steps)
        members = [(arm, seed) for arm in range(len(arms)) for seed in range(len(seeds))]
        self._source = [seed for _, seed in members]
        self._x = torch.from_numpy(np.stack([problem.x[first:] for problem in problems])).to(device)
        self._x_test = torch.from_numpy(np.stack([problem.x_test for problem in problems])).to(device)
        self._signs = _stack([problems[seed].signs[arms[arm]][first:] for arm, seed in members], device)
        self._test_signs = _stack([problems[seed].test_signs[arms[arm]] for arm, seed in members], device)
        self.n, self.n_test = self._x.shape[1], self._x_test.shape[1]
        source = np.array(self._source)
        learned = Learned(self._x, self._signs, source, source)
        generators = [streams(seed, STEPS).order for seed in seeds]
        each = [steps[arm] for arm, _ in members]
        self.posteriors = Posteriors(
            sizes, learned, start.astype(np.float64), centre.astype(np.float64), generators, each, delta, BATCH, rates, objective,
            surrogate,
        )  # fmt: skip
        self._draws = [streams(seed, DRAWS).noise for seed in seeds]
        self._chunk = max(1, ROOM // (max(self.n, self.n_test) * max(sizes[1:])))
        self.drawn, self._wrong = 0, torch.zeros(len(members), 2, dtype=torch.int64, device=device)

    @property
    def total(self) -> int:
        """Steps and draws."""
        return self.steps + self.draws

    @property
    def taken(self) -> int:
        """Steps taken and draws made."""
        return self.posteriors.taken + self.drawn

    @property
    def wrong(self) -> Floats:
        """Mistakes over the draws so far, (members, 2): on training and on test points."""
        return np.asarray(self._wrong.cpu().numpy(), dtype=np.float64)

    def advance(self, target: int, deadline: float) -> None:
        """Train, then draw, until the deadline, at most to `target` steps and draws together."""
        while self.taken < min(target, self.total):
            if self.posteriors.taken < self.steps:
                self.posteriors.step()
            else:
                count = min(self._chunk, min(target, self.total) - self.taken)
                self._wrong += self._count(count, self._draws)
                self.drawn += count
            if perf_counter() >= deadline:
                return

    def _count(self, count: int, generators: Sequence[np.random.Generator]) -> Tensor:
        """Mistakes over some draws, (members, 2); members of one seed share the draws."""
        import torch

        shape = (count, self.posteriors.mean.shape[1])
        noises = [torch.from_numpy(rng.standard_normal(shape, dtype=np.float32)).to(self._x) for rng in generators]
        rows = []
        for member, source in enumerate(self._source):
            train = self.posteriors.errors(member, noises[source], self._x[source], self._signs[member]).sum()
            test = self.posteriors.errors(member, noises[source], self._x_test[source], self._test_signs[member]).sum()
            rows.append(torch.stack([train, test]))
        return torch.stack(rows)

    def certificates(self) -> tuple[list[Certificate], Floats]:
        """Return every member's certificate from the draws so far, or from a few fresh ones while training, and test errors."""
        draws, wrong = self.drawn, self.wrong
        if not draws:
            draws = min(PREVIEWED, self.draws)
            wrong = self._count(draws, [streams(seed, PREVIEW).noise for seed in self.seeds]).cpu().numpy().astype(np.float64)
        risks = wrong / (draws * np.array([self.n, self.n_test]))
        return [self._certificate(member, float(risk), draws) for member, risk in enumerate(risks[:, 0])], risks[:, 1]

    def _certificate(self, member: int, risk: float, draws: int) -> Certificate:
        """A member's certificate; only a prior variance that was trained pays for its place on the grid."""
        w, s, w0, prior = self.posteriors.posterior(member)
        if self.posteriors.objective == "dziugaite-roy":
            return certify_posterior(risk, w, s, w0, prior, self.n, draws=draws, delta=self.delta)
        return certify_fixed(risk, gaussian_kl(w, s, w0, prior), self.n, prior, draws=draws, delta=self.delta)

    def state(self) -> State:
        """Return the posteriors' state and the counts."""
        inner = self.posteriors.state()
        scalars = {"posteriors": inner.scalars, "drawn": self.drawn, "draws": [rng.bit_generator.state for rng in self._draws]}
        return State({**inner.arrays, "wrong": self._wrong.cpu().numpy()}, scalars)

    def restore(self, state: State) -> None:
        """Go on from a state."""
        import torch

        self.posteriors.restore(State(state.arrays, state.scalars["posteriors"]))
        self.drawn = state.scalars["drawn"]
        self._wrong.copy_(torch.from_numpy(state.arrays["wrong"]))
        for rng, position in zip(self._draws, state.scalars["draws"], strict=True):
            rng.bit_generator.state = position


def _stack(arrays: Sequence[NDArray[np.float32]], device: str) -> Tensor:
    import torch

    return torch.from_numpy(np.stack(arrays)).to(device)
