"""What goes into a nested fit and what comes out: shapes checked once, curves that fill from the left.

Shapes: n samples, D features, m outputs, s test points, g numbers of features. See `nested` and `nested_ridge`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, require
from engine.theory.inputs import finite_matrix
from engine.theory.linear_models.held_out import HeldOut


@dataclass(frozen=True)
class NestedCurves:
    """What each number of features p (g,) costs; curves are (g, m), or (g,) for one-dimensional y. NaN where not yet reached.

    norm2: |w|^2. train_mse: mean squared residual; 0 where the fit interpolates. excess_risk: |w - b|^2, if b was given.
    noise_gain: (g,) the conditional variance of the excess risk per unit of label noise, tr (X_p^T X_p)^+ without ridge; the
    squared bias is the excess risk of the noiseless labels, which may go along as another output.
    test_mse: mean squared error per output on the test set; test_error: (g,) share of wrong signs or largest outputs.
    """

    p: Floats
    norm2: Floats
    train_mse: Floats
    noise_gain: Floats
    excess_risk: Floats | None = None
    test_mse: Floats | None = None
    test_error: Floats | None = None

    def single(self) -> NestedCurves:
        """Return views of single-output curves without the outputs' axis."""
        risk, mse = (None if curve is None else curve[:, 0] for curve in (self.excess_risk, self.test_mse))
        return replace(self, norm2=self.norm2[:, 0], train_mse=self.train_mse[:, 0], excess_risk=risk, test_mse=mse)


@dataclass(frozen=True)
class NestedProblem:
    """Checked data: X (n, D), Y (n, m), b (D, m) or None, test set or None; `flat` if y came without the outputs' axis."""

    X: Floats
    Y: Floats
    b: Floats | None
    test: HeldOut | None
    flat: bool

    def curves(self, p: Floats) -> NestedCurves:
        """Return curves over p (g,), all NaN, of every output."""
        g, m = p.size, self.Y.shape[1]

        def empty(*shape: int) -> Floats:
            return np.full((g, *shape), np.nan)

        tested = (None, None) if self.test is None else (empty(m), empty())
        return NestedCurves(p, empty(m), empty(m), empty(), None if self.b is None else empty(m), *tested)

    def shown(self, curves: NestedCurves) -> NestedCurves:
        """Return the curves in the shape that y came in; views, so that they fill with the original."""
        return curves.single() if self.flat else curves


def problem_of(X: ArrayLike, Y: ArrayLike, b: ArrayLike | None, test: tuple[ArrayLike, ArrayLike] | None) -> NestedProblem:
    """Check the data of a nested fit.

    Raises:
        ProblemError: fewer than 2 samples or features, shapes that do not match, or entries that are not finite.
    """
    features, targets = finite_matrix(X, "X"), _columns(Y, "Y")
    (n, D), m = features.shape, targets.shape[1]
    require(n >= 2 and D >= 2, f"a nested curve needs at least 2 samples and 2 features, got n={n}, D={D}")
    require(len(targets) == n, f"Y must have {n} rows, one per sample, got {len(targets)}")
    weights = None if b is None else _columns(b, "b")
    if weights is not None:
        require(weights.shape in ((D, 1), (D, m)), f"b must have shape ({D},) or ({D}, {m}), got {weights.shape}")
        weights = np.broadcast_to(weights, (D, m))
    points = None if test is None else HeldOut(finite_matrix(test[0], "the test X"), _columns(test[1], "the test Y"), D, m)
    return NestedProblem(features, targets, weights, points, np.ndim(Y) == 1)


def _columns(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    return finite_matrix(array[:, None] if array.ndim == 1 else array, name)
