"""The teacher task, a student's first weights, and the student linearised around them.

Inputs on the unit sphere, teacher `sum_j c_j relu(t_j.x)` with unit t_j and c = 1, -1, 1, ..., over its deviation on the test
points; student `h(x) = relu(x W^T) a / sqrt(m)`, W, a ~ N(0, 1), symmetrised by pairs of neurons with equal w and opposite a,
so that h = 0 at the start (Chizat, Oyallon, Bach 2019, arXiv:1812.07956).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.seeds import streams
from engine.theory.kernels.linearised import Linearised, linearise
from engine.theory.kernels.tangent_kernel import infinite_width_kernel, relative_change, tangent_kernel

Floats = NDArray[np.float64]

TESTED = 2000
MEMORY = 4 * 2**30  # bytes that one tangent kernel may take


@dataclass(frozen=True)
class Problem:
    """X (n, d), y (n,); X_test (t, d), y_test (t,), t = 2000 of the teacher task; teacher (k, d), unit rows; signs (k,).

    Imported data have no teacher and no signs: `teacher` are then the two principal directions of X.
    """

    X: Floats
    y: Floats
    X_test: Floats
    y_test: Floats
    teacher: Floats
    signs: Floats

    @cached_property
    def infinite_width(self) -> Floats:
        """The tangent kernel of infinite width on the training points, (n, n)."""
        return infinite_width_kernel(self.X)

    @cached_property
    def infinite_width_error(self) -> float:
        """Test MSE of regression with that kernel: of an infinitely wide network after infinite time."""
        cross = infinite_width_kernel(self.X_test, self.X)
        return float(np.mean((linearise(self.infinite_width, self.y).predictions(cross, [np.inf])[0] - self.y_test) ** 2))


def draw_problem(seed: int, n: int, d: int, teacher: int) -> Problem:
    """Return the task of a seed."""
    rng = streams(seed).data
    directions, X_test, X = (_sphere(rng, count, d) for count in (teacher, TESTED, n))
    signs = np.where(np.arange(teacher) % 2, -1.0, 1.0)
    clean, clean_test = (np.asarray(np.maximum(points @ directions.T, 0) @ signs, np.float64) for points in (X, X_test))
    scale = float(clean_test.std())
    return Problem(X, clean / scale, X_test, clean_test / scale, directions, signs)


def _sphere(rng: np.random.Generator, count: int, d: int) -> Floats:
    points = rng.standard_normal((count, d))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def first_weights(seed: int, m: int, d: int, symmetrise: bool) -> tuple[Floats, Floats]:
    """Return W (m, d) and a (m,); symmetrised, neuron m/2 + j is the opposite of neuron j."""
    rng = streams(seed).init
    half = m // 2 if symmetrise else m
    W, a = rng.standard_normal((half, d)), rng.standard_normal(half)
    return (np.concatenate([W, W]), np.concatenate([a, -a])) if symmetrise else (W, a)


@dataclass(frozen=True)
class Student:
    """A student before training: weights, tangent kernel between test and training points, and its linearised problem from h = 0.

    h0, h0_test: its outputs at scale 1, zero up to rounding when symmetrised. from_infinite_width: |K0 - Kinf|/|Kinf|.
    """

    problem: Problem
    W: Floats
    a: Floats
    cross: Floats
    linear: Linearised
    h0: Floats
    h0_test: Floats
    from_infinite_width: float

    def linearised(self, alpha: float) -> Linearised:
        """The linearised training problem at an output scale, which matters only when the start is not zero."""
        return replace(self.linear, residual=self.problem.y - alpha * self.h0)

    def prediction(self, alpha: float, taken: float, step: float | None) -> Floats:
        """Return the linearised model on the test points after `taken` steps (inf: its limit), (t,)."""
        start = alpha * self.h0_test
        return np.asarray(self.linearised(alpha).predictions(self.cross, [taken], step, start)[0])

    def first_residual(self, alpha: float) -> float:
        """|alpha h(w0) - y|/|y|, 1 when it starts from zero."""
        return float(np.linalg.norm(self.linearised(alpha).residual) / np.linalg.norm(self.problem.y))

    @property
    def length(self) -> float:
        """|w0|."""
        return float(np.sqrt(np.sum(self.W**2) + np.sum(self.a**2)))

    @cached_property
    def limit_error(self) -> float:
        """Test MSE of `K(x, X) K(X, X)^-1 y`, the limit of infinite scale and time from h = 0."""
        limit = self.linear.predictions(self.cross, [np.inf])[0]
        return float(np.mean((limit - self.problem.y_test) ** 2))


def make_student(problem: Problem, seed: int, m: int, symmetrise: bool) -> Student:
    """Return the student of a seed and width.

    Raises:
        ProblemError: the kernel would take more than 4 GiB.
    """
    W, a = first_weights(seed, m, problem.X.shape[1], symmetrise)
    kernel = tangent_kernel(W, a, problem.X, limit=MEMORY)
    cross = tangent_kernel(W, a, problem.X_test, problem.X, limit=MEMORY)
    h0, h0_test = (np.maximum(points @ W.T, 0) @ a / np.sqrt(m) for points in (problem.X, problem.X_test))
    return Student(problem, W, a, cross, linearise(kernel, problem.y), h0, h0_test, relative_change(problem.infinite_width, kernel))
