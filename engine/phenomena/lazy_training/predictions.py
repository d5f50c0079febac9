"""What the kernel regime predicts of a network at a finite output scale, at its step: to leading order in 1/alpha, with no fitted constant.

The linearised model's weights are known in closed form, `w0 + Dh^T c_t/alpha` (Chizat, Oyallon, Bach 2019, arXiv:1812.07956). How far
they have moved is exact for the model. The network *at these weights* has another kernel (ReLUs have flipped) and other outputs: by
`alpha h(w) - f_t`, what is bilinear in W and a and what the flips leave. On the training points descent works this remainder off
again, through the same kernel; what it moves on other points thereby belongs to the gap too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.lazy_training.problem import MEMORY, Student
from engine.theory.kernels.tangent_kernel import relative_change, tangent_kernel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """kernel_change: |K-K0|/|K0| at the linearised weights; gap: rms over the test points, to leading order."""

    kernel_change: float
    gap: float


def linearised_weights(student: Student, alpha: float, taken: float, step: float) -> tuple[Floats, Floats]:
    """Return W (m, d) and a (m,) of the linearised model after `taken` steps of gradient descent."""
    X, root = student.problem.X, np.sqrt(student.a.size)
    c = student.linearised(alpha).coefficients([taken], step)[0] / (alpha * root)  # (n,)
    hidden = np.maximum(X @ student.W.T, 0.0)  # (n, m)
    return student.W + student.a[:, None] * (((hidden > 0) * c[:, None]).T @ X), student.a + hidden.T @ c


def predict(student: Student, alpha: float, taken: float, step: float) -> Prediction:
    """Return what the network is predicted to have become after `taken` steps."""
    problem, linear = student.problem, student.linearised(alpha)
    W, a = linearised_weights(student, alpha, taken, step)
    before, after = tangent_kernel(student.W, student.a, problem.X, limit=MEMORY), tangent_kernel(W, a, problem.X, limit=MEMORY)

    def outputs(points: Floats) -> Floats:
        return np.asarray(alpha * (np.maximum(points @ W.T, 0.0) @ a) / np.sqrt(a.size))

    fitted = problem.y - linear.residuals([taken], step)[0]
    worked_off = replace(linear, residual=outputs(problem.X) - fitted).predictions(student.cross, [taken], step)[0]
    gap = outputs(problem.X_test) - student.prediction(alpha, taken, step) - worked_off
    return Prediction(relative_change(before, after), float(np.sqrt(np.mean(gap**2))))
