"""Imported data in the main curve: rows with nested features, or the eigenvalues of Gaussian ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.data.regression import Order, draw_rows, entry_of, said
from engine.data.spectrum import own_spectrum
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.gaussian import Anisotropic, weights
from engine.phenomena.double_descent.model import Draw, Prediction, Whole, rungs
from engine.seeds import Streams
from engine.theory.inputs import Floats, require
from engine.theory.linear_models.nested_curves import NestedCurves


@dataclass(frozen=True)
class OwnRows:
    """n imported rows with D features, the constant among them, judged on rows that are not trained on."""

    n: int
    D: int
    name: str
    sha256: str
    order: Order
    quantities: ClassVar[tuple[str, ...]] = ("test", "norm")
    cheap: ClassVar[bool] = False

    def draw(self, streams: Streams) -> Draw:
        """Return a draw of training and test rows.

        Raises:
            DataError: the rows are gone or have another content.
            ProblemError: fewer than n columns are independent on the training rows.
        """
        rows = draw_rows(self.name, self.sha256, self.n, self.order, streams.data).of_full_rank(self.name)
        return Draw(rows.X[:, : self.D], rows.y[:, None], None, (rows.X_test[:, : self.D], rows.y_test[:, None]), 1)

    def read(self, curves: NestedCurves) -> Mapping[str, Floats]:
        """Return test MSE and |w|^2."""
        assert curves.test_mse is not None  # a draw of this model has test rows
        return {"test": curves.test_mse[:, 0], "norm": curves.norm2[:, 0]}

    def predict(self, p: Whole, ridge: Floats | None = None) -> Prediction | None:
        """There is no theory of rows whose law nobody knows."""
        return None

    def ladder(self, p: Whole) -> Floats:
        """Return the ridges tried, (L, k)."""
        return rungs(self.n, p.size)


def own_rows(config: DoubleDescentConfig) -> OwnRows:
    """Return the model of imported rows."""
    return OwnRows(config.n, config.most, config.dataset, config.dataset_sha256, config.order)


def own_covariance(config: DoubleDescentConfig) -> Anisotropic:
    """Return Gaussian features of imported variances, at their own scale, with the imported signal or that of the profile.

    Raises:
        DataError: the spectrum is gone or has another content.
        ProblemError: it has fewer than n eigenvalues above 0, or neither noise nor signal is left.
    """
    given = own_spectrum(config.spectrum, config.spectrum_sha256)
    D = min(config.most, given.eigenvalues.size)
    require(config.n <= D, f"{given.name} has {D:,} eigenvalues above 0, too few to reach p = n = {config.n:,}", "lower n")
    b = weights(config.profile, D, config.r2, config.head_k, config.head_share) if given.target is None else given.target[:D]
    require(bool(config.sigma > 0 or np.any(b != 0)), f"the signal of {given.name} and sigma are both 0", "raise sigma")
    return Anisotropic(config.n, b, config.sigma, given.eigenvalues[:D])


def own_in_words(config: DoubleDescentConfig) -> tuple[str, ...]:
    """Return what is to be said of imported data."""
    rows = entry_of(config.dataset)
    if rows is not None:
        return (said(rows, config.n, config.order, config.most),)
    if not config.own_spectrum:
        return ()
    given = own_spectrum(config.spectrum, config.spectrum_sha256)
    count = given.eigenvalues.size
    zero = f", {given.zeros:,} of 0 left out" if given.zeros else ""
    cut = f", the first {config.most:,} of them taken" if count > config.most else ""
    signal = "its own signal" if given.target is not None else f"profile {config.profile}"
    return (f"{given.name}: {count:,} eigenvalues above 0 at their own scale, largest first{cut}{zero}; {signal}",)
