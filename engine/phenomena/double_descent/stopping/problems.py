"""The problems of early stopping: spectra of mean 1, the times of their paths, and plain draws beside the formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.study import own_eigenvalues
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.early_stopping import best_time
from engine.theory.spectra.spectra import isotropic, power

TIMES = np.logspace(-5, 5, 401)
TENTHS = (0.1, 1.0, 10.0)  # of the best time, at which problems are held against draws in turns
BATCH = 500  # draws made at once


@dataclass(frozen=True)
class Problem:
    """One covariance. kind: flat, power or own; eigenvalues: (d,) of mean 1; times: (k,) with the best one among them, if there is one.

    tau2: variance of a weight, r2/tr Lam = r2/d, so that the signal has variance r2; sigma2: of the noise.
    """

    kind: str
    label: str
    eigenvalues: Floats
    tau2: float
    sigma2: float
    times: Floats

    @property
    def d(self) -> int:
        """Features."""
        return int(self.eigenvalues.size)

    @property
    def name(self) -> str:
        """Its key."""
        return f"{self.kind}-d{self.d}"

    @property
    def best(self) -> float:
        """One over the best penalty; infinite without noise, 0 without signal."""
        return best_time(self.tau2, self.sigma2)

    def rows(self, n: int, streams: Streams) -> Floats:
        """Return the n rows of a draw, (n, d)."""
        return np.asarray(streams.data.standard_normal((n, self.d)) * np.sqrt(self.eigenvalues))


def problems_of(config: DoubleDescentConfig) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Return every spectrum in every dimension, the chosen spectrum first, and what is to be said of an imported one.

    Raises:
        DataError: an imported spectrum is gone or has another content.
    """
    sizes = sorted(set(config.sizes))
    if config.own_spectrum:
        eigenvalues, said = own_eigenvalues(config, sizes[-1])
        sizes = sorted({min(d, eigenvalues.size) for d in sizes})
        return tuple(_problem(config, "own", config.spectrum, eigenvalues[:d]) for d in sizes), (said,)
    flat = [_problem(config, "flat", "isotropic", isotropic(d)) for d in sizes]
    falling = [_problem(config, "power", f"k^-{config.decay:g}", power(d, config.decay)) for d in sizes]
    return tuple([*flat, *falling] if config.spectrum == "isotropic" else [*falling, *flat]), ()


def _problem(config: DoubleDescentConfig, kind: str, label: str, eigenvalues: Floats) -> Problem:
    tau2, sigma2 = config.r2 / eigenvalues.size, config.sigma**2
    best = best_time(tau2, sigma2)
    times = np.unique(np.append(TIMES, best)) if 0 < best < np.inf else TIMES
    return Problem(kind, label, eigenvalues / eigenvalues.mean(), tau2, sigma2, times)


def plain_risks(X: Floats, problem: Problem, time: float, draws: int, streams: Streams) -> tuple[Floats, Floats]:
    """Return the risks of flow at a time and of ridge of one over it, (draws,) each, of drawn weights and noise.

    Flow is the exponential of its differential equation, dw/dt = X^T y - X^T X w, ridge a solve: no singular values.
    """
    n, d = X.shape
    gram = X.T @ X
    generator = np.block([[-gram, np.eye(d)], [np.zeros((d, 2 * d))]])
    flow = expm(time * generator)[:d, d:]  # the integral of exp(-s X^T X) from 0 to the time
    ridge = np.linalg.inv(gram + np.eye(d) / time)
    found: list[tuple[Floats, Floats]] = []
    for first in range(0, draws, BATCH):
        count = min(BATCH, draws - first)
        w = np.sqrt(problem.tau2) * streams.init.standard_normal((count, d))
        y = w @ X.T + np.sqrt(problem.sigma2) * streams.noise.standard_normal((count, n))
        errors = [(y @ X) @ solve.T - w for solve in (flow, ridge)]
        found.append((errors[0] ** 2 @ problem.eigenvalues, errors[1] ** 2 @ problem.eigenvalues))
    flows, ridges = zip(*found, strict=True)
    return np.concatenate(flows), np.concatenate(ridges)
