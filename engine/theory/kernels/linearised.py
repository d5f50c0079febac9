"""Training of a network linearised around its start, in closed form at any time: the alpha -> infinity limit of lazy training.

With tangent kernel K(X, X) = Q diag(lambda) Q^T, residual r0 = y - f0(X), and gradient descent of step eta on the
half-squared loss summed over points, `f_t(x) = f0(x) + K(x, X) c_t`, `c_t = Q diag((1 - (1 - eta lambda)^t)/lambda) Q^T r0`;
gradient flow has `exp(-lambda t)` instead. Jacot, Gabriel, Hongler 2018, arXiv:1806.07572; Chizat, Oyallon, Bach 2019,
arXiv:1812.07956: at output scale alpha the weights move by `sqrt(c^T K c)/alpha` while f stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.interruption import checkpoint
from engine.telling import tell
from engine.theory.conditions import Floats, number, require
from engine.theory.quantities import finite


@dataclass(frozen=True)
class Linearised:
    """The eigenproblem of a tangent kernel with the residual at the start.

    `times` are whole steps of gradient descent of step `step`, or times of gradient flow when step is None; infinity gives
    the limit, the minimum-norm solution `K(x, X) K(X, X)^+ r0`.

    eigenvalues: (n,) ascending, 0 where below rounding; eigenvectors: (n, n), in columns; residual: `y - f0(X)`, (n,).
    """

    eigenvalues: Floats
    eigenvectors: Floats
    residual: Floats

    @property
    def largest(self) -> float:
        """lambda_max; gradient descent converges for steps below 2/lambda_max."""
        return float(self.eigenvalues[-1])

    def coefficients(self, times: ArrayLike, step: float | None = None) -> Floats:
        """Return c_t, (T, n).

        Raises:
            ProblemError: negative or (with a step) broken times, a step outside (0, 2/lambda_max).
        """
        return np.asarray((self._gains(times, step) * self._projected) @ self.eigenvectors.T)

    def residuals(self, times: ArrayLike, step: float | None = None) -> Floats:
        """Return `y - f_t(X)`, (T, n).

        Raises:
            ProblemError: as `coefficients`.
        """
        left = 1 - self.eigenvalues * self._gains(times, step)
        return np.asarray((left * self._projected) @ self.eigenvectors.T)

    def predictions(self, cross: ArrayLike, times: ArrayLike, step: float | None = None, start: ArrayLike = 0.0) -> Floats:
        """Return f_t on other points, (T, n').

        Args:
            cross: K(x, X), (n', n).
            times: (T,).
            step: eta, or None for gradient flow.
            start: f0 on these points, (n',) or a number.

        Raises:
            ProblemError: as `coefficients`; a cross kernel with another number of columns than n.
        """
        kernel = finite("the cross kernel", cross)
        n = self.residual.size
        require(kernel.ndim == 2 and kernel.shape[1] == n, f"the cross kernel must have shape (points, {n}), got {kernel.shape}")
        return np.asarray(finite("f0", start) + self.coefficients(times, step) @ kernel.T)

    def displacement(self, times: ArrayLike, step: float | None = None) -> Floats:
        """Return `alpha |w_t - w_0| = sqrt(c_t^T K c_t)`, (T,): the length of the way at output scale 1.

        Raises:
            ProblemError: as `coefficients`.
        """
        return np.asarray(np.linalg.norm(np.sqrt(self.eigenvalues) * self._gains(times, step) * self._projected, axis=-1))

    @property
    def _projected(self) -> Floats:
        return np.asarray(self.eigenvectors.T @ self.residual)

    def _gains(self, times: ArrayLike, step: float | None) -> Floats:
        """(1 - remaining share)/lambda, (T, n). Directions of eigenvalue 0 get 0: no kernel column and no weight sees them."""
        clock = np.asarray(times, dtype=np.float64).reshape(-1, 1)
        require(bool(np.all(clock >= 0)), f"times must be 0 or more, got {float(np.min(clock)):g}")
        rates = np.where(self.eigenvalues > 0, self.eigenvalues, 1.0)
        covered = -np.expm1(-rates * clock) if step is None else _covered(number("the step", step, above=0), rates, clock, self.largest)
        return np.asarray(np.where(self.eigenvalues > 0, covered / rates, 0.0))


def linearise(kernel: ArrayLike, residual: ArrayLike) -> Linearised:
    """Return the linearised training problem of a kernel on its training points.

    Args:
        kernel: K(X, X), (n, n), symmetric, positive semidefinite up to rounding.
        residual: `y - f0(X)`, (n,): the targets where the network starts from 0.

    Raises:
        ProblemError: shapes that do not fit, values that are not finite, a kernel that is not symmetric, negative or zero.
    """
    matrix, left = finite("the kernel", kernel), finite("the residual", residual)
    require(matrix.shape == (left.size, left.size), f"the kernel must have shape ({left.size}, {left.size}), got {matrix.shape}")
    largest = number("the largest entry of the kernel", float(np.abs(matrix).max()), above=0)
    skew = float(np.abs(matrix - matrix.T).max())
    require(skew <= 1e-9 * largest, f"the kernel must be symmetric, got entries that differ by {skew:g}")
    checkpoint()  # the next line cannot be cut
    tell(f"eigenvalues of a kernel of {left.size:,} points")
    eigenvalues, eigenvectors = np.linalg.eigh(matrix)
    rounding = left.size * float(np.finfo(np.float64).eps) * float(eigenvalues[-1])
    smallest = float(eigenvalues[0])
    require(smallest >= -1e3 * abs(rounding), f"the kernel must not have negative eigenvalues, got {smallest:g}")
    eigenvalues = np.where(eigenvalues > rounding, eigenvalues, 0.0)
    return Linearised(eigenvalues, eigenvectors, left)


def _covered(step: float, rates: Floats, clock: Floats, largest: float) -> Floats:
    """1 - (1 - eta lambda)^t, (T, n)."""
    limit = 2 / largest
    require(step < limit, f"the step must be below 2/lambda_max = {limit:.4g}, got {step:g}", "lower the step")
    whole = bool(np.all((clock == np.floor(clock)) | np.isinf(clock)))
    require(whole, "times must be whole numbers of steps of gradient descent", "leave the step out for gradient flow")
    pace = step * np.minimum(rates, largest)
    slow = -np.expm1(clock * np.log1p(-np.minimum(pace, 0.5)))  # exact where eta lambda is tiny
    odd = np.mod(np.where(np.isinf(clock), 0, clock), 2) == 1
    fast = 1 - np.where((pace > 1) & odd, -1.0, 1.0) * np.abs(1 - pace) ** clock
    return np.asarray(np.where(pace < 0.5, slow, fast))
