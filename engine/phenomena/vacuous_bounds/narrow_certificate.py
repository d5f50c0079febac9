"""A PAC-Bayes certificate that is nearly tight: a narrow Gaussian around weights learnt on half of the data, certified on the rest.

Posterior and prior are one law, so KL = 0 and the certificate is above the error only by what two inversions cost: over the draws,
and over the points that the prior has not seen (Perez-Ortiz et al. 2021, arXiv:2007.12911, with `certify_fixed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phenomena.vacuous_bounds.config import TRUE, VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.pac_bayes_posterior import errors_of_draws
from engine.phenomena.vacuous_bounds.problem import Problem
from engine.phenomena.vacuous_bounds.sgd_training import SGDTraining
from engine.seeds import streams
from engine.state import State
from engine.theory.bounds.pac_bayes import Certificate, certify_fixed

DEVIATION = 0.01  # of posterior and prior, fixed beforehand: a quarter of the first weights'
ROOM = 2**22  # hidden activations of a chunk of draws
DRAWS = 7  # independent draw of a seed's streams


class NarrowCertification:
    """One network a seed on the first half of its true labels, and draws around it.

    Attributes:
        total: steps of SGD, then draws; drawn: draws so far.
    """

    def __init__(self, config: VacuousBoundsConfig, problems: Sequence[Problem], seeds: Sequence[int], device: str) -> None:
        seen = config.n // 2
        self.sgd = SGDTraining(config, [problem.first(seen) for problem in problems], seeds, device, (TRUE,))
        self._points = [_on(device, problem.x[seen:], problem.signs[TRUE.name][seen:]) for problem in problems]
        self._tests = [_on(device, problem.x_test, problem.test_signs[TRUE.name]) for problem in problems]
        self.sizes, self.draws, self.delta = config.sizes, config.mc, config.delta
        self.total = self.sgd.total + self.draws
        self._generators = [streams(seed, DRAWS).noise for seed in seeds]
        most = max(len(points[0]) for points in (*self._points, *self._tests))
        self._chunk = max(1, ROOM // (most * max(config.sizes[1:])))
        self.drawn, self._wrong = 0, torch.zeros(len(seeds), 2, dtype=torch.int64, device=device)

    @property
    def taken(self) -> int:
        """Steps taken and draws made."""
        return self.sgd.taken + self.drawn

    def advance(self, target: int, deadline: float) -> None:
        """Train, then draw, until the deadline, at most to `target` steps and draws together."""
        while self.taken < min(target, self.total):
            if self.sgd.taken < self.sgd.total:
                self.sgd.advance(target, deadline)
            else:
                count = min(self._chunk, min(target, self.total) - self.taken)
                self._wrong += self._count(count)
                self.drawn += count
            if perf_counter() >= deadline:
                return

    def _count(self, count: int) -> Tensor:
        """Mistakes over some draws, (seeds, 2), on the points that were not learnt and on test points."""
        rows = []
        for place, means in enumerate(self.sgd.weights):
            noise = self._generators[place].standard_normal((count, len(means)), dtype=np.float32)
            weights = torch.from_numpy(means + np.float32(DEVIATION) * noise).to(self._points[place][0])
            rows.append(torch.stack([errors_of_draws(self.sizes, weights, *points[place]).sum() for points in (self._points, self._tests)]))
        return torch.stack(rows)

    def certificates(self) -> tuple[list[Certificate], NDArray[np.float64]]:
        """Return every seed's certificate once all draws are made, and the errors of the same draws on test points."""
        points, tests = len(self._points[0][0]), len(self._tests[0][0])
        risks = self._wrong.cpu().numpy() / (self.drawn * np.array([points, tests]))
        each = [certify_fixed(float(risk), 0.0, points, DEVIATION**2, draws=self.drawn, delta=self.delta) for risk in risks[:, 0]]
        return each, risks[:, 1]

    def state(self) -> State:
        """Return the network's state and the counts."""
        positions = [rng.bit_generator.state for rng in self._generators]
        counts = State({"wrong": self._wrong.cpu().numpy()}, {"drawn": self.drawn, "draws": positions})
        return State.of({"sgd": self.sgd.state(), "counts": counts})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned."""
        self.sgd.restore(state.part("sgd"))
        counts = state.part("counts")
        self.drawn = counts.scalars["drawn"]
        self._wrong.copy_(torch.from_numpy(counts.arrays["wrong"]))
        for rng, position in zip(self._generators, counts.scalars["draws"], strict=True):
            rng.bit_generator.state = position


def _on(device: str, x: NDArray[np.float32], signs: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(x).to(device), torch.from_numpy(signs).to(device)
