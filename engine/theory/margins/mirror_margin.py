"""Mirror descent on separable data: each potential |w|_p^p/p leads to the largest margin in its own norm.

Steps along the gradient of log L instead of L, with constant length, make |w|_p grow like t instead of log t (normalised mirror descent);
the direction is the same (Sun, Ahn, Thrampoulidis, Azizan 2022, arXiv:2205.12808). With p = 2 it is normalised gradient descent.

Shapes: Z (n, d) rows y_i x_i, w (d,).
"""

from __future__ import annotations

import numpy as np

from engine.theory.implicit_bias.mirror_descent import MirrorDescent, Potential
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.inputs import Floats, require
from engine.theory.margins.homogeneous import log_loss

EXPONENTS, STEPS = (1.5, 2.0, 3.0), (0.02, 0.1, 0.3)
"""Step lengths that bring the margin of standard normal rows within a hundredth in some thousand steps; between them by the logarithm."""


def margin_mirror_descent(Z: Floats, potential: Potential, pace: float = 1.0) -> MirrorDescent:
    """Return mirror descent from 0 on the log of the summed logistic loss of rows Z, `pace` times the usual step.

    Raises:
        ProblemError: a pace that is not positive.
    """
    require(pace > 0, f"the pace must be positive, got {pace:g}: with 0 nothing moves")

    def gradient(w: Floats) -> Floats:
        return -(log_loss(Z @ w)[1] @ Z)

    step = float(np.exp(np.interp(potential.p, EXPONENTS, np.log(STEPS))))
    return MirrorDescent(gradient, np.zeros(Z.shape[1]), Schedule(pace * step), potential)


def lp_margin(Z: Floats, w: Floats, p: float) -> Floats:
    """Return min_i z_i.w / |w|_p (...) of weights (..., d); 0 for w = 0."""
    size = np.sum(np.abs(w) ** p, axis=-1) ** (1 / p)
    least = np.min(w @ Z.T, axis=-1)
    return np.asarray(np.divide(least, size, out=np.zeros_like(least), where=size > 0))
