"""Imported rows in place of drawn ones: what the sweep asks of a problem, with the rows that are not trained on for testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.regression import Order, Rows, draw_rows, entry_of, said
from engine.data.spectrum import own_spectrum
from engine.phenomena.interpolation_threshold.config import MOST, InterpolationThresholdConfig
from engine.seeds import Streams
from engine.theory.inputs import Floats


@dataclass(frozen=True)
class OwnProblem:
    """One draw of training rows, with its first d features in X (n, d); rows: all of it."""

    X: Floats
    rows: Rows

    def targets(self, d: int) -> Floats:
        """Return y (n,), the same whatever d is."""
        return self.rows.y

    def test_mse(self, w: Floats) -> float:
        """Return the mean squared error of weights (d,) on the test rows."""
        return float(np.mean((self.rows.X_test[:, : w.size] @ w - self.rows.y_test) ** 2))


@dataclass(frozen=True)
class OwnDesign:
    """What every draw of imported rows shares: which they are, and n of them to train on."""

    name: str
    sha256: str
    n: int
    order: Order

    def draw(self, streams: Streams, d: int) -> OwnProblem:
        """Return the draw of these streams on its first d features."""
        rows = draw_rows(self.name, self.sha256, self.n, self.order, streams.data)
        return OwnProblem(rows.X[:, :d], rows)


def own_in_words(config: InterpolationThresholdConfig) -> tuple[str, ...]:
    """Return what is to be said of imported rows, or of imported eigenvalues."""
    rows, most = entry_of(config.dataset), config.most_features()
    if rows is not None and most is not None:
        last = min(round(config.d_max * config.n), most)
        unknown = "no theory beside them: its laws are those of drawn rows"
        return unknown, said(rows, config.n, config.order, last)
    if not config.own_spectrum:
        return ()
    given = own_spectrum(config.spectrum, config.spectrum_sha256)
    zero = f", {given.zeros:,} of 0 left out" if given.zeros else ""
    cut = f", the first {MOST * config.n:,} of them taken" if given.eigenvalues.size > MOST * config.n else ""
    signal = "; its own signal: the first d coefficients at d" if given.target is not None else ""
    return (f"{given.name}: {given.eigenvalues.size:,} eigenvalues above 0 at their own scale, largest first{cut}{zero}{signal}",)
