"""Label noise on a diagonal network w = u*u - v*v: noise that never fits shrinks the effective scale, until the l1 norm decides.

Full-batch steps on the mean of half squared errors, with fresh noise e of +-delta on every label: g = X^T (X w - y - e)/n,
u <- u (1 - 2 eta g), v <- v (1 + 2 eta g), so that exactly
    u v = alpha^2 prod (1 - 4 eta^2 g^2).
The effective scale alpha_j = sqrt(u_j v_j) thus falls at every step, by label noise alone at the rate
    alpha_j ~ alpha exp(-2 eta^2 delta^2 h_j T/n),    h_j = mean_i x_ij^2,
and without noise afterwards the network ends, up to cubic terms, at the interpolator of least hypentropy of these scales,
    w_j = 2 alpha_j^2 sinh((X^T l)_j).
As they vanish that is argmin {sum h_j |w_j| : X w = y}: label noise descends on the outputs' mean squared gradient, 4 sum h (u^2 + v^2)
(Blanc et al. 2020, arXiv:1904.09080; HaoChen et al. 2020, arXiv:2006.08680). The rate is our own.

Beside it, for comparison, Gaussian noise added to u and v themselves, whose variance is that of a label-noise step at the start: deviation
2 eta alpha delta sqrt(h_j/n) in coordinate j. It shrinks nothing.

Shapes: X (n, d), y (n,), w, u, v, h and scales (d,).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.linalg import solve

from engine.state import State
from engine.theory.implicit_bias.interpolators import require_interpolable
from engine.theory.inputs import Floats, finite_vector, require
from engine.theory.linear_models.min_norm import LeastSquares
from engine.theory.margins.linear_programme import minimise

BLOCK = 256  # steps whose noise is drawn at once
ITERATIONS = 500
RUNAWAY = 1e12  # residual, over that of w = 0, beyond which the network has diverged: it stays where it is, while numbers are finite

Noise = Literal["labels", "weights"]


class NoisyDiagonalDescent:
    """The network on its way.

    Args:
        problem: X and y.
        alpha: every u and v at the start. eta: the step. delta: the noise's size, on the first `noisy` steps.
        seed: of the noise; the noise of a step depends on the seed and the step alone.
        noise: on the labels, or on u and v.

    Attributes:
        u, v: (d,); log_product: (d,) log|u v/alpha^2| of the factors alone, summed up step by step; step: how many were made.
    """

    def __init__(
        self, problem: LeastSquares, alpha: float, eta: float, delta: float, noisy: int, seed: int, noise: Noise = "labels"
    ) -> None:
        require(alpha > 0, f"alpha must be positive, got {alpha:g}")
        require(eta > 0, f"the step size must be positive, got {eta:g}")
        self.problem, self.alpha, self.eta, self.delta, self.noisy, self.seed = problem, alpha, eta, delta, noisy, seed
        d = problem.X.shape[1]
        self.u, self.v = np.full(d, float(alpha)), np.full(d, float(alpha))
        self.log_product, self.step = np.zeros(d), 0
        self._on_labels = noise == "labels"
        self._deviations = 2 * eta * alpha * delta * np.sqrt(np.mean(problem.X**2, axis=0) / len(problem.y))
        self._lost = (RUNAWAY * (1 + float(np.linalg.norm(problem.y)))) ** 2

    @property
    def w(self) -> Floats:
        """The weights of the linear function."""
        return np.asarray(self.u**2 - self.v**2)

    @property
    def scales(self) -> Floats:
        """The effective scales alpha_j."""
        return np.asarray(np.sqrt(np.abs(self.u * self.v)))

    def advance(self, steps: int) -> None:
        """Make further steps."""
        x, y, n = self.problem.X, self.problem.y, len(self.problem.y)
        rate = 2 * self.eta
        end = self.step + steps
        while self.step < end:
            block, place = divmod(self.step, BLOCK)
            noise = self._noise(block)
            for here in range(place, min(BLOCK, place + end - self.step)):
                noisy = self.step < self.noisy
                residual = x @ (self.u**2 - self.v**2) - y
                if residual @ residual > self._lost:
                    self.step = end
                    return
                if noisy and self._on_labels:
                    residual -= noise[here]
                move = rate * (residual @ x / n)
                self.u *= 1 - move
                self.v *= 1 + move
                square = move**2
                self.log_product += np.log1p(-np.minimum(square, 2 - square))  # log|1 - square|
                if noisy and not self._on_labels:
                    self.u += noise[here, 0]
                    self.v += noise[here, 1]
                self.step += 1

    def _noise(self, block: int) -> Floats:
        """Return the noise of a block's steps: on labels (BLOCK, n), on u and v (BLOCK, 2, d)."""
        if block * BLOCK >= self.noisy:
            return np.zeros((0, 0))
        rng = np.random.default_rng((self.seed, block))
        if self._on_labels:
            return np.asarray(self.delta * (2.0 * rng.integers(0, 2, (BLOCK, len(self.problem.y))) - 1.0))
        return np.asarray(self._deviations * rng.standard_normal((BLOCK, 2, len(self._deviations))))

    def state(self) -> State:
        """Return everything that `restore` needs to continue bit for bit."""
        return State({"u": self.u.copy(), "v": self.v.copy(), "log_product": self.log_product.copy()}, {"step": self.step})

    def restore(self, state: State) -> None:
        """Continue from what `state` returned."""
        self.u, self.v, self.log_product = (np.array(state.arrays[name]) for name in ("u", "v", "log_product"))
        self.step = int(state.scalars["step"])


