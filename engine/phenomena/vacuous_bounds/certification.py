"""Trains a PAC-Bayes posterior for every network from its learnt weights, then draws from it to certify the error.

Dziugaite, Roy 2017, arXiv:1703.11008, or an objective of Perez-Ortiz et al. 2021, arXiv:2007.12911, whose prior variance is
fixed. The error over N draws is their count of mistakes divided by N n; it is raised by its own inversion before the bound
is inverted. With a prior learnt on half of the data, n counts only the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phenomena.vacuous_bounds.config import VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.pac_bayes_posterior import Posteriors
from engine.phenomena.vacuous_bounds.problem import Problem
from engine.seeds import streams
from engine.state import State
from engine.theory.bounds.pac_bayes import Certificate, certify_fixed, certify_posterior, gaussian_kl
from engine.training.ensemble import TrainingSet

BATCH = 100
ROOM = 2**22  # hidden activations of a chunk of draws
STEPS, DRAWS, PREVIEW = 1, 2, 3  # independent draws of a seed's streams
PREVIEWED = 20  # draws behind a certificate while the posterior is still being trained
Floats = NDArray[np.float64]


class Certification:
    """The posteriors of all networks and their Monte-Carlo errors.

    Args:
        config: knobs.
        problems: data by seed, of which the posterior sees what comes after the first `seen` points.
        seeds: one per problem.
        means: of posteriors and priors before `begin` says others, (networks, P).
        seen: training points that made the prior.
        device: where the posteriors are trained.

    Attributes:
        drawn: draws of the posteriors so far; steps: longest training; total: steps, then draws.
    """

    def __init__(
        self, config: VacuousBoundsConfig, problems: Sequence[Problem], seeds: Sequence[int], means: NDArray[np.float32],
        seen: int, device: str,
    ) -> None:  # fmt: skip
        def on_device(arrays: Sequence[NDArray[np.float32]]) -> Tensor:
            return torch.from_numpy(np.stack(arrays)).to(device)

        each = [(condition.name, problem) for condition in config.conditions for problem in problems]
        self.seeds, self.draws, self.delta = tuple(seeds), config.mc, config.delta
        self._source = np.tile(np.arange(len(seeds)), len(config.conditions))
        self._x, self._x_test = on_device([problem.x[seen:] for problem in problems]), on_device([problem.x_test for problem in problems])
        self._signs = on_device([problem.signs[name][seen:] for name, problem in each])
        self._test_signs = on_device([problem.test_signs[name] for name, problem in each])
        self.n, self.n_test = self._x.shape[1], self._x_test.shape[1]
        self.posteriors = Posteriors(
            config.sizes, TrainingSet(self._x, self._signs[:, :, None], self._source, self._source), means, means,
            [streams(seed, STEPS).order for seed in seeds], [config.steps_in(condition) for condition in config.conditions for _ in seeds],
            config.delta, BATCH, config.objective, config.surrogate, config.training,
        )  # fmt: skip
        self.steps = int(self.posteriors.steps.max())
        self.total = self.steps + self.draws
        self._draws = [streams(seed, DRAWS).noise for seed in seeds]
        self._chunk = max(1, ROOM // (max(self.n, self.n_test) * max(config.sizes[1:])))
        self.drawn, self._wrong = 0, torch.zeros(len(each), 2, dtype=torch.int64, device=device)

    @property
    def taken(self) -> int:
        """Steps taken and draws made."""
        return self.posteriors.taken + self.drawn

    def begin(self, start: NDArray[np.float32], centre: NDArray[np.float32]) -> None:
        """Set the first means of the posteriors and the means of the priors, (networks, P)."""
        self.posteriors.begin(start, centre)

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
        """Mistakes over some draws, (networks, 2), on training and on test points; networks of one seed share the draws."""
        shape = (count, self.posteriors.mean.shape[1])
        noises = [torch.from_numpy(rng.standard_normal(shape, dtype=np.float32)).to(self._x) for rng in generators]
        rows = []
        for network, source in enumerate(self._source):
            train = self.posteriors.errors(network, noises[source], self._x[source], self._signs[network]).sum()
            test = self.posteriors.errors(network, noises[source], self._x_test[source], self._test_signs[network]).sum()
            rows.append(torch.stack([train, test]))
        return torch.stack(rows)

    def certificates(self) -> tuple[list[Certificate], Floats]:
        """Return every network's certificate from the draws so far, or from a few fresh ones while training, and test errors."""
        draws, wrong = self.drawn, self._wrong
        if not draws:
            draws = min(PREVIEWED, self.draws)
            wrong = self._count(draws, [streams(seed, PREVIEW).noise for seed in self.seeds])
        risks = wrong.cpu().numpy().astype(np.float64) / (draws * np.array([self.n, self.n_test]))
        return [self._certificate(network, float(risk), draws) for network, risk in enumerate(risks[:, 0])], risks[:, 1]

    def _certificate(self, network: int, risk: float, draws: int) -> Certificate:
        """A network's certificate; only a prior variance that was trained pays for its place on the grid."""
        w, s, w0, prior = self.posteriors.posterior(network)
        if self.posteriors.objective == "dziugaite-roy":
            return certify_posterior(risk, w, s, w0, prior, self.n, draws=draws, delta=self.delta)
        return certify_fixed(risk, gaussian_kl(w, s, w0, prior), self.n, prior, draws=draws, delta=self.delta)

    def state(self) -> State:
        """Return the posteriors' state and the counts."""
        positions = [rng.bit_generator.state for rng in self._draws]
        counts = State({"wrong": self._wrong.cpu().numpy()}, {"drawn": self.drawn, "draws": positions})
        return State.of({"posteriors": self.posteriors.state(), "counts": counts})

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.posteriors.restore(state.part("posteriors"))
        counts = state.part("counts")
        self.drawn = counts.scalars["drawn"]
        self._wrong.copy_(torch.from_numpy(counts.arrays["wrong"]))
        for rng, position in zip(self._draws, counts.scalars["draws"], strict=True):
            rng.bit_generator.state = position
