"""Mirror descent with the potentials |w|_p^p/p: which interpolator it finds, and whose margin it maximises.

The dual weights z = sign(w) |w|^(p-1) take the gradient's step, and w = sign(z) |z|^(q-1) with q = p/(p-1). On least squares it ends at the
interpolator of least Bregman divergence from its start, from 0 that of least l_p norm (Gunasekar et al. 2018, arXiv:1802.08246): it never
leaves z0 + row space of X, so the limit minimises the smooth convex dual
    |z0 + X^T l|_q^q/q - y.l,    w = sign(z) |z|^(q-1) at z = z0 + X^T l,
whose gradient is X w - y. On separable data it tends to the largest margin in the l_p norm (Sun et al. 2022, arXiv:2205.12808), of dual
    min {|Z^T a|_q^q/q - sum(a) : a >= 0}.

Shapes: X (n, d), y (n,), Z (n, d) rows y_i x_i, w and z (d,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve
from scipy.optimize import minimize

from engine.theory.implicit_bias.interpolators import require_interpolable
from engine.theory.implicit_bias.optimisers import Gradient, Optimiser, Schedule
from engine.theory.inputs import Floats, finite_matrix, require
from engine.theory.linear_models.min_norm import LeastSquares

LEAST, LARGEST = 1.05, 8.0  # p beyond which powers lose their digits
ITERATIONS = 300
FARTHEST = 1e100  # weight at which a diverging one is held
SMALLEST = 1e-12  # of a curvature against the largest, so that coordinates at 0 leave the system solvable


@dataclass(frozen=True)
class Potential:
    """|w|_p^p/p.

    Raises:
        ProblemError: p outside 1.05 to 8.
    """

    p: float

    def __post_init__(self) -> None:
        require(LEAST <= self.p <= LARGEST, f"p must be between {LEAST:g} and {LARGEST:g}, got {self.p:g}")

    @property
    def q(self) -> float:
        """The dual exponent, 1/p + 1/q = 1."""
        return self.p / (self.p - 1)

    def link(self, w: Floats) -> Floats:
        """Return the dual weights z of w."""
        return np.asarray(np.sign(w) * np.abs(w) ** (self.p - 1))

    def weights(self, z: Floats) -> Floats:
        """Return the weights w of z, the inverse of `link`."""
        return np.asarray(np.sign(z) * np.abs(z) ** (self.q - 1))

    def norm(self, w: Floats) -> float:
        """|w|_p."""
        return float(np.sum(np.abs(w) ** self.p) ** (1 / self.p))

    def divergence(self, w: Floats, start: Floats) -> float:
        """The Bregman divergence of w from `start`: psi(w) - psi(start) - z(start).(w - start)."""
        own, other = (float(np.sum(np.abs(v) ** self.p)) / self.p for v in (w, start))
        return own - other - float(self.link(start) @ (w - start))


class MirrorDescent(Optimiser):
    """`z -= rate g(w)`, w = weights(z)."""

    buffers = ("w", "z")

    def __init__(self, gradient: Gradient, start: Floats, schedule: Schedule, potential: Potential) -> None:
        super().__init__(gradient, start, schedule)
        self.potential = potential
        self.z = potential.link(self.w)

    def iterate(self, factors: list[float]) -> None:
        """Make one step per factor."""
        farthest = FARTHEST ** (self.potential.p - 1)
        for factor in factors:
            self.z -= self.schedule.eta * factor * self.gradient(self.w)
            np.clip(self.z, -farthest, farthest, out=self.z)
            self.w[...] = self.potential.weights(self.z)


def least_divergence_interpolator(problem: LeastSquares, potential: Potential, start: Floats | None = None) -> Floats:
    """Return the interpolator (d,) of least divergence from `start`; of least l_p norm where that is 0 or not given.

    Damped Newton steps on the dual.

    Raises:
        ProblemError: no interpolator exists, or the steps do not arrive.
    """
    require_interpolable(problem)
    rows, targets = problem.right, problem.targets  # orthonormal: one equation a singular direction
    origin = np.zeros(rows.shape[1]) if start is None else potential.link(start)
    size = float(np.linalg.norm(targets)) or 1.0
    nu = np.zeros(len(targets)) if start is not None or not targets.any() else rows @ potential.link(problem.solution)
    value, gradient, z = _dual(rows, targets, origin, potential, nu)
    for _ in range(ITERATIONS):
        if np.linalg.norm(gradient) <= 1e-14 * size:
            break
        curvature = (potential.q - 1) * np.abs(z) ** (potential.q - 2) if potential.q >= 2 else _steep(z, potential.q)
        curvature = np.maximum(curvature, SMALLEST * curvature.max())
        step = solve((rows * curvature) @ rows.T, -gradient, assume_a="pos")
        length, slope = 1.0, float(gradient @ step)
        while length > 1e-10:
            tried = _dual(rows, targets, origin, potential, nu + length * step)
            if tried[0] <= value + 1e-4 * length * slope or np.linalg.norm(tried[1]) < 0.5 * np.linalg.norm(gradient):
                break
            length /= 2
        else:
            break
        nu = nu + length * step
        value, gradient, z = tried
    missed = float(np.linalg.norm(gradient)) / size
    require(
        missed < 1e-8, f"the dual of mirror descent did not converge at p={potential.p:g}: residual {missed:.2g}", "choose p nearer to 2"
    )
    return potential.weights(z)


def own_norm_max_margin(Z: ArrayLike, potential: Potential) -> tuple[float, Floats]:
    """Return the largest margin max {min_i z_i.w : |w|_p <= 1} of rows Z (n, d), and a w (d,) of norm 1 that has it (to about 1e-6).

    Raises:
        ProblemError: the rows are not separable through the origin.
    """
    rows = finite_matrix(Z, "Z")
    scale = float(np.abs(rows).max()) or 1.0
    rows = rows / scale
    q = potential.q

    def dual(a: Floats) -> tuple[float, Floats]:
        z = a @ rows
        return float(np.sum(np.abs(z) ** q) / q - a.sum()), rows @ potential.weights(z) - 1.0

    start = np.full(len(rows), 1.0 / len(rows))
    found = minimize(dual, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(rows),
                     options={"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-16, "gtol": 1e-10, "maxcor": 30})  # fmt: skip
    w = potential.weights(found.x @ rows)
    size = potential.norm(w)
    margin = float((rows @ w).min()) / size if size > 0 else 0.0
    require(margin > 1e-9, "the data are not separable through the origin: no w has a positive margin", "raise d, or remove noisy labels")
    return margin * scale, w / size


def _dual(rows: Floats, targets: Floats, origin: Floats, potential: Potential, nu: Floats) -> tuple[float, Floats, Floats]:
    """Return the dual's value and gradient (r,) at nu (r,), and z (d,)."""
    z = origin + nu @ rows
    value = float(np.sum(np.abs(z) ** potential.q) / potential.q - targets @ nu)
    return value, rows @ potential.weights(z) - targets, z


def _steep(z: Floats, q: float) -> Floats:
    """The curvature (q - 1)|z|^(q-2) for q < 2, which has no bound at 0."""
    largest = float(np.abs(z).max()) or 1.0
    return np.asarray((q - 1) * np.maximum(np.abs(z), 1e-12 * largest) ** (q - 2))
