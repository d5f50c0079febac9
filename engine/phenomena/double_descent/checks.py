"""Two checks beside the curves: the fast path against a solver that shares no code with it, and noise under any covariance."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from engine.phenomena.double_descent.curves import pieces
from engine.phenomena.double_descent.model import Draw, Model, Whole
from engine.seeds import Streams, streams
from engine.state import State
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested import nested_steps
from engine.theory.linear_models.nested_curves import NestedCurves
from engine.theory.spectra.deterministic_equivalent import equivalent
from engine.theory.spectra.spectra import exponential, isotropic, power

SOLVES = 20
"""Sizes at which `numpy.linalg.lstsq` is called."""

NOTHING = 1e-3
"""Share of the targets' variance that smaller risks are compared with: that of noiseless targets within the span is rounding."""

NOISE_N, NOISE_P, NOISE_BEYOND, NOISE_DRAWS = 60, 40, 120, 400
"""Samples, features below and beyond the threshold, and draws of the noise check."""


def solved_sizes(n: int, D: int) -> Whole:
    """Return 20 values of p (or all of them), (k,): n-1, n, n+1 and the middles of equal stretches of 1..D."""
    around = [p for p in (n - 1, n, n + 1) if 1 <= p <= D]
    middles = ((np.arange(SOLVES - len(around)) + 0.5) * D / (SOLVES - len(around))).astype(np.int64) + 1
    return np.unique(np.r_[around, np.minimum(middles, D)].astype(np.int64))


def against_lstsq(draw: Draw, curves: NestedCurves) -> Generator[None, None, float]:
    """Return the largest relative difference of |w|^2 and of the risk, over `solved_sizes` and the main outputs but pure noise."""
    worst, scale = 0.0, float(np.var(draw.Y))
    outputs = 2 if draw.main == 3 else draw.main
    for p in solved_sizes(*draw.X.shape):
        w = np.linalg.lstsq(draw.X[:, :p], draw.Y[:, :outputs], rcond=None)[0]
        pairs = [(curves.norm2[p, :outputs], (w**2).sum(0))]
        if draw.b is not None and curves.excess_risk is not None:
            b = draw.b[:, :outputs]
            pairs.append((curves.excess_risk[p, :outputs], ((w - b[:p]) ** 2).sum(0) + (b[p:] ** 2).sum(0)))
        elif draw.test is not None and curves.test_mse is not None:
            X, Y = draw.test
            pairs.append((curves.test_mse[p, :outputs], ((X[:, :p] @ w - Y[:, :outputs]) ** 2).mean(0)))
        worst = max(worst, *(relative(found, solved, NOTHING * scale) for found, solved in pairs))
        yield
    return worst


def relative(found: Floats, solved: Floats, least: float) -> float:
    """Return the largest difference of two vectors of numbers >= 0, relative to the largest of the second, or to `least`."""
    return float(np.abs(found - solved).max()) / max(float(np.abs(solved).max()), least)


def noise_spectra(p: int) -> dict[str, Floats]:
    """Return three covariance spectra, (p,) each: flat, a power law and an exponential one."""
    return {"isotropic": isotropic(p), "power law": power(p, 1.0), "exponential": exponential(p, p / 4)}


def noise_beyond() -> dict[str, float]:
    """Return the error per unit of noise beyond the threshold, E0 - 1 of the deterministic equivalent, by spectrum."""
    spectra = noise_spectra(NOISE_BEYOND).items()
    return {name: float(equivalent(values, NOISE_N).E0[0]) - 1 for name, values in spectra}


def noise_errors(streams: Streams) -> Floats:
    """Return the error per unit of noise, |Sigma^(1/2) X^+|^2, (6, draws): below the threshold by spectrum, then beyond; draws apart."""
    found = []
    for p in (NOISE_P, NOISE_BEYOND):
        for eigenvalues in noise_spectra(p).values():
            X = streams.data.standard_normal((NOISE_DRAWS, NOISE_N, p)) * np.sqrt(eigenvalues)
            transposed = X.transpose(0, 2, 1)
            if p < NOISE_N:
                inverse = np.linalg.inv(transposed @ X)  # (draws, p, p)
                found.append(np.einsum("kii,i->k", inverse, eigenvalues))
            else:
                weights = np.linalg.solve(X @ transposed, X)  # (draws, n, p): the pseudoinverse, transposed
                found.append(np.einsum("knp,knp,p->k", weights, weights, eigenvalues))
    return np.array(found)


class Checks:
    """What both checks found.

    Attributes:
        disagreement: of the fast path from lstsq on the first draw, once known. condition: s_max/s_min of its first n features.
        noise: (6, draws) errors of the noise check, once known.
    """

    def __init__(self) -> None:
        self.disagreement: float | None = None
        self.condition: float | None = None
        self.noise: Floats | None = None

    def work(self, model: Model, seed: int) -> Generator[None, None, None]:
        """Make both, in pieces."""
        yield
        self.noise = noise_errors(streams(seed))
        yield
        draw = model.draw(streams(seed))
        curves = yield from pieces(nested_steps(draw.X, draw.Y, draw.b, draw.test))
        self.condition = float(np.linalg.cond(draw.X[:, : model.n]))
        self.disagreement = yield from against_lstsq(draw, curves)

    def state(self) -> State:
        """Return what is known."""
        return State({} if self.noise is None else {"noise": self.noise}, {"disagreement": self.disagreement, "condition": self.condition})

    def restore(self, state: State) -> None:
        """Take up what `state` returned."""
        self.noise, self.disagreement = state.arrays.get("noise"), state.scalars["disagreement"]
        self.condition = state.scalars.get("condition")
