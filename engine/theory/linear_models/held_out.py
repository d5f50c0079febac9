"""Test error of nested fits: predictions carried from p to p + 1 by one outer product each.

A prediction is linear in the weights, so it moves with the same steps as they do (see `nested`, `whitener`). With
H = X_test,p X_p^T M^T (s, n), predictions at p are H t, t = M Y; each column appended in a block changes them by an outer
product of the rows of (H W - Z_test) L^-T with L^-1 W^T t, and H follows by matrix products.

Shapes: s test points, m outputs, B columns of a block.
"""

from __future__ import annotations

import numpy as np

from engine.theory.conditions import Floats, require
from engine.theory.linear_models.whitener import Block


class HeldOut:
    """Test points X (s, D) with targets Y (s, m), and what their predictions need from one block to the next."""

    def __init__(self, X: Floats, Y: Floats, D: int, m: int) -> None:
        require(X.shape[1] == D, f"the test X must have {D} features, got {X.shape[1]}")
        require(Y.shape == (len(X), m), f"the test Y must have shape ({len(X)}, {m}), got {Y.shape}")
        self.X, self.Y = X, Y
        self.labels = Y.argmax(1) if m > 1 else Y[:, 0] > 0
        self.smoother = np.empty((0, 0))  # (s, n) H: predictions per whitened target

    def least_squares(self, inverse: Floats, c: Floats) -> tuple[Floats, Floats]:
        """Return (mse (k+1, m), error (k+1,)) of p = 0..k columns, from R^-1 (k, k) and Q^T Y (k, m)."""
        directions = self.X[:, : len(c)] @ inverse
        return self._along(np.zeros_like(self.Y), directions, c)

    def interpolation(self, block: Block, X: Floats, t: Floats, a: Floats) -> tuple[Floats, Floats]:
        """Return (mse (count, m), error (count,)) of a block's fits: X (n, D), t = M Y (n, m), a = L^-1 W^T t (B, m)."""
        if block.fresh:
            self.smoother = (self.X[:, : block.p] @ X[:, : block.p].T) @ block.whitener.T
        columns = self.X[:, block.p : block.p + block.columns.shape[1]]
        turned = (self.smoother @ block.whitened - columns) @ block.inverse.T  # (s, B)
        results = self._along(self.smoother @ t, -turned[:, :-1], a[:-1])
        lead = np.linalg.inv(np.eye(len(block.factor)) + block.factor)
        self.smoother = self.smoother + ((columns - turned) @ lead) @ block.whitened.T
        return results

    def _along(self, predictions: Floats, directions: Floats, steps: Floats) -> tuple[Floats, Floats]:
        """Return the errors of predictions (s, m) and after each outer product of directions (s, k) and steps (k, m)."""
        count = len(steps) + 1
        mse, error = np.empty((count, self.Y.shape[1])), np.empty(count)
        for i in range(count):
            if i:
                predictions += directions[:, i - 1, None] * steps[i - 1]
            mse[i], error[i] = self.errors(predictions)
        return mse, error

    def errors(self, predictions: Floats) -> tuple[Floats, float]:
        """Return (mse (m,), share of wrong signs or largest outputs) of predictions (s, m)."""
        missed = predictions - self.Y
        guess = predictions.argmax(1) if self.Y.shape[1] > 1 else predictions[:, 0] > 0
        return np.einsum("ij,ij->j", missed, missed) / len(missed), float((guess != self.labels).mean())