def decay_of_scales(problem: LeastSquares, eta: float, delta: float, steps: int) -> Floats:
    """Return log(alpha_j/alpha) after so many noisy steps by the rate above, (d,)."""
    return np.asarray(-2 * eta**2 * delta**2 * np.mean(problem.X**2, axis=0) * steps / len(problem.y))


def hypentropy_interpolator(problem: LeastSquares, scales: Floats) -> Floats:
    """Return the interpolator of least hypentropy for the scales alpha_j, by damped Newton on the dual.

    Raises:
        ProblemError: a scale that is not positive, no interpolator, or the steps do not arrive.
    """
    require_interpolable(problem)
    squares = finite_vector(scales, problem.X.shape[1], "scales") ** 2
    require(bool(np.all(squares > 0)), f"every scale must be positive, got {float(np.min(scales)):g}")
    rows, targets = problem.right, problem.targets
    size, nu = float(np.linalg.norm(targets)) or 1.0, np.zeros(len(targets))
    best, stalled = np.inf, 0
    for _ in range(ITERATIONS):
        exponents = nu @ rows
        gradient = rows @ (2 * squares * np.sinh(exponents)) - targets
        residual = float(np.linalg.norm(gradient)) / size
        stalled = stalled + 1 if residual >= best and best < 1e-10 else 0
        best = min(best, residual)
        if residual < 1e-14 or stalled >= 3:
            break
        step = solve((rows * (2 * squares * np.cosh(exponents))) @ rows.T, -gradient, assume_a="pos")
        nu = nu + step * min(1.0, 1.0 / max(float(np.max(np.abs(step @ rows))), 1e-300))  # cosh changes by a factor e at most
    require(best < 1e-8, f"the hypentropy's dual did not converge: residual {best:.2g}", "raise the scales")
    return np.asarray(2 * squares * np.sinh(nu @ rows))


def weighted_l1_interpolator(problem: LeastSquares) -> Floats:
    """Return argmin {sum h_j |w_j| : X w = y} (d,), the limit of label noise.

    Raises:
        ProblemError: no interpolator exists.
    """
    require_interpolable(problem)
    weights = np.mean(problem.X**2, axis=0)
    d = len(weights)
    rows = problem.right
    parts = minimise(np.tile(weights, 2), [(0, None)] * (2 * d), equal=(np.hstack([rows, -rows]), problem.targets), name="weighted l1")
    return np.asarray(parts[:d] - parts[d:])
